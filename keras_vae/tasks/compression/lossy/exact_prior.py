"""What a `Hyperprior` says of whole numbers, in arithmetic that is the same everywhere."""

import hashlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from keras_vae.priors.hyperprior import MIN_SCALE, Hyperprior, parts_of
from keras_vae.tasks.compression.exact.exact_math import exp, softplus
from keras_vae.tasks.compression.exact.exact_network import ExactNetwork
from keras_vae.tasks.compression.lossy.tables import (
    N_SCALES,
    Table,
    gaussian_table,
    logistic_mixture_table,
    scales_of,
)

# Before exponents are taken: beyond, the prior is of no use anyway. And the same of means.
MAX_LOG, MAX_MEAN = 20.0, 2.0**30
# Means are rounded to multiples of 1 / 16: what is behind the point decides the table, with the scale.
N_FRACTIONS = 16
# Of so many tables one is hashed: every fifth scale, with all fractions in turn.
HASHED_STEP = 5 * N_FRACTIONS + 5


class Places(NamedTuple):
    """Where the numbers of a part have their probabilities.

    Attributes:
        tables: int array `(n, dim)`. Number of the table of each element.
        shifts: int64 array `(n, dim)`. What is taken from it before it is looked up there.
    """

    tables: np.ndarray
    shifts: np.ndarray


class ExactPrior:
    """Tables for the whole numbers of a code z = [w, y_1, ..., y_K]: of w by element, of y by scale and mean.

    Args:
        prior: built `Hyperprior`.

    Attributes:
        part_dims: tuple of ints. Elements of w, y_1, ..., y_K.
        tables_of_w: list of `Table`, one per element of w.
    """

    def __init__(self, prior: Hyperprior):
        self.part_dims = prior.part_dims
        self._networks = [ExactNetwork.of(network) for network in prior.networks]
        logits, locs, log_scales = (w.numpy().astype(np.float64) for w in (prior.logits, prior.locs, prior.log_scales))
        weights = exp(logits - logits.max(axis=-1, keepdims=True))
        # Not by a logarithm of the least scale, which another library may round in another way.
        scales = np.maximum(exp(np.minimum(log_scales, MAX_LOG)), MIN_SCALE)
        self.tables_of_w = [logistic_mixture_table(*rows) for rows in zip(weights, locs, scales, strict=True)]
        self._scales = scales_of(MIN_SCALE)
        # From one scale to the next half way, as a ratio.
        self._limits = np.sqrt(self._scales[:-1] * self._scales[1:])
        self._tables = {}

    def table(self, number: int) -> Table:
        """The table of a number in `Places`, made when it is first needed."""
        if number not in self._tables:
            level, fraction = divmod(int(number), N_FRACTIONS)
            self._tables[number] = gaussian_table(float(self._scales[level]), fraction / N_FRACTIONS)
        return self._tables[number]

    def walk(self, choose: Callable[[int, Places | None], np.ndarray]) -> list[np.ndarray]:
        """Go through the parts of a code, each with the places that those before give it.

        Args:
            choose: Callable `(number, places)` that returns the whole numbers of a part, `(n, dim)`. Number 0 is w,
                whose tables depend on nothing: there `places` is None.

        Returns:
            list of the parts.
        """

        def choose_by_places(number, raw_scale, mean):
            return choose(number, None if mean is None else self._places(raw_scale, mean))

        return parts_of(self._networks, choose_by_places)

    def _places(self, raw_scale, mean):
        levels = np.searchsorted(self._limits, MIN_SCALE + softplus(raw_scale))
        sixteenths = np.rint(np.clip(mean, -MAX_MEAN, MAX_MEAN) * N_FRACTIONS).astype(np.int64)
        shifts, fractions = np.divmod(sixteenths, N_FRACTIONS)
        return Places(levels * N_FRACTIONS + fractions, shifts)

    def update_digest(self, digest) -> None:
        """Feed a hash with what the coder sees, some of the tables, and with numbers that the networks compute."""
        some = map(self.table, range(0, N_SCALES * N_FRACTIONS, HASHED_STEP))
        for table in [*self.tables_of_w, *some]:
            digest.update(str(table.low).encode() + table.probabilities.astype("<f8").tobytes())
        for network in self._networks:
            for weights in network.arrays.values():
                digest.update(hashlib.sha256(weights.astype("<f4").tobytes()).digest())

        def probe(number, places):
            if places is not None:
                digest.update(places.tables.astype("<i8").tobytes() + places.shifts.astype("<i8").tobytes())
            return np.arange(2 * self.part_dims[number]).reshape(2, -1) % 5 - 2

        self.walk(probe)
