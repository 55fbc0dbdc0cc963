"""Words of sentences as answers to yes-or-no questions, by a model of the next word."""

import numpy as np

from keras_vae._token_ids import END_ID, N_UNPREDICTED, UNKNOWN_ID
from keras_vae.tasks.compression.text.class_tree import ClassTree
from keras_vae.tasks.compression.text.lockstep import Lockstep
from keras_vae.tasks.compression.text.rounded_odds import p_yes

UNKNOWN, END = UNKNOWN_ID - N_UNPREDICTED, END_ID - N_UNPREDICTED


class WordCoder:
    """Tells the tokens of sentences, each given its code and the words before.

    Args:
        decoder: object with `initial_state(z)` and `step(tokens, z, state)`, as `networks.TextDecoder`.
        counts: sequence of int. How often each token, from padding on, came in the training part.
        max_tokens: int. Tokens of a sentence at most, the end included.
    """

    def __init__(self, decoder, counts, max_tokens):
        self._steps, self._tree, self._max_tokens = Lockstep(decoder), ClassTree(counts[N_UNPREDICTED:]), max_tokens

    def tell(self, side, z, notes, unknown_mass, rows=None, max_words=None):
        """Tell sentences, or their first words.

        Args:
            side: `Sender` or `Receiver`.
            z: float32 array `(n, latent_dim)`.
            notes: `Notes` of n sentences.
            unknown_mass: float >= 0. What is added to the model's probability of an unknown word.
            rows: list of int arrays `(length,)`, the tokens of each sentence with its end; None for a receiver.
            max_words: int >= 0, or None for whole sentences. Tokens that are told of each at most, the end included.

        Returns:
            list of int32 arrays, the rows, or what is told of them.

        Raises:
            ValueError: if a receiver learns a sentence that does not end.
        """
        n, most = len(z), np.inf if max_words is None else max_words
        lengths = np.array([len(row) for row in rows] if rows is not None else [self._max_tokens] * n)
        classes = np.full((n, int(lengths.max(initial=1))), END)
        for i, row in enumerate(rows or ()):
            classes[i, : len(row)] = row - N_UNPREDICTED
        at = np.zeros(n, np.int64)

        def choose(owners, masses):
            if (at[owners] >= lengths[owners]).any():
                raise ValueError("it has a sentence without an end")
            masses[UNKNOWN] += unknown_mass
            known = len(owners) if rows is None else classes[owners, at[owners]]
            found = side.symbols(self._tree, self._p_yes(masses, notes, owners), known, owners)
            classes[owners, at[owners]] = found
            at[owners] += 1
            return np.where(at[owners] < most, found + N_UNPREDICTED, END_ID)

        self._steps.walk(z if most else z[:0], choose)
        return [(row[:end] + N_UNPREDICTED).astype(np.int32) for row, end in zip(classes, at, strict=True)]

    def _p_yes(self, masses, notes, owners):
        below, children = self._tree.masses(masses), self._tree.children

        def of_nodes(nodes, places):
            no, yes = (below[children[nodes, side], places] for side in (0, 1))
            return p_yes(no, yes, notes, owners[places])

        return of_nodes
