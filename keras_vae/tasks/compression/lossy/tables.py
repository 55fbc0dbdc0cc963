"""Probabilities of whole numbers as tables, the same on every machine."""

import dataclasses
import math

import numpy as np

from keras_vae.tasks.compression.exact.exact_math import exp, ndtr, sigmoid

# A table is of multiples of 2^-24, in which the coder counts.
WHOLE = 2**24
# Numbers that a table has: those further out are an escape, after which they are written by themselves.
GAUSSIAN_TAIL, LOGISTIC_TAIL, MAX_HALF_WIDTH = 6.0, 14.0, 2**12
# Scales of the tables: the least one of the prior, and from each to the next by a factor of 1.13, up to 271.
LOG_STEP, N_SCALES = 0.124, 64


@dataclasses.dataclass(frozen=True)
class Table:
    """Probabilities of the whole numbers from `low` on, and at last that of an escape.

    Attributes:
        low: int.
        probabilities: float64 array, multiples of 2^-24 with the sum 1.
    """

    low: int
    probabilities: np.ndarray

    @property
    def n_values(self):
        """How many numbers have a place."""
        return len(self.probabilities) - 1

    def symbols(self, values):
        """Places of whole numbers in the table, int32; those without one have that of the escape."""
        places = values - self.low
        return np.where((places < 0) | (places >= self.n_values), self.n_values, places).astype(np.int32)

    @property
    def escape(self):
        """The symbol of what is not in the table."""
        return self.n_values


def scales_of(least):
    """The scales that there are tables for, float64 array.

    Args:
        least: float, the first one.
    """
    return least * exp(np.arange(N_SCALES) * LOG_STEP)


def gaussian_table(scale, mean=0.0):
    """Of a normal distribution that is rounded.

    Args:
        scale: float. Standard deviation.
        mean: float, from 0 to 1.
    """
    half = min(math.ceil(GAUSSIAN_TAIL * scale) + 1, MAX_HALF_WIDTH)
    edges = np.arange(-half, half + 2) - 0.5 - mean
    # Each mass from the side where both of its ends are in a tail, which is known better than what is near 1.
    below, above = ndtr(edges / scale), ndtr(-edges / scale)
    masses = np.where(edges[1:] <= 0.0, np.diff(below), -np.diff(above))
    middle = (edges[:-1] < 0.0) & (edges[1:] > 0.0)
    masses[middle] = 1.0 - below[:-1][middle] - above[1:][middle]
    return Table(-half, _counted(masses, below[0] + above[-1]))


def logistic_mixture_table(weights, locs, scales):
    """Of a mixture of logistic distributions that is rounded.

    Args:
        weights, locs, scales: float64 arrays `(n_components,)`; the weights are positive, of any sum.
    """
    tails = LOGISTIC_TAIL * scales
    low = max(math.floor(np.min(locs - tails)), -MAX_HALF_WIDTH)
    high = min(math.ceil(np.max(locs + tails)), MAX_HALF_WIDTH)
    edges, total = np.arange(low, max(low, high) + 2) - 0.5, 0.0
    cdf = np.zeros(len(edges))
    # One after the other: a sum of an array may be rounded in another order elsewhere.
    for weight, loc, scale in zip(weights.tolist(), locs.tolist(), scales.tolist(), strict=True):
        cdf = cdf + weight * sigmoid((edges - loc) / scale)
        total += weight
    cdf = cdf / total
    return Table(low, _counted(np.diff(cdf), cdf[0] + (1.0 - cdf[-1])))


def _counted(masses, escape):
    """Masses and that of the escape in multiples of 2^-24, none of them 0, with the sum 1."""
    masses = np.maximum(np.append(masses, escape), 0.0)
    counts = np.floor(masses * (WHOLE - len(masses))).astype(np.int64) + 1
    # What rounding down has left is one for some of the numbers: for the likeliest ones.
    left = WHOLE - int(counts.sum())
    order = np.argsort(-masses, kind="stable")
    counts[order] += left // len(counts)
    counts[order[: left % len(counts)]] += 1
    return counts / WHOLE
