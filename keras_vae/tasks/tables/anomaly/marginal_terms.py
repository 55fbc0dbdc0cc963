"""Rows by the density of each column on its own: a model without latents, whose columns tell one another nothing."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_vae.tasks.tables.anomaly.scaled_rows import shares_of

# Degrees of freedom of the t distribution: a column far out adds the logarithm of its distance.
DF = 3.0
# Of a normal distribution the quartiles are so many standard deviations apart.
QUARTILES_APART = 1.349
MIN_SCALE_OF_RANGE = 1.0 / 100.0
# Histograms of the whole range in so many bins, of which the mean is taken: where a bin ends is arbitrary.
BINS = (5, 10, 20)


class StudentMarginals(NamedTuple):
    """`-log p(x_j)` of a t distribution around the median, but for a constant; of categories by their shares.

    Attributes:
        median, scale: float arrays `(n_columns,)`.
        log_shares: tuple of None or, for a category, the log shares of its classes.
    """

    median: np.ndarray
    scale: np.ndarray
    log_shares: tuple

    @classmethod
    def learn(cls, x, scaler, ranges):
        """From rows `(n, n_columns)`; where half of a column is one value, its scale is the standard deviation."""
        low, median, high = np.nanquantile(np.where(np.isnan(x).all(axis=0), 0.0, x), [0.25, 0.5, 0.75], axis=0)
        spread = (high - low) / QUARTILES_APART
        scale = np.where(spread > 0.0, np.maximum(spread, MIN_SCALE_OF_RANGE * ranges), scaler.scale)
        return cls(median, scale, tuple(None if s is None else np.log(s) for s in scaler.shares))

    def __call__(self, x):
        """Nats of each column, Tensor `(n, n_columns)`, of rows of the same shape; 0 for holes."""
        z = (x - self.median.astype(np.float32)) / self.scale.astype(np.float32)
        nats = 0.5 * (DF + 1.0) * tf.math.log1p(tf.square(z) / DF)
        return _with_categories(nats, x, self.log_shares)


class HistogramMarginals(NamedTuple):
    """`-log p(x_j)` by histograms, the mean over several numbers of bins; of categories by their shares.

    Attributes:
        low, span: float arrays `(n_columns,)`. Range of all training rows.
        tables: tuple of arrays `(n_columns, bins)`: log shares.
        log_shares: as in `StudentMarginals`.
    """

    low: np.ndarray
    span: np.ndarray
    tables: tuple
    log_shares: tuple

    @classmethod
    def learn(cls, x, scaler, low, ranges):
        span = np.where(ranges > 0.0, ranges, 1.0)
        tables = []
        for n_bins in BINS:
            bins = np.where(np.isnan(x), np.nan, np.minimum(np.floor((x - low) / span * n_bins), n_bins - 1))
            numbers = [j for j, kind in enumerate(scaler.kinds) if kind is None]
            table = np.zeros((x.shape[1], n_bins))
            for j in numbers:
                table[j] = np.log(shares_of(np.maximum(bins[:, j], 0), n_bins))
            tables.append(table)
        return cls(low, span, tuple(tables), tuple(None if s is None else np.log(s) for s in scaler.shares))

    def __call__(self, x):
        """Nats of each column, Tensor `(n, n_columns)`, of rows of the same shape; 0 for holes."""
        place = (tf.where(tf.math.is_nan(x), 0.0, x) - self.low.astype(np.float32)) / self.span.astype(np.float32)
        nats = 0.0
        for table in self.tables:
            n_columns, n_bins = table.shape
            bins = tf.cast(tf.clip_by_value(tf.floor(place * n_bins), 0.0, n_bins - 1.0), tf.int32)
            nats -= tf.gather(table.ravel().astype(np.float32), bins + np.arange(n_columns) * n_bins) / len(self.tables)
        return _with_categories(nats, x, self.log_shares)


def _with_categories(nats, x, log_shares):
    """The nats of columns of numbers, with those of categories in their places, and 0 for holes."""
    if any(shares is not None for shares in log_shares):
        columns = tf.unstack(nats, axis=1)
        for j, shares in enumerate(log_shares):
            if shares is not None:
                code = tf.cast(tf.where(tf.math.is_nan(x[:, j]), 0.0, x[:, j]), tf.int32)
                columns[j] = -tf.gather(shares.astype(np.float32), code)
        nats = tf.stack(columns, axis=1)
    return tf.where(tf.math.is_nan(x), 0.0, nats)
