"""Rows by the density of a linear VAE, which has a closed form: probabilistic PCA."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

N_FACTORS = (0, 1, 2, 3, 5, 8, 12, 16, 20, 30)
# Rows by which the number of factors is chosen, a fifth of them held out.
MAX_ROWS, HELD_OUT = 10_000, 0.2
MIN_VARIANCE = 1e-3
WIDE = 200


class LinearTerm(NamedTuple):
    """Squared Mahalanobis distance of scaled rows under probabilistic PCA: twice `-log p(x)`, but for a constant.

    Attributes:
        mean: float array `(width,)`.
        axes: float array `(width, n_factors)`. Principal axes.
        variances: float array `(n_factors,)`. Along them.
        noise: float. Variance along all other directions.

    References:
        Tipping & Bishop 1999, eq. 7 and 8. https://doi.org/10.1111/1467-9868.00196
        Lucas et al. 2019, section 4 (a linear VAE is probabilistic PCA). https://arxiv.org/abs/1911.02469
    """

    mean: np.ndarray
    axes: np.ndarray
    variances: np.ndarray
    noise: float

    @classmethod
    def learn(cls, z, rng):
        """From scaled rows `(n, width)`; as many factors as give rows held out the highest density.

        Args:
            z: array.
            rng: `numpy.random.Generator`.
        """
        mean = z.mean(axis=0)
        centred = z - mean
        order = rng.permutation(len(z))[:MAX_ROWS]
        n_held_out = int(HELD_OUT * len(order))
        n_factors = 0
        if n_held_out:
            held_out, train = centred[order[:n_held_out]], centred[order[n_held_out:]]
            limit = min(z.shape[1] - 1, len(train) // 3)
            axes, variances, total = principal_axes(train, max(1, min(max(N_FACTORS), limit)), rng)
            scores = [
                _log_density(held_out, axes[:, :k], *_noise(variances, total, k, z.shape[1]))
                for k in N_FACTORS
                if k <= limit
            ]
            n_factors = N_FACTORS[int(np.argmax(scores))]
        axes, variances, total = principal_axes(centred, max(1, n_factors), rng)
        variances, noise = _noise(variances, total, n_factors, z.shape[1])
        return cls(mean, axes[:, :n_factors], variances, noise)

    def __call__(self, z):
        """What each scaled number adds to the distance, Tensor `(n, width)`; the sum is that of the row."""
        centred = z - self.mean.astype(np.float32)
        axes = self.axes.astype(np.float32)
        weights = (1.0 / self.variances - 1.0 / self.noise).astype(np.float32)
        # x' S^-1 x, split as x times S^-1 x.
        inverse = centred / self.noise + tf.matmul(tf.matmul(centred, axes) * weights, axes, transpose_b=True)
        return centred * inverse


def principal_axes(centred, n_axes, rng):
    """The first principal axes of rows.

    Args:
        centred: array `(n, width)`.
        n_axes: int >= 1.
        rng: `numpy.random.Generator`.

    Returns:
        `(axes, variances, total)`: arrays `(width, n_axes)` and `(n_axes,)`; the variance of all directions together.
    """
    n, width = centred.shape
    total = (centred**2).sum() / n
    if width <= WIDE:
        variances, axes = np.linalg.eigh(centred.T @ centred / n)
        return axes[:, ::-1][:, :n_axes], variances[::-1][:n_axes], total
    from sklearn.utils.extmath import randomized_svd

    seed = int(rng.integers(2**31))
    _, singular, directions = randomized_svd(centred, min(n_axes, max(1, n - 1)), random_state=seed)
    return directions.T, singular**2 / n, total


def _noise(variances, total, k, width):
    """Variances of `k` factors and of the noise."""
    noise = max((total - variances[:k].sum()) / max(1, width - k), MIN_VARIANCE)
    return np.maximum(variances[:k], noise), noise


def _log_density(centred, axes, variances, noise):
    """Mean log density of rows, but for a constant."""
    along = (centred @ axes) ** 2
    rest = np.maximum((centred**2).sum(axis=1) - along.sum(axis=1), 0.0)
    log_determinant = np.log(variances).sum() + (centred.shape[1] - len(variances)) * np.log(noise)
    return -0.5 * (np.mean((along / variances).sum(axis=1) + rest / noise) + log_determinant)
