"""Factor analysis of rows with holes, by expectation and maximisation over what was seen."""

from typing import NamedTuple

import numpy as np

MAX_ITERATIONS = 100
# Mean log density per row that an iteration must gain, in nats.
TOLERANCE = 1e-3
# Loadings have a Gaussian prior of as much weight as so many rows: it decides where few rows were seen.
PRIOR_ROWS = 2.0


class Factors(NamedTuple):
    """A linear model: columns are `mean + loadings z + noise`.

    Attributes:
        mean: array `(columns,)`.
        loadings: array `(columns, n_factors)`.
        noise: array `(columns,)`. Variances.
    """

    mean: np.ndarray
    loadings: np.ndarray
    noise: np.ndarray


def fit_factors(x, n_factors, floor):
    """Maximum-likelihood factor analysis of what was seen.

    Args:
        x: array `(n, columns)`, NaN for holes; every column varies where it was seen.
        n_factors: int >= 0.
        floor: float > 0. Smallest variance of the noise.

    Returns:
        `Factors`.

    References:
        Rubin & Thayer 1982, section 3 (EM for factor analysis). https://doi.org/10.1007/BF02293851
        Ghahramani & Jordan 1994, section 4 (holes). https://papers.nips.cc/paper/767
    """
    seen = ~np.isnan(x)
    n_seen = seen.sum(axis=0)
    factors = _first(x, seen, n_seen, n_factors, floor)
    if not n_factors:
        return factors
    known, last = np.where(seen, x, 0.0), -np.inf
    for _ in range(MAX_ITERATIONS):
        z, covariance, log_density = posterior(factors, x)
        if log_density.mean() - last < TOLERANCE:
            break
        last = log_density.mean()
        factors = _maximised(factors, known, seen, n_seen, z, covariance, floor)
    return factors


def posterior(factors, x):
    """Posterior of the factors of every row, given what was seen of it.

    Args:
        factors: `Factors`.
        x: array `(n, columns)`, NaN for holes.

    Returns:
        `(z, covariance, log_density)`: arrays `(n, n_factors)`, `(n, n_factors, n_factors)` and `(n,)`, nats.
    """
    mean, loadings, noise = factors
    seen = ~np.isnan(x)
    n_factors = loadings.shape[1]
    squares = (loadings[:, :, None] * loadings[:, None, :]).reshape(len(mean), -1)
    precision = np.eye(n_factors) + ((seen / noise) @ squares).reshape(len(x), n_factors, n_factors)
    centred = np.where(seen, x - mean, 0.0)
    covariance = np.linalg.inv(precision)
    along = (centred / noise) @ loadings
    z = np.einsum("nij,nj->ni", covariance, along)
    distance = (centred**2 / noise).sum(axis=1) - (along * z).sum(axis=1)
    log_determinant = np.linalg.slogdet(precision)[1] + seen @ np.log(noise)
    return z, covariance, -0.5 * (distance + log_determinant + seen.sum(axis=1) * np.log(2.0 * np.pi))


def filled(factors, x):
    """The rows with the mean given what was seen in every hole."""
    z, _, _ = posterior(factors, x)
    return np.where(np.isnan(x), factors.mean + z @ factors.loadings.T, x)


def _first(x, seen, n_seen, n_factors, floor):
    """Principal components of the rows with means in their holes."""
    mean = np.where(seen, x, 0.0).sum(axis=0) / n_seen
    centred = np.where(seen, x - mean, 0.0)
    variance = (centred**2).sum(axis=0) / n_seen
    loadings = np.zeros((x.shape[1], n_factors))
    if not n_factors:
        return Factors(mean, loadings, np.maximum(variance, floor))
    _, scales, directions = np.linalg.svd(centred, full_matrices=False)
    n = min(n_factors, len(scales))
    loadings[:, :n] = directions[:n].T * scales[:n] / np.sqrt(len(x))
    return Factors(mean, loadings, np.maximum(0.3 * variance, floor))


def _maximised(factors, known, seen, n_seen, z, covariance, floor):
    """Regression of every column on the factors and a constant, over the rows in which it was seen."""
    n_factors = z.shape[1]
    design = np.concatenate([z, np.ones((len(z), 1))], axis=1)
    moments = design[:, :, None] * design[:, None, :]
    moments[:, :n_factors, :n_factors] += covariance
    moments = (seen.T.astype(float) @ moments.reshape(len(z), -1)).reshape(-1, n_factors + 1, n_factors + 1)
    along = known.T @ design
    prior = PRIOR_ROWS * np.diag([1.0] * n_factors + [0.0])
    weights = np.linalg.solve(moments + factors.noise[:, None, None] * prior, along[:, :, None])[:, :, 0]
    explained = np.einsum("di,dij,dj->d", weights, moments, weights)
    noise = ((known**2).sum(axis=0) - 2.0 * (weights * along).sum(axis=1) + explained) / n_seen
    return Factors(weights[:, n_factors], weights[:, :n_factors], np.maximum(noise, floor))
