"""What a text has beside its known words: the order of its parts, and words that are spelled."""

import functools

import numpy as np

from keras_vae.tasks.compression.bisection import UNIT
from keras_vae.tasks.compression.text.byte_model import ByteModel, known_bytes
from keras_vae.tasks.compression.text.class_tree import ClassTree
from keras_vae.tasks.compression.text.questions import p_by_weights


class OtherParts:
    """Tells kinds of parts, and unknown words.

    Args:
        spellings: list of bytes. The words of the vocabulary.
    """

    def __init__(self, spellings):
        self._spellings = spellings

    @functools.cached_property
    def byte_model(self):
        # Made when a text has a word that is not in the vocabulary.
        return ByteModel(self._spellings)

    def tell_kinds(self, side, weights, known):
        """Tell kinds of parts.

        Args:
            side: `Sender` or `Receiver`.
            weights: int array. How often each comes.
            known: int array, the kinds in order, or their number for a receiver.

        Returns:
            int array.
        """
        tree = ClassTree(weights)
        return side.symbols(tree, p_by_weights(tree, weights), known)

    def send_words(self, sender, words):
        """Tell words, list of bytes: each different one is spelled once. Returns the number of different ones."""
        places = {}
        order = np.array([places.setdefault(word, len(places)) for word in words], np.int64)
        different = list(places)
        if different:
            spelled = known_bytes(different)
            self.byte_model.spell(len(different), lambda places, p: sender.answers(p, spelled(places, p)))
            times = np.bincount(order)
            _tell_times(len(times), lambda p, places, n: sender.answers(p, times[places] > n))
            self.tell_kinds(sender, times, order)
        return len(different)

    def receive_words(self, receiver, n, n_different):
        """Learn n words.

        Args:
            receiver: `Receiver`.
            n, n_different: int. How many there are, and how many different ones.

        Returns:
            list of bytes.

        Raises:
            ValueError: if there are others.
        """
        if n_different > n or (n and not n_different):
            raise ValueError("it has other numbers of unknown words than it spells")
        if not n:
            return []
        different = self.byte_model.spell(n_different, lambda places, p: receiver.answers(p))
        times = _tell_times(n_different, lambda p, places, k: receiver.answers(p), n)
        if times.sum() != n:
            raise ValueError("it has other numbers of unknown words than it spells")
        return [different[i] for i in self.tell_kinds(receiver, times, n).tolist()]


def _tell_times(n, answer, most=np.inf):
    """How often each of n words comes, int64 `(n,)`: once, and again, which is the likelier the more often it came."""
    times, places = np.ones(n, np.int64), np.arange(n)
    while len(places) and times.sum() <= most:
        came = times[places]
        p = np.minimum(np.rint(came / (came + 2) * UNIT), UNIT - 1.0) / UNIT
        places = places[answer(p, places, came)]
        times[places] += 1
    return times
