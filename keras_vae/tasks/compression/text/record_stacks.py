"""Two sides of many talks at once, each in a record of its own."""

import itertools

import numpy as np

from keras_vae.tasks.compression.bisection import UNIT
from keras_vae.tasks.compression.text.short_code import ShortReader, shortest


class RecordSender:
    """Collects answers of n owners.

    Args:
        n: int.

    Attributes:
        own: int array. The owners of the symbols that are told next; see `symbols`.
    """

    def __init__(self, n):
        self.own = np.arange(n)
        self._n, self._told = n, []

    def answers(self, owners, p, yes):
        """Answer questions.

        Args:
            owners: int array `(k,)`; one may come several times.
            p: float64 array `(k,)`, or a float. Probability of a yes.
            yes: bool array `(k,)`.

        Returns:
            the answers.
        """
        self._told.append((owners, np.broadcast_to(p, owners.shape), yes))
        return yes

    def symbols(self, tree, p_yes, classes, owners):
        """As `Sender.symbols`; owner i is the i-th of `own`."""
        known, own = tree.known(classes), self.own[owners]
        return tree.descend(
            len(classes), p_yes, lambda nodes, places, p: self.answers(own[places], p, known(nodes, places, p))
        )

    def then(self, other):
        """Tell afterwards what another `RecordSender` has collected."""
        self._told += other._told

    def records(self):
        """What each owner has told, list of n bytes."""
        owners, p, yes = (np.concatenate(parts) for parts in zip(*self._told, strict=True))
        order = np.argsort(owners, kind="stable")
        units, answers = np.rint(p[order] * UNIT).astype(np.int64).tolist(), yes[order].tolist()
        ends = np.searchsorted(owners[order], np.arange(self._n + 1)).tolist()
        pairs = list(zip(units, answers, strict=True))
        return [shortest(pairs[start:end]) for start, end in itertools.pairwise(ends)]


class RecordReceiver:
    """Reads answers from records.

    Args:
        records: list of bytes.

    Attributes:
        own: as of `RecordSender`.
    """

    def __init__(self, records):
        self.own = np.arange(len(records))
        self._readers = [ShortReader(bytes(record)) for record in records]

    def answers(self, owners, p, yes=None):
        units = np.rint(np.broadcast_to(p, owners.shape) * UNIT).astype(np.int64).tolist()
        asked = zip(owners.tolist(), units, strict=True)
        return np.fromiter((self._readers[owner].answer(unit) for owner, unit in asked), bool, len(units))

    def symbols(self, tree, p_yes, n, owners):
        own = self.own[owners]
        return tree.descend(n, p_yes, lambda nodes, places, p: self.answers(own[places], p))

    @property
    def are_read(self):
        """Of each record whether it is what its answers are told by, list of bool."""
        return [reader.is_read for reader in self._readers]
