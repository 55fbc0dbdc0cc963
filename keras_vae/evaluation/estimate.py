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

    def minus(self, other: "Estimate") -> "Estimate":
        """The difference from the estimate of other examples. (For the same examples, subtract their values.)"""
        error = math.hypot(self.standard_error, other.standard_error)
        return Estimate(self.mean - other.mean, error, kind=f"{self.kind} minus {other.kind}", unit=self.unit)

    def __str__(self):
        counts = [] if self.n_samples is None else [f"{self.n_samples:,} samples each"]
        counts += [] if self.n_rows is None else [f"{self.n_rows:,} examples"]
        text = f"{self.kind} {self.mean:.2f} +- {self.standard_error:.2f} {self.unit}"
        return f"{text} ({', '.join(counts)})" if counts else text
