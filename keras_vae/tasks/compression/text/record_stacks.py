"""Two sides of many talks at once, each on a stack of its own."""

import numpy as np

from keras_vae.tasks.compression.bisection import Question
from keras_vae.tasks.compression.streams import Streams
from keras_vae.tasks.compression.text.questions import question_of


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
        """The stacks, list of n bytes."""
        owners, p, yes = (np.concatenate(parts) for parts in zip(*self._told, strict=True))
        order = np.argsort(owners, kind="stable")
        ends, records = np.searchsorted(owners[order], np.arange(self._n + 1)), []
        for own in np.split(order, ends[1:-1]):
            streams = Streams()
            streams.push([(question_of(p[own]), yes[None, own])])
            (words,) = streams.words()
            # A stack never ends in a zero word: those at its end are known.
            records.append(words.astype("<u4").tobytes().rstrip(b"\0"))
        return records


class RecordReceiver:
    """Takes answers off stacks.

    Args:
        records: list of bytes.

    Attributes:
        own: as of `RecordSender`.
    """

    def __init__(self, records):
        self.own = np.arange(len(records))
        padded = [bytes(record) + bytes(-len(record) % 4) for record in records]
        self._streams = [Streams([np.frombuffer(record, "<u4")]) for record in padded]

    def answers(self, owners, p, yes=None):
        q, found = question_of(np.broadcast_to(p, owners.shape)), np.empty(len(owners), bool)
        for i, owner in enumerate(owners.tolist()):
            found[i] = self._streams[owner].pop(Question(q.p[:, i : i + 1], q.flipped[:, i : i + 1], None))[0, 0]
        return found

    def symbols(self, tree, p_yes, n, owners):
        own = self.own[owners]
        return tree.descend(n, p_yes, lambda nodes, places, p: self.answers(own[places], p))

    @property
    def n_left(self):
        """Bits that are left on each stack, list of int."""
        return [streams.n_bits()[0] for streams in self._streams]
