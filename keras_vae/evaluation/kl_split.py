"""What the KL pays for: information about x, and the distance of all codes together from the prior."""

import dataclasses
import math

import numpy as np
from numpy.typing import ArrayLike

from keras_vae._checks import check_int
from keras_vae.evaluation.codes import check_codes
from keras_vae.numerics import LOG_2_PI
from keras_vae.priors.standard_normal import StandardNormal

# Numbers of one block of pairs: 16 MB in float64, which stays in the cache of most machines.
BLOCK_PAIRS = 2_000_000


@dataclasses.dataclass(frozen=True, eq=False)
class KLSplit:
    """The average KL of the posteriors from the prior, split up; all in nats.

    `kl = mutual_information + marginal_kl`, and for a prior with independent dimensions
    `marginal_kl = total_correlation + dimension_kl.sum()`, exactly. The parts are estimates; `standard_error` holds the
    Monte Carlo error of each by its name, for these very rows: what other rows would give is not in it.

    Args:
        kl: float. Average KL of q(z|x) from the prior.
        mutual_information: float. I_q(x; z) of the rows given; at most `log(n)`, however good the codes are.
        marginal_kl: float. KL of the aggregate posterior q(z) from the prior.
        total_correlation: float. KL of q(z) from the product of its own marginals.
        dimension_information: array `(latent_dim,)`. I_q(x; z_d) of every dimension alone.
        dimension_kl: array `(latent_dim,)`, KL of q(z_d) from p(z_d); None for a prior that is not the standard normal.
        standard_error: dict by name, of floats and arrays.
        n: int. Rows.

    Examples:
        >>> split = kv.evaluation.kl_split(*vae.encode(x))
        >>> bool(np.isclose(split.kl, split.mutual_information + split.marginal_kl))
        True
    """

    kl: float
    mutual_information: float
    marginal_kl: float
    total_correlation: float
    dimension_information: np.ndarray
    dimension_kl: np.ndarray | None
    standard_error: dict
    n: int


def kl_split(z_mean: ArrayLike, z_log_var: ArrayLike, prior=None, n_samples: int = 2, seed: int = 0) -> KLSplit:
    """Split the average KL into mutual information, total correlation and the KL of the marginals.

    With the aggregate posterior q(z) = 1/n sum_m q(z|x_m), over all rows given,

        average KL( q(z|x) || p(z) ) = I_q(x; z) + KL( q(z) || p(z) )
        KL( q(z) || p(z) ) = KL( q(z) || prod_d q(z_d) ) + sum_d KL( q(z_d) || p(z_d) )

    Draws of every posterior are scored under all of them, in blocks of constant memory and float64. What is known in
    closed form (the entropy of every posterior; the KL, where the prior has one) serves as control variate: codes that
    do not overlap give log(n), and codes equal to the prior give 0, without any noise.

    Args:
        z_mean: array `(n, latent_dim)`, from `vae.encode(x)` of a model whose q(z|x) is that Gaussian: no posterior
            flow, and not several stochastic layers.
        z_log_var: array, same shape.
        prior: None for the standard normal, or an object with `log_prob(z)`, shape `(n,)`, or with
            `kl(z_mean, z_log_var)`, shape `(n,)`.
        n_samples: int >= 2. Draws per row. Time grows with `n_samples * n**2 * latent_dim`.
        seed: int. The same seed gives the same numbers.

    Returns:
        `KLSplit`.

    Raises:
        ValueError: for arrays that are not two of one shape `(n, latent_dim)` and finite, `n_samples` below 2, or a
            prior with neither `log_prob` nor `kl`.

    Examples:
        >>> split = kv.evaluation.kl_split(100.0 * np.eye(8), np.zeros((8, 8)))
        >>> bool(np.isclose(split.mutual_information, np.log(8.0)))  # Codes that do not overlap.
        True

    References:
        Hoffman & Johnson 2016, eq. 8. http://approximateinference.org/accepted/HoffmanJohnson2016.pdf
        Chen et al. 2018, eq. 2. https://arxiv.org/abs/1802.04942
    """
    z_mean, z_log_var = check_codes(z_mean, z_log_var)
    check_int("n_samples", n_samples, 2)
    prior = StandardNormal() if prior is None else prior
    if not hasattr(prior, "log_prob") and not hasattr(prior, "kl"):
        raise ValueError(f"`prior` must have `log_prob` or `kl`. Received: prior={prior!r}")
    epsilon = np.random.default_rng(check_int("seed", seed, 0)).standard_normal((n_samples, *z_mean.shape))
    return _split_of_draws(z_mean, z_log_var, prior, epsilon)


