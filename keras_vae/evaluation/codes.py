"""The Gaussian codes q(z|x) of many examples as two arrays: the check of the pair, and one draw of each."""

import numpy as np


def check_codes(z_mean, z_log_var) -> tuple[np.ndarray, np.ndarray]:
    """Both arrays in float64.

    Args:
        z_mean: array `(n, latent_dim)`, from `vae.encode(x)`.
        z_log_var: array, same shape.

    Raises:
        ValueError: unless they are finite and of one shape `(n, latent_dim)` with at least one row.
    """
    z_mean, z_log_var = np.asarray(z_mean, np.float64), np.asarray(z_log_var, np.float64)
    if z_mean.ndim != 2 or z_mean.shape != z_log_var.shape or z_mean.size == 0:
        raise ValueError(
            "`z_mean` and `z_log_var` must have the same shape (n, latent_dim) and at least one row. "
            f"Received: z_mean.shape={z_mean.shape}, z_log_var.shape={z_log_var.shape}"
        )
    for name, values in (("z_mean", z_mean), ("z_log_var", z_log_var)):
        if not np.isfinite(values).all():
            raise ValueError(f"`{name}` must be finite. Received: NaN or infinity in {name}")
    return z_mean, z_log_var


def draw_codes(z_mean, z_log_var, rng: np.random.Generator) -> np.ndarray:
    """One draw of every q(z|x), `(n, latent_dim)` float32."""
    epsilon = rng.standard_normal(z_mean.shape)
    return (z_mean + np.exp(0.5 * z_log_var) * epsilon).astype(np.float32)
