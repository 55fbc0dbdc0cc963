"""Two sides of one talk: who knows the symbols answers questions, and who does not reads the answers off a stack."""

import numpy as np

from keras_vae.tasks.compression.bisection import UNIT, Question, bisect, questions_of


class Sender:
    """Collects the questions of a receiver and their answers.

    Attributes:
        asked: list of pairs of a `Question` and its answers, in the order in which the receiver asks.
    """

    def __init__(self):
        self.asked = []

    def answers(self, p, yes):
        """Answer questions.

        Args:
            p: float64 array `(k,)`, multiples of 2^-24 between 0 and 1. Probability of a yes.
            yes: bool array `(k,)`.

        Returns:
            the answers.
        """
        self.asked.append((question_of(p), yes[None]))
        return yes

    def symbols(self, tree, p_yes, classes, owners=None):
        """Tell classes, int `(n,)`, by a `ClassTree`; see `ClassTree.descend` for `p_yes`. They are returned."""
        known = tree.known(classes)
        return tree.descend(len(classes), p_yes, lambda nodes, places, p: self.answers(p, known(nodes, places, p)))

    def values(self, cdf, levels, values):
        """Tell whole numbers, int `(n, m)`, by a distribution function, as `bisection.bisect` takes it."""
        self.asked += [(_flat(q), answers.reshape(1, -1)) for q, answers in questions_of(cdf, levels, values)]
        return values

    @property
    def n_bits(self):
        """Bits of all answers by their probabilities, float."""
        total = 0.0
        for question, yes in self.asked:
            total -= np.log2(np.where(yes != question.flipped, question.p, 1.0 - question.p)).sum()
        return float(total)


class Receiver:
    """Takes the answers off a stack.

    Args:
        streams: `Streams` with one stack.
    """

    def __init__(self, streams):
        self._streams = streams

    def answers(self, p, yes=None):
        return self._streams.pop(question_of(p))[0]

    def symbols(self, tree, p_yes, n, owners=None):
        """Learn n classes, int64 `(n,)`."""
        return tree.descend(n, p_yes, lambda nodes, places, p: self.answers(p))

    def values(self, cdf, levels, shape):
        """Learn whole numbers, int64 of a shape `(n, m)`."""
        return bisect(cdf, levels, shape, lambda mid, q: self._streams.pop(_flat(q)).reshape(shape))


def p_by_weights(tree, weights):
    """What `ClassTree.descend` takes as `p_yes` for symbols that come as often as their weights say.

    Args:
        tree: `ClassTree`.
        weights: int array `(n,)`, > 0, below 2^40.
    """
    masses = tree.masses(np.asarray(weights, np.float64))
    share = masses[tree.children[:, 1]] / masses[: tree.n_nodes]
    p = np.clip(np.rint(share * UNIT), 1.0, UNIT - 1.0) / UNIT
    return lambda nodes, places: p[nodes]


def question_of(p):
    """A `Question` to one stack, of the probabilities of a yes, float64 `(k,)`."""
    flipped = p > 0.5
    return Question(np.where(flipped, 1.0 - p, p)[None], flipped[None], None)


def _flat(question):
    active = None if question.active is None else question.active.reshape(1, -1)
    return Question(question.p.reshape(1, -1), question.flipped.reshape(1, -1), active)