def _split_of_draws(z_mean, z_log_var, prior, epsilon):
    """The split from the draws at standard noise `(n_samples, n, latent_dim)`."""
    z = z_mean + np.exp(0.5 * z_log_var) * epsilon
    scored = [log_aggregate(draw, z_mean, z_log_var, noise) for draw, noise in zip(z, epsilon, strict=True)]
    log_q, log_q_dims = (np.stack(part) for part in zip(*scored, strict=True))
    # log q(z_d|x) of every draw less its expectation, which is minus the entropy: noise of known mean zero.
    surplus = 0.5 * (1.0 - epsilon**2)
    minus_entropy = -0.5 * (1.0 + LOG_2_PI + z_log_var)
    log_p, expected_log_p = _prior_terms(prior, z, z_mean, z_log_var, minus_entropy.sum(axis=-1))
    noises = [surplus] if log_p is None or expected_log_p is None else [surplus, log_p - expected_log_p]
    joint = _MeanOverDraws(log_q, [noise.sum(axis=-1) for noise in noises])
    has_dims = is_standard_normal(prior)
    dims = [
        _MeanOverDraws(log_q_dims[..., d], [noise[..., d] for noise in (noises if has_dims else [surplus])])
        for d in range(z_mean.shape[1])
    ]
    if expected_log_p is None:
        cross = _MeanOverDraws(log_p[..., 0], [surplus.sum(axis=-1)])
    else:
        cross = _MeanOverDraws(np.broadcast_to(expected_log_p.sum(axis=-1), log_q.shape), [])
    return _split(joint, dims, cross, minus_entropy, expected_log_p if has_dims else None)


