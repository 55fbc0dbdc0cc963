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
        compared = _compared(z - self.mean.astype(np.float32), self.axes)
        k = min(NEIGHBOUR, self.exemplars.shape[1] - 1) if self.exemplars.shape[1] > 1 else 1
        total = 0.0
        for rows, exemplars in zip(self.rows, self.exemplars, strict=True):
            squares = _squared_distances(compared, exemplars.astype(np.float32))
            if numbers is not None:
                squares = tf.where(tf.equal(numbers[:, None], rows), np.inf, squares)
            nearest = -tf.math.top_k(-squares, k)[0][:, -1]
            total += tf.math.log(tf.sqrt(tf.where(tf.math.is_finite(nearest), nearest, 0.0)) + MIN_DISTANCE)
        return total / len(self.rows)

    def columns(self, z):
        """Shares of the columns in the squared distance to the nearest exemplars, Tensor `(n, width)`."""
        centred = z - self.mean.astype(np.float32)
        compared = _compared(centred, self.axes)
        away = 0.0
        for exemplars in self.exemplars:
            nearest = tf.gather(
                exemplars.astype(np.float32), tf.argmin(_squared_distances(compared, exemplars), axis=1)
            )
            along = nearest if self.axes is None else tf.matmul(nearest[:, :-1], self.axes.astype(np.float32).T)
            away += tf.square(centred - along)
        return away / len(self.exemplars)


def _compared(centred, axes):
    """What rows are compared by, `(n, n_compared)`: themselves, or their places on the axes and the rest."""
    if axes is None:
        return centred
    along = tf.matmul(centred, axes.astype(np.float32))
    rest = tf.reduce_sum(tf.square(centred), axis=1) - tf.reduce_sum(tf.square(along), axis=1)
    return tf.concat([along, tf.sqrt(tf.maximum(rest, 0.0))[:, None]], axis=1)


def _squared_distances(rows, exemplars):
    squares = tf.reduce_sum(tf.square(rows), axis=1)[:, None] + np.sum(exemplars**2, axis=1, dtype=np.float32)
    products = tf.matmul(rows, exemplars.astype(np.float32), transpose_b=True)
    return tf.maximum(squares - 2.0 * products, 0.0)
