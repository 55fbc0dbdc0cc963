"""A mean over examples with its standard error."""

import dataclasses
import math

import numpy as np


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A mean over examples that says how far to trust it and how it came about.

    Two estimates are equal when their numbers are; the values of the single examples are not compared.

    Args:
        mean: float. Nats per example, unless `unit` says something else.
        standard_error: float. Error of the mean over the examples; NaN for a single example, whose error is unknown.
        n_rows: int or None. Examples.
        n_samples: int or None. Draws of z per example (chains, for annealed importance sampling).
        values: array `(n_rows,)` or None. The number of every example, float64.
        kind: str. What was estimated, in words.
        unit: str.

    Examples:
        >>> print(kv.evaluation.Estimate.of_rows([1.0, 2.0, 3.0]))
        mean 2.00 +- 0.58 nats (3 examples)
    """

    mean: float
    standard_error: float
    n_rows: int | None = None
    n_samples: int | None = None
    values: np.ndarray | None = dataclasses.field(default=None, repr=False, compare=False)
    kind: str = "mean"
    unit: str = "nats"

    @classmethod
    def of_rows(cls, rows, n_samples: int | None = None, kind: str = "mean", unit: str = "nats") -> "Estimate":
        """The estimate from one number per example.

        Args:
            rows: array `(n,)`, n >= 1.
            n_samples: int or None. Draws behind every number.
            kind: str. What the numbers are, in words.
            unit: str.

        Raises:
            ValueError: for an array of another rank, or without any number.
        """
        rows = np.asarray(rows, np.float64)
        if rows.ndim != 1 or not len(rows):
            raise ValueError(f"`rows` must hold one number per example. Received: rows.shape={rows.shape}")
        error = float(rows.std(ddof=1) / math.sqrt(len(rows))) if len(rows) > 1 else math.nan
        return cls(float(rows.mean()), error, len(rows), n_samples, rows, kind, unit)

    @classmethod
    def of_some_rows(cls, some, near, of_all, n_samples: int | None = None, kind: str = "mean") -> "Estimate":
        """The mean over all examples of what is known of a random part of them, by something like it known of all.

        The mean of `of_all`, corrected by what the two differ by on the part (the difference estimator of survey
        sampling): without bias, and with the error of a difference that varies little.

        Args:
            some: array `(n,)`, n >= 1. What is wanted, of every example of the part.
            near: array `(n,)`. What is like it, of the same examples.
            of_all: array `(N,)`. What is like it, of all examples; it may have noise of its own.
            n_samples: int or None. Draws behind every number.
            kind: str. What the numbers are, in words.

        Raises:
            ValueError: if `some` and `near` are not as long as each other.

        References:
            Cochran 1977, Sampling Techniques, section 7.2, with a slope of 1.
        """
        some, near, of_all = (np.asarray(rows, np.float64) for rows in (some, near, of_all))
        if len(some) != len(near):
            raise ValueError(f"`near` must have as many rows as `some`. Received: {len(near)} and {len(some)}")
        difference = some - near
        error = math.nan
        if len(some) > 1:
            together = np.cov(near, difference)[0, 1]
            variance = (of_all.var(ddof=1) + 2.0 * together) / len(of_all) + difference.var(ddof=1) / len(some)
            error = math.sqrt(max(variance, 0.0))
        return cls(float(of_all.mean() + difference.mean()), error, len(some), n_samples, some, kind)

    def minus(self, other: "Estimate") -> "Estimate":
        """The difference from the estimate of other examples. (For the same examples, subtract their values.)"""
        error = math.hypot(self.standard_error, other.standard_error)
        return Estimate(self.mean - other.mean, error, kind=f"{self.kind} minus {other.kind}", unit=self.unit)

    def __str__(self):
        counts = [] if self.n_samples is None else [f"{self.n_samples:,} samples each"]
        counts += [] if self.n_rows is None else [f"{self.n_rows:,} examples"]
        text = f"{self.kind} {self.mean:.2f} +- {self.standard_error:.2f} {self.unit}"
        return f"{text} ({', '.join(counts)})" if counts else text
