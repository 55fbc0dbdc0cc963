"""Classes as the leaves of a tree of yes-or-no questions, of which likely classes take few."""

from collections.abc import Callable

import numpy as np

# What a question is answered by: nodes `(k,)`, the places `(k,)` of the symbols that are asked for, the probability
# `(k,)` of a yes; the answers, bool `(k,)`.
Answer = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


class ClassTree:
    """A binary tree over classes 0, 1, ... in their order, cut at every node such that both sides weigh about the same.

    Nodes have the numbers 0 (the root) to n - 2, level by level; the leaf of class c has n - 1 + c.

    Args:
        weights: int array `(n,)`, >= 0, n >= 1. About how often each class comes; each counts one more than that.

    Attributes:
        n_nodes: int, n - 1.
        children: int64 array `(n - 1, 2)`. Where the answers no and yes lead to from each node.
        mids: int64 array `(n - 1,)`. The question of each node: is the class at least this one?
    """

    def __init__(self, weights):
        self.n_nodes = len(weights) - 1
        self.children, self.mids = np.zeros((self.n_nodes, 2), np.int64), np.zeros(self.n_nodes, np.int64)
        self._levels = []
        ends = np.concatenate([[0], np.cumsum(np.asarray(weights, np.int64) + 1)])
        self._grow(ends)

    def _grow(self, ends):
        """Cut ranges of classes from the root down, until each has one class."""
        ranges, start = np.array([[0, self.n_nodes + 1]]), 0
        while len(ranges := ranges[ranges[:, 1] - ranges[:, 0] > 1]):
            low, high = ranges.T
            # In whole numbers: the place that is nearest to half of the weight.
            total = ends[low] + ends[high]
            mid = np.searchsorted(2 * ends, total)
            mid -= total - 2 * ends[mid - 1] < 2 * ends[mid] - total
            mid = np.clip(mid, low + 1, high - 1)
            ranges = np.stack([low, mid, mid, high], axis=1).reshape(-1, 2)
            is_inner, end = ranges[:, 1] - ranges[:, 0] > 1, start + len(low)
            numbers = np.where(is_inner, end + np.cumsum(is_inner) - 1, self.n_nodes + ranges[:, 0])
            self.children[start:end], self.mids[start:end] = numbers.reshape(-1, 2), mid
            self._levels.append(slice(start, end))
            start = end

    def masses(self, p):
        """Masses below all nodes, and those of the leaves behind them.

        Args:
            p: array of floats >= 0, `(n, ...)`. Of the classes; they need not add up to 1.

        Returns:
            array of the type of p, `(2 n - 1, ...)`.
        """
        found = np.empty((self.n_nodes + len(p), *p.shape[1:]), p.dtype)
        found[self.n_nodes :] = p
        for level in reversed(self._levels):
            left, right = self.children[level].T
            np.add(found[left], found[right], out=found[level])
        return found

    def descend(self, n, p_yes, answer):
        """Find n symbols by questions, all of them level by level.

        Args:
            n: int.
            p_yes: function of nodes and places of the symbols, int `(k,)`: the probability that the class is at least
                that of the node, float64 `(k,)`.
            answer: `Answer`.

        Returns:
            int64 `(n,)`, classes.
        """
        node = np.zeros(n, np.int64)
        places = np.arange(n if self.n_nodes else 0)
        while len(places):
            asked = node[places]
            yes = answer(asked, places, p_yes(asked, places))
            node[places] = self.children[asked, yes.astype(np.int64)]
            places = places[node[places] < self.n_nodes]
        return node - self.n_nodes

    def known(self, classes):
        """An `Answer` by known classes, int `(n,)`."""
        return lambda nodes, places, p: classes[places] >= self.mids[nodes]
