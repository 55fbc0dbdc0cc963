"""Whole numbers as yes-or-no questions that halve the range in which they lie, and the probability of every answer.

The question "is the value at least mid?" has the answer yes with probability `(C(high) - C(mid)) / (C(high) - C(low))`,
C being the distribution function. So both sides of a coder ask for C at `log2(levels)` places instead of at all
levels, and all values of a row are found at the same time. Counts without an upper bound first double: 1, 3, 7, 15 ...

Only single operations of IEEE 754 stand here, which every machine rounds alike.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

# Counts lie below this.
COUNTS_END = 2**31
# Probabilities are whole multiples of 1 / UNIT, which is what the coder computes with.
UNIT = float(2**24)


class Question(NamedTuple):
    """One question to all values of n rows, as the coder takes it.

    Attributes:
        p: float64 `(n, m)`, multiples of 2^-24 up to 1/2. Probability of the less likely answer.
        flipped: bool `(n, m)`. Whether "no, it is below mid" is the less likely answer.
        active: bool `(n, m)`: where there is something to ask; None for everywhere.
    """

    p: np.ndarray
    flipped: np.ndarray
    active: np.ndarray | None


def bisect(
    cdf: Callable[[np.ndarray], np.ndarray],
    levels: int | None,
    shape: tuple[int, int],
    answer: Callable[[np.ndarray, Question], np.ndarray],
) -> np.ndarray:
    """Find values by questions.

    Args:
        cdf: Function from int64 k `(n, m)` to P(value < k), float64 `(n, m)`, which does not fall when k grows.
        levels: int. Values are 0 to levels - 1; None for counts below 2^31.
        shape: `(n, m)`.
        answer: Function from mid, int64 `(n, m)`, and a `Question` to whether the values are at least mid, bool
            `(n, m)`. What it says where the question is not active does not count.

    Returns:
        int64 `(n, m)`.
    """
    low, high = np.zeros(shape, np.int64), np.full(shape, levels or COUNTS_END, np.int64)
    below_low, below_high = np.zeros(shape), np.ones(shape)
    doubling = np.full(shape, levels is None)
    while True:
        active = high - low > 1
        if not active.any():
            return low
        mid = (low + high) // 2
        if levels is None:
            mid = np.where(doubling & active, 2 * low + 1, mid)
        # Held between its neighbours: a distribution function of many terms may be off by the last bit.
        below_mid = np.minimum(np.maximum(cdf(mid), below_low), below_high)
        question = _question(below_low, below_mid, below_high, None if active.all() else active)
        above = answer(mid, question) & active
        below = ~above & active
        low, high = np.where(above, mid, low), np.where(below, mid, high)
        below_low, below_high = np.where(above, below_mid, below_low), np.where(below, below_mid, below_high)
        doubling &= above


def questions_of(cdf, levels, values):
    """The questions that lead to known values, and their answers, in the order in which a decoder asks them.

    Args:
        cdf, levels: as in `bisect`.
        values: integer array `(n, m)`.

    Returns:
        List of pairs of a `Question` and a bool array `(n, m)`.
    """
    asked = []

    def answer(mid, question):
        asked.append((question, values >= mid))
        return asked[-1][1]

    bisect(cdf, levels, values.shape, answer)
    return asked


def _question(below_low, below_mid, below_high, active):
    mass = below_high - below_low
    # Where a distribution function ends in rounding nothing is known: both answers cost a bit.
    known = mass > 0.0
    above = np.where(known, (below_high - below_mid) / np.where(known, mass, 1.0), 0.5)
    flipped = above > 0.5
    less_likely = np.where(flipped, 1.0 - above, above)
    return Question(np.rint(less_likely * UNIT) / UNIT, flipped, active)
