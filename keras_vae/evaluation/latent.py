"""Health of the latent space: which dimensions carry something."""

import numpy as np
from numpy.typing import ArrayLike

from keras_vae._checks import check_number

# Burda et al. count a dimension as active when the variance of its posterior mean over the data exceeds this.
ACTIVE_UNIT_THRESHOLD = 0.01


def kl_per_dim(z_mean: ArrayLike, z_log_var: ArrayLike) -> np.ndarray:
    """KL of every latent dimension from the standard normal, averaged over the data.

    Args:
        z_mean: array `(n, latent_dim)`, from `vae.encode(x)`.
        z_log_var: array, same shape.

    Returns:
        NumPy array `(latent_dim,)`. Nats.

    Examples:
        >>> kv.evaluation.kl_per_dim([[1.0, 0.0], [-1.0, 0.0]], np.zeros((2, 2)))
        array([0.5, 0. ])

    References:
        Kingma & Welling 2014, appendix B. https://arxiv.org/abs/1312.6114
    """
    z_mean, z_log_var = (np.asarray(a, np.float64) for a in (z_mean, z_log_var))
    return 0.5 * np.mean(z_mean**2 + np.expm1(z_log_var) - z_log_var, axis=0)


def active_units(z_mean: ArrayLike, threshold: float = ACTIVE_UNIT_THRESHOLD) -> np.ndarray:
    """Which latent dimensions are active: the variance of the posterior mean over the data exceeds the threshold.

    Args:
        z_mean: array `(n, latent_dim)`, from `vae.encode(x)`.
        threshold: float >= 0.

    Returns:
        NumPy array of bools, `(latent_dim,)`.

    Raises:
        ValueError: for a negative threshold.

    Examples:
        >>> kv.evaluation.active_units([[0.0, 1.0], [0.0, -1.0]])
        array([False,  True])

    References:
        Burda et al. 2016, section 5.2. https://arxiv.org/abs/1509.00519
    """
    check_number("threshold", threshold, minimum=0.0)
    return np.var(np.asarray(z_mean, np.float64), axis=0) > threshold