def log_aggregate(
    z: ArrayLike, z_mean: ArrayLike, z_log_var: ArrayLike, epsilon: ArrayLike | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Log density of the aggregate posterior, and of its marginals, at any points; constant memory, float64.

    Args:
        z: array `(m, latent_dim)`. Points.
        z_mean: array `(n, latent_dim)`. The posteriors that are mixed, `q(z) = 1/n sum_m q(z|x_m)`.
        z_log_var: array, same shape.
        epsilon: array like `z`, where row i of `z` is a draw of posterior i: its standard noise. Keeps the precision
            of posteriors so narrow that `z - z_mean` has none.

    Returns:
        `(log_q, log_q_dims)`: arrays `(m,)` and `(m, latent_dim)`, nats.

    Examples:
        >>> zero = np.zeros((1, 1))
        >>> log_q, _ = kv.evaluation.log_aggregate(zero, zero, zero)
        >>> bool(np.isclose(log_q[0], -0.5 * np.log(2.0 * np.pi)))
        True
    """
    z, (z_mean, z_log_var) = np.asarray(z, np.float64), check_codes(z_mean, z_log_var)
    n, dim = z_mean.shape
    # A column per dimension lies in one piece of memory.
    means, inverse_stddevs = np.ascontiguousarray(z_mean.T), np.ascontiguousarray(np.exp(-0.5 * z_log_var).T)
    log_norms = np.ascontiguousarray(-0.5 * (LOG_2_PI + z_log_var).T)
    log_q, log_q_dims = np.empty(len(z)), np.empty(z.shape)
    step = max(1, BLOCK_PAIRS // n)
    for start in range(0, len(z), step):
        rows = np.arange(start, min(start + step, len(z)))
        joint = np.zeros((len(rows), n))
        for d in range(dim):
            scaled = (z[rows, d, None] - means[d]) * inverse_stddevs[d]
            if epsilon is not None:
                scaled[rows - start, rows] = epsilon[rows, d]
            scaled *= scaled
            scaled *= -0.5
            scaled += log_norms[d]
            joint += scaled
            log_q_dims[rows, d] = _log_mean_exp_rows(scaled)
        log_q[rows] = _log_mean_exp_rows(joint)
    return log_q, log_q_dims


def is_standard_normal(prior) -> bool:
    """Whether a prior is known to be N(0, I); False for one that does not say, such as a distribution of TFP."""
    return getattr(prior, "is_standard_normal", False)


def _log_mean_exp_rows(log_values):
    """Log of the mean of the exponentials of every row; the array is overwritten."""
    top = log_values.max(axis=1, keepdims=True)
    log_values -= np.where(np.isfinite(top), top, 0.0)
    np.exp(log_values, out=log_values)
    return top[:, 0] + np.log(log_values.mean(axis=1))


def _prior_terms(prior, z, z_mean, z_log_var, minus_entropy):
    """log p(z) of every draw `(n_samples, n, k)` or None, and its expectation in every row `(n, k)` or None.

    The standard normal comes by dimension (k = latent_dim) in float64, any other prior in one piece (k = 1).
    """
    if is_standard_normal(prior):
        return -0.5 * (LOG_2_PI + z**2), -0.5 * (LOG_2_PI + z_mean**2 + np.exp(z_log_var))
    log_p = expected = None
    if hasattr(prior, "log_prob"):
        flat = z.reshape(-1, z.shape[-1]).astype(np.float32)
        log_p = np.asarray(prior.log_prob(flat), np.float64).reshape(*z.shape[:2], 1)
    if hasattr(prior, "kl"):
        kl = np.asarray(prior.kl(z_mean.astype(np.float32), z_log_var.astype(np.float32)), np.float64)
        expected = (minus_entropy - kl)[:, None]
    return log_p, expected


class _MeanOverDraws:
    """Mean over draws and rows, after what is known of the noise has been taken out.

    Args:
        values: array `(n_samples, n)`.
        noises: list of arrays, same shape, whose expectation over the draws of every row is 0.
    """

    def __init__(self, values, noises):
        if noises:
            within = np.stack([_within_rows(noise).ravel() for noise in noises], axis=1)
            factors = np.linalg.lstsq(within, _within_rows(values).ravel(), rcond=None)[0]
            values = values - sum(k * noise for k, noise in zip(factors, noises, strict=True))
        self.value = float(values.mean())
        self.residuals = _within_rows(values)


def _within_rows(values):
    return values - values.mean(axis=0)


def _error(residuals):
    """Standard error of a mean over draws and rows, from the deviations of the draws from the mean of their row."""
    n_samples, n = residuals.shape
    return math.sqrt(np.sum(residuals**2) / (n_samples - 1) / n_samples) / n


def _split(joint, dims, cross, minus_entropy, expected_log_p):
    dim_values = np.array([dim.value for dim in dims])
    dim_errors = np.array([_error(dim.residuals) for dim in dims])
    return KLSplit(
        kl=float(minus_entropy.sum(axis=-1).mean()) - cross.value,
        mutual_information=float(minus_entropy.sum(axis=-1).mean()) - joint.value,
        marginal_kl=joint.value - cross.value,
        total_correlation=joint.value - float(dim_values.sum()),
        dimension_information=minus_entropy.mean(axis=0) - dim_values,
        dimension_kl=None if expected_log_p is None else dim_values - expected_log_p.mean(axis=0),
        standard_error={
            "kl": _error(cross.residuals),
            "mutual_information": _error(joint.residuals),
            "marginal_kl": _error(joint.residuals - cross.residuals),
            "total_correlation": _error(joint.residuals - sum(dim.residuals for dim in dims)),
            "dimension_information": dim_errors,
            "dimension_kl": None if expected_log_p is None else dim_errors,
        },
        n=len(minus_entropy),
    )
