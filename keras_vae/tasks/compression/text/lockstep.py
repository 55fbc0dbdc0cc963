"""Sentences through a decoder side by side, in batches of one size."""

import numpy as np
import tensorflow as tf

from keras_vae._token_ids import END_ID, N_UNPREDICTED, START_ID

# Rows of a batch, a part of the format: what a network computes depends on it in the last digits. In a large one a word
# takes less time (0.19 ms of one core in a vocabulary of 10,000 by 256 rows, 0.32 ms by 64), where it is filled: there
# should be so many times as many sentences.
BATCHES, FILLINGS = (8, 64, 256), 3
# Below it a probability is as good as none, and none is 0.
LEAST = 1e-30


class Lockstep:
    """Goes through n sentences word by word: where one ends, the next takes its place in the batch.

    Args:
        decoder: object with `initial_state(z)` and `step(tokens, z, state)`, as `networks.TextDecoder`.
    """

    def __init__(self, decoder):
        self._decoder = decoder
        self._start = tf.function(decoder.initial_state, reduce_retracing=True)
        self._tick = tf.function(self._next, reduce_retracing=True)

    def _next(self, tokens, z, state, is_new):
        def chosen(new, old):
            return tf.where(tf.reshape(is_new, [-1] + [1] * (len(new.shape) - 1)), new, old)

        state = tf.nest.map_structure(chosen, self._decoder.initial_state(z), state)
        log_probs, state = self._decoder.step(tokens, z, state)
        masses = tf.exp(tf.cast(log_probs[:, N_UNPREDICTED:], tf.float32)) + LEAST
        return tf.transpose(masses), state

    def walk(self, z, choose):
        """Go through the sentences.

        Args:
            z: float32 array `(n, latent_dim)`. Codes of the sentences.
            choose: function of numbers of sentences, int `(k,)`, in which all of them are asked for their next word;
                and of masses of words under the model, float32 `(n_classes, k)`. It returns tokens, int `(k,)`, with
                that of the end wherever nothing more is asked of a sentence.
        """
        size = max(b for b in BATCHES if b == BATCHES[0] or FILLINGS * b <= len(z))
        owners, waiting = np.full(size, -1), 0
        tokens, is_new, codes = np.full(size, START_ID, np.int32), np.ones(size, bool), np.zeros((size, z.shape[1]))
        codes = codes.astype(np.float32)
        state = self._start(tf.constant(codes))
        # One signature for all steps of the walk, which is not looked up again at each.
        tick = self._tick.get_concrete_function(tf.constant(tokens), tf.constant(codes), state, tf.constant(is_new))
        while True:
            free = np.flatnonzero(owners < 0)[: len(z) - waiting]
            owners[free] = np.arange(waiting, waiting + len(free))
            codes[free] = z[owners[free]]
            waiting += len(free)
            taken = np.flatnonzero(owners >= 0)
            if not len(taken):
                return
            masses, state = tick(tf.constant(tokens), tf.constant(codes), state, tf.constant(is_new))
            chosen = choose(owners[taken], masses.numpy()[:, taken])
            ended = chosen == END_ID
            tokens[taken] = np.where(ended, START_ID, chosen)
            owners[taken[ended]] = -1
            # A place that nobody takes begins again and again: no state of it grows.
            is_new = owners < 0
