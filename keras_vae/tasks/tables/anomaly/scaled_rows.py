"""Rows of a table on the scale of most of them, with holes at the middle: what densities of rows are made from."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

# Scales are at least this share of the range of a column: one that hardly ever varies would outweigh all others.
MIN_SCALE_OF_RANGE = 1.0 / 50.0
# Beyond so many scales all values are as far: squares of distances are to be bounded.
CLIP = 10.0


class RowScaler(NamedTuple):
    """Learned numbers by which rows are brought to a scale.

    A column of numbers is its distance from the mean in standard deviations, at most ten; a category is one column for
    each of its classes, as large as it is rare, and all of them together weigh as much as a column of numbers.

    Attributes:
        kinds: tuple of None for a column of numbers, or the number of classes of a category.
        mean, scale: float arrays `(n_columns,)`.
        shares: tuple of None or, for a category, the shares of its classes.
    """

    kinds: tuple
    mean: np.ndarray
    scale: np.ndarray
    shares: tuple

    @classmethod
    def learn(cls, x, kinds, ranges):
        """The scaler of some rows.

        Args:
            x: array `(n, n_columns)` of numbers and codes, NaN for holes.
            kinds: as the attribute.
            ranges: array `(n_columns,)`. Largest less smallest value of each column, of all rows.
        """
        is_known = ~np.isnan(x)
        n = np.maximum(is_known.sum(axis=0), 1)
        mean = np.where(is_known, x, 0.0).sum(axis=0) / n
        stddev = np.sqrt(np.where(is_known, (x - mean) ** 2, 0.0).sum(axis=0) / n)
        scale = np.maximum(stddev, MIN_SCALE_OF_RANGE * ranges)
        shares = [None if k is None else shares_of(x[:, j], k) for j, k in enumerate(kinds)]
        # What never varies says nothing.
        return cls(tuple(kinds), mean, np.where(scale > 0.0, scale, np.inf), tuple(shares))

    @property
    def n_columns(self):
        return len(self.kinds)

    @property
    def column_of(self):
        """The column that each scaled number belongs to, int array `(width,)`."""
        return np.concatenate([np.full(k or 1, j) for j, k in enumerate(self.kinds)])

    def __call__(self, x):
        """Scaled rows.

        Args:
            x: Tensor `(n, n_columns)`, NaN for holes.

        Returns:
            Tensor `(n, width)`, float32, 0 at holes.
        """
        if all(kind is None for kind in self.kinds):
            return self._numbers(x, slice(None))
        pieces = [
            self._numbers(x[:, j : j + 1], slice(j, j + 1)) if k is None else self._classes(x[:, j], k, self.shares[j])
            for j, k in enumerate(self.kinds)
        ]
        return tf.concat(pieces, axis=1)

    def _numbers(self, x, columns):
        z = (x - self.mean[columns].astype(np.float32)) / self.scale[columns].astype(np.float32)
        return tf.clip_by_value(tf.where(tf.math.is_nan(z), 0.0, z), -CLIP, CLIP)

    @staticmethod
    def _classes(x, n_classes, shares):
        hole = tf.math.is_nan(x)
        one_hot = tf.one_hot(tf.cast(tf.where(hole, 0.0, x), tf.int32), n_classes)
        z = (one_hot - shares.astype(np.float32)) / np.sqrt(shares * max(1, n_classes - 1)).astype(np.float32)
        return tf.clip_by_value(tf.where(hole[:, None], 0.0, z), -CLIP, CLIP)


def shares_of(codes, n_classes):
    """Shares of the classes among codes with NaN for holes, half a row added to each class."""
    counts = np.bincount(codes[~np.isnan(codes)].astype(np.int64), minlength=n_classes)
    return (counts + 0.5) / (counts.sum() + 0.5 * n_classes)


def by_column(values, scaler):
    """Sums of `(n, width)` numbers by the column that they belong to, `(n, n_columns)`."""
    if values.shape[1] == scaler.n_columns:
        return values
    return tf.transpose(tf.math.segment_sum(tf.transpose(values), scaler.column_of))


def per_seen(values, x):
    """Sums over the columns `(n, n_columns)` that were seen, as large as if all had been; `(n,)`."""
    seen = tf.cast(~tf.math.is_nan(x), tf.float32)
    n_seen = tf.maximum(tf.reduce_sum(seen, axis=1), 1.0)
    return tf.reduce_sum(values * seen, axis=1) * (x.shape[1] / n_seen)
