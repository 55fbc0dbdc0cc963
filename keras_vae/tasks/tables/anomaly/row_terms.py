"""Densities of rows that have a closed form, learned together, and again without the rows that they find unlikely."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_vae.tasks.tables.anomaly.exemplar_term import ExemplarTerm
from keras_vae.tasks.tables.anomaly.linear_term import LinearTerm
from keras_vae.tasks.tables.anomaly.marginal_terms import HistogramMarginals, StudentMarginals
from keras_vae.tasks.tables.anomaly.scaled_rows import RowScaler, by_column, per_seen
from keras_vae.tasks.tables.anomaly.surprise import Surprise

# Weights in the mean of surprises: the two marginals are one thing told twice. `vae` is the model that is trained.
WEIGHTS = {"student": 0.5, "histogram": 0.5, "linear": 1.0, "exemplar": 1.0, "vae": 1.0}
ROWS_PER_CALL = 4096


class RowTerms(NamedTuple):
    """What is learned of some rows: a scale, and four densities of rows on it.

    Attributes:
        scaler: `RowScaler`.
        student, histogram: the marginals.
        linear: `LinearTerm`.
        exemplar: `ExemplarTerm`.
    """

    scaler: RowScaler
    student: StudentMarginals
    histogram: HistogramMarginals
    linear: LinearTerm
    exemplar: ExemplarTerm

    def __repr__(self):
        return f"RowTerms of {self.scaler.n_columns} columns"

    @classmethod
    def learn(cls, x, kinds, is_kept, rng):
        """From the rows that are kept.

        Args:
            x: float array `(n, n_columns)` of numbers and codes, NaN for holes. All training rows.
            kinds: tuple of None for a column of numbers, or the number of classes of a category.
            is_kept: bool array `(n,)`.
            rng: `numpy.random.Generator`.
        """
        known = np.where(np.isnan(x).all(axis=0), 0.0, x)
        low, ranges = np.nanmin(known, axis=0), np.nanmax(known, axis=0) - np.nanmin(known, axis=0)
        rows = x[is_kept]
        scaler = RowScaler.learn(rows, kinds, ranges)
        z = scaler(tf.constant(rows, tf.float32)).numpy().astype(np.float64)
        return cls(
            scaler,
            StudentMarginals.learn(rows, scaler, ranges),
            HistogramMarginals.learn(rows, scaler, low, ranges),
            LinearTerm.learn(z, rng),
            ExemplarTerm.learn(z, np.flatnonzero(is_kept), rng),
        )

    def values(self, x, numbers=None):
        """The value of every density, larger for less likely rows.

        Args:
            x: Tensor `(n, n_columns)`, float32.
            numbers: int Tensor `(n,)` for training rows, their numbers; None for others.

        Returns:
            dict of Tensors `(n,)`.
        """
        z = self.scaler(x)
        return {
            "student": per_seen(self.student(x), x),
            "histogram": per_seen(self.histogram(x), x),
            "linear": per_seen(by_column(self.linear(z), self.scaler), x),
            "exemplar": self.exemplar(z, numbers),
        }

    def of_columns(self, x):
        """What every column adds to each of them, dict of Tensors `(n, n_columns)`; arguments as in `values`."""
        z = self.scaler(x)
        return {
            "student": self.student(x),
            "histogram": self.histogram(x),
            "linear": by_column(self.linear(z), self.scaler),
            "exemplar": by_column(self.exemplar.columns(z), self.scaler),
        }


def learn_robustly(x, kinds, trim, seed):
    """Densities of rows, learned of the rows that they do not find unlikely themselves.

    They are learned of all rows, then of those that are left when half of the share `trim` is left out, then when all
    of it is: the rows whose mean surprise is largest.

    Args:
        x, kinds: as in `RowTerms.learn`.
        trim: float in [0, 0.5]. Share of the rows that are left out.
        seed: int.

    Returns:
        `(terms, surprises, is_kept)`: `RowTerms`; dict of `Surprise` among all rows; bool array `(n,)`.
    """
    rng = np.random.default_rng(seed)
    is_kept = np.ones(len(x), bool)
    for share in (trim / 2.0, trim, None) if trim else (None,):
        terms = RowTerms.learn(x, kinds, is_kept, rng)
        values = _of_training_rows(terms, x)
        surprises = {name: Surprise.learn(value, rng) for name, value in values.items()}
        if share is not None:
            total = combined({name: surprises[name](tf.constant(v)) for name, v in values.items()}).numpy()
            # Equal rows are told apart at random: of a table with few values more than the share would go.
            order = np.lexsort((rng.random(len(total)), total))
            is_kept = np.ones(len(x), bool)
            is_kept[order[len(x) - int(share * len(x)) :]] = False
    return terms, surprises, is_kept


def combined(surprises):
    """Weighted mean of surprises, `(n,)` nats; of those that there are.

    Args:
        surprises: dict of Tensors by the names in `WEIGHTS`.
    """
    total = sum(WEIGHTS[name] for name in surprises)
    return tf.add_n([(WEIGHTS[name] / total) * value for name, value in surprises.items()])


def _of_training_rows(terms, x):
    """`terms.values` of all training rows, arrays `(n,)`."""
    # Not as a graph: to trace one takes longer than the few calls.
    pieces = [
        terms.values(tf.constant(x[i : i + ROWS_PER_CALL], tf.float32), tf.range(i, min(i + ROWS_PER_CALL, len(x))))
        for i in range(0, len(x), ROWS_PER_CALL)
    ]
    return {name: np.concatenate([piece[name].numpy() for piece in pieces]) for name in pieces[0]}
