"""Rows by their distance to a few others: the density of a mixture around exemplars."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_vae.tasks.tables.anomaly.linear_term import principal_axes

# Small samples on purpose: in a large one the members of a group of anomalies have each other for neighbours.
N_MEMBERS, N_EXEMPLARS, NEIGHBOUR, MIN_EXEMPLARS = 16, 64, 3, 8
# Wider rows are compared by their first principal axes and what is left.
N_AXES = 20
# Guards the logarithm of a distance of 0.
MIN_DISTANCE = 1e-3


class ExemplarTerm(NamedTuple):
    """Mean over samples of rows of the log distance to the third nearest: minus a log density, but for the dimension.

    Attributes:
        mean: float array `(width,)`.
        axes: float array `(width, n_axes)`, or None where rows are compared as they are.
        rows: int array `(n_members, n_exemplars)`. Which training rows they are.
        exemplars: float array `(n_members, n_exemplars, n_compared)`.

    References:
        Loftsgaarden & Quesenberry 1965 (density by the distance to a neighbour). https://doi.org/10.1214/aoms/1177700079
        Pang, Ting & Albrecht 2015 (LeSiNN: few rows, several times). https://doi.org/10.1109/ICDMW.2015.62
    """

    mean: np.ndarray
    axes: np.ndarray | None
    rows: np.ndarray
    exemplars: np.ndarray

    @classmethod
    def learn(cls, z, numbers, rng):
        """From scaled rows.

        Args:
            z: array `(n, width)`.
            numbers: int array `(n,)`. Their numbers among all training rows.
            rng: `numpy.random.Generator`.
        """
        mean = z.mean(axis=0)
        axes = principal_axes(z - mean, N_AXES, rng)[0] if z.shape[1] > N_AXES else None
        n = min(N_EXEMPLARS, max(MIN_EXEMPLARS, 2 * len(z) // 3), len(z))
        picks = np.stack([rng.choice(len(z), n, replace=False) for _ in range(N_MEMBERS)])
        compared = np.asarray(_compared(tf.constant(z[picks.ravel()] - mean, tf.float32), axes))
        return cls(mean, axes, np.asarray(numbers)[picks], compared.reshape(*picks.shape, -1))

    def __call__(self, z, numbers=None):
        """Log distances, Tensor `(n,)`.

        Args:
            z: Tensor `(n, width)`.
            numbers: int Tensor `(n,)` of training rows, none of which is its own exemplar; None for other rows.
        """
        squares = self._squared_distances(_compared(z - self.mean.astype(np.float32), self.axes))
        if numbers is not None:
            squares = tf.where(tf.equal(numbers[:, None, None], self.rows), np.inf, squares)
        # A row that is an exemplar itself has one neighbour less.
        k = min(NEIGHBOUR, max(1, self.rows.shape[1] - 1))
        nearest = -tf.math.top_k(-squares, k)[0][..., -1]
        nearest = tf.where(tf.math.is_finite(nearest), nearest, 0.0)
        return tf.reduce_mean(tf.math.log(tf.sqrt(nearest) + MIN_DISTANCE), axis=1)

    def columns(self, z):
        """Squared distance to the nearest exemplar by column, the mean over the samples, Tensor `(n, width)`."""
        centred = z - self.mean.astype(np.float32)
        compared = _compared(centred, self.axes)
        nearest = tf.argmin(self._squared_distances(compared), axis=-1)
        along = self.exemplars.astype(np.float32) if self.axes is None else self._on_axes()
        # One sample at a time: all differences together would need as much memory as all exemplars for every row.
        away = [tf.square(centred - tf.gather(rows, nearest[:, i])) for i, rows in enumerate(along)]
        return tf.add_n(away) / len(away)

    def _on_axes(self):
        """Exemplars as rows, as far as the axes show them."""
        return np.matmul(self.exemplars[..., :-1], self.axes.T).astype(np.float32)

    def _squared_distances(self, compared):
        """From rows to exemplars, Tensor `(n, n_members, n_exemplars)`."""
        flat = self.exemplars.reshape(-1, self.exemplars.shape[-1]).astype(np.float32)
        squares = tf.reduce_sum(tf.square(compared), axis=1)[:, None] + np.sum(flat**2, axis=1)
        squares = tf.maximum(squares - 2.0 * tf.matmul(compared, flat, transpose_b=True), 0.0)
        return tf.reshape(squares, [-1, *self.rows.shape])


def _compared(centred, axes):
    """What rows are compared by, `(n, n_compared)`: themselves, or their places on the axes and the rest."""
    if axes is None:
        return centred
    along = tf.matmul(centred, axes.astype(np.float32))
    rest = tf.reduce_sum(tf.square(centred), axis=1) - tf.reduce_sum(tf.square(along), axis=1)
    return tf.concat([along, tf.sqrt(tf.maximum(rest, 0.0))[:, None]], axis=1)
