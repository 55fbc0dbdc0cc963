"""A small text model by hand: what it says of the next word can be changed by some units in the last place."""

import itertools

import numpy as np
import tensorflow as tf

from keras_vae.data.tokenizer import Tokenizer

SENTENCES = ["the cat sat on the mat", "a dog ran", "the dog sat", "a cat ran to the dog", "the mat"] * 3


class StandInDecoder:
    """The next word by how often it came after the last one, moved by a state and by z with fixed random weights.

    Attributes:
        noise: variable. Size of what is added to log probabilities, another number to each.
    """

    def __init__(self, rows, n_tokens, latent_dim, units=4):
        rng = np.random.default_rng(0)
        self.n_tokens, self.latent_dim, self.noise = n_tokens, latent_dim, tf.Variable(0.0)
        counts = np.full((n_tokens, n_tokens), 0.05)
        for row in rows:
            np.add.at(counts, ([1, *row[:-1]], row), 1.0)
        self._after = tf.constant(np.log(counts), tf.float32)
        self._of_z = tf.constant(rng.normal(size=(latent_dim, units)), tf.float32)
        self._of_token = tf.constant(rng.normal(size=(n_tokens, units)), tf.float32)
        self._out = tf.constant(rng.normal(size=(units, n_tokens)) / 4, tf.float32)
        self._never = tf.constant([-np.inf, -np.inf] + [0.0] * (n_tokens - 2), tf.float32)

    def initial_state(self, z):
        return (tf.tanh(z @ self._of_z), {"n": tf.zeros([tf.shape(z)[0]], tf.int32)})

    def step(self, tokens, z, state):
        h, n = state[0], state[1]["n"] + 1
        h = tf.tanh(tf.gather(self._of_token, tokens) + z @ self._of_z + h / 2)
        # The longer a sentence, the likelier its end.
        end = tf.one_hot(3, self.n_tokens) * tf.cast(n, tf.float32)[:, None] * 0.1
        found = tf.nn.log_softmax(tf.gather(self._after, tokens) + h @ self._out + end + self._never)
        wave = tf.cos(1e3 * tf.range(tf.size(found), dtype=tf.float32))
        return found + self.noise * tf.reshape(wave, tf.shape(found)), (h, {"n": n})


class StandInPrior:
    is_standard_normal = True


class StandIn:
    """A model around it; with latents its posterior is by the first words of a sentence."""

    def __init__(self, latent_dim=0, unit="words", max_length=None, sentences=SENTENCES, **kwargs):
        self.tokenizer = Tokenizer.learn(sentences, unit=unit, max_length=max_length, **kwargs)
        self.decoder = StandInDecoder(self.tokenizer.ids(sentences), self.tokenizer.n_tokens, latent_dim)
        self.latent_dim, self.prior, self.posterior_flow = latent_dim, StandInPrior(), None
        self.noise = 0.0

    def encode(self, rows):
        first = np.cos(np.asarray(rows)[:, :1] + np.arange(self.latent_dim))
        return (first + self.noise).astype(np.float32), np.full(first.shape, -2.0 + self.noise, np.float32)

    def get_weights(self):
        return [np.arange(3.0, dtype=np.float32)]


def nats_of(model, z, rows):
    """-log p(x given z) of sentences one by one, by the decoder alone: `(n,)`."""
    found = []
    for code, row in zip(z, rows, strict=True):
        state, before, nats = model.decoder.initial_state(code[None]), 1, 0.0
        for token in row.tolist():
            log_probs, state = model.decoder.step(np.array([before]), code[None], state)
            nats, before = nats - float(log_probs[0, token]), token
        found.append(nats)
    return np.array(found)


def drawn_text(n):
    """Lines like the sentences, bytes: each word follows one that it follows there."""
    rng, after = np.random.default_rng(1), {}
    for sentence in SENTENCES:
        words = ["", *sentence.split(), ""]
        for before, word in itertools.pairwise(words):
            after.setdefault(before, []).append(word)
    lines = []
    for _ in range(n):
        words = [""]
        while len(words) == 1 or words[-1]:
            words.append(str(rng.choice(after[words[-1]])))
        lines.append(" ".join(words[1:-1]))
    return "\n".join(lines).encode() + b"\n"
