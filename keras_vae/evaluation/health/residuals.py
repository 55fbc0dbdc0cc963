"""What the model has left in the data and one more latent dimension could hold."""

import math

import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int
from keras_vae.evaluation.codes import draw_codes
from keras_vae.evaluation.estimate import Estimate
from keras_vae.evaluation.health.decoder import of_codes
from keras_vae.models.draws import seed_of_batch

# Elements that the model hardly lets vary (always black pixels) count with a tenth of the mean variance.
MIN_VARIANCE_SHARE = 0.1


def residual_gain(vae, x, z_mean, z_log_var, n_dims: int = 1, seed: int = 0, condition=None) -> Estimate:
    """Nats per example that further linear latent dimensions would gain.

    If the model were right, its residuals would be noise, like those of data drawn by the model itself: from the codes
    of these very examples, through its own encoder and decoder. A direction in which real residuals vary `r` times as
    much as these holds structure, and a linear latent dimension along it gains `0.5 * (r - 1 - log r)` nats, exactly so
    for Gaussian noise. Directions are found on one half of the examples and measured on the other, so that chance gains
    nothing. Residuals are taken after the preprocessing of the model, from the values that the likelihood sees.

    Args:
        vae: `VAE` whose likelihood has its mean on the scale of the data (no tokens, no shares).
        x: array `(n, *event_shape)`, n >= 4, the target as well as the input.
        z_mean: array `(n, latent_dim)`, from `vae.encode(x)`.
        z_log_var: array, same shape.
        n_dims: int >= 1. Dimensions that could be added.
        seed: int >= 0. Decides the data drawn by the model, and the halves.
        condition: array or dict of arrays `(n, ...)`; None for a model without one.

    Returns:
        `Estimate`, nats per example.

    Raises:
        ValueError: for fewer than four rows.

    References:
        Tipping & Bishop 1999, section 3.2: the likelihood that an eigenvalue of the covariance adds.
        Lucas et al. 2019, section 4: dimensions collapse where no eigenvalue stands out of the noise.
        https://arxiv.org/abs/1911.02469
    """
    if len(x) < 4:
        raise ValueError(f"`x` must have at least four rows, to be halved. Received: {len(x)}")
    rng = np.random.default_rng(check_int("seed", seed, 0))
    drawn = _draw(vae, draw_codes(z_mean, z_log_var, rng), x, condition, rng)
    left = _residuals_of(vae)
    real, own = left(x, z_mean, condition), left(drawn, vae.encode(drawn, condition=condition)[0], condition)
    variance = own.var(axis=0)
    scale = np.sqrt(np.maximum(variance, MIN_VARIANCE_SHARE * variance.mean()) + 1e-30)
    real, own = real / scale, own / scale
    halves = np.array_split(rng.permutation(len(x)), 2)
    per_row = np.zeros(len(x))
    for searched, measured in (halves, halves[::-1]):
        directions = _directions(real[searched], check_int("n_dims", n_dims, 1))
        per_row[measured] = _gains(real[measured] @ directions, own[measured] @ directions)
    return Estimate.of_rows(per_row, kind="gain of further dimensions")


def _directions(residuals, n_dims):
    centred = residuals - residuals.mean(axis=0)
    n_dims = min(n_dims, *centred.shape)
    return np.linalg.svd(centred, full_matrices=False)[2][:n_dims].T


def _gains(real, own):
    """Gain of every row; only directions with more variance than the model's own data have any."""
    ratio = real.var(axis=0) / np.maximum(own.var(axis=0), 1e-30)
    ratio = np.maximum(ratio, 1.0)
    # log N(u; 0, r) - log N(u; 0, 1) of residuals u in units of the model's own; its mean is (r - 1 - log r) / 2.
    squares = (real - real.mean(axis=0)) ** 2 / np.maximum(own.var(axis=0), 1e-30)
    return 0.5 * np.sum(squares * (1.0 - 1.0 / ratio) - np.log(ratio), axis=1)


def _draw(vae, z, x, condition, rng):
    """Data drawn by the model from codes, in the units of the data; of x only the shape counts."""
    seeds = seed_of_batch(tf.constant(rng.integers(2**31, size=2), tf.int64))

    def draw(z, batch, seed):
        drawn = vae.likelihood.sample(vae.x_params(z, batch), seed=seed)
        return drawn if vae.preprocessing is None else vae.preprocessing.inverse(drawn)

    return of_codes(vae, draw)(z, x, condition, tensors=seeds)


def _residuals_of(vae):
    """The function `(x, z_mean, condition)` to values of the likelihood less their mean, `(n, n_elements)` float64."""

    def value_and_mean(z, batch):
        return batch.target, vae.likelihood.mean(vae.x_params(z, batch))

    pairs = of_codes(vae, value_and_mean)

    def residuals(x, z_mean, condition):
        value, mean = pairs(z_mean, x, condition)
        rows = value.astype(np.float64) - mean
        return rows.reshape(len(rows), math.prod(rows.shape[1:]))

    return residuals
