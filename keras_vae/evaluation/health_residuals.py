"""What the model has left in the data that one more latent dimension could hold."""

import math

import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int
from keras_vae.evaluation.health_decoder import Mean, draw_codes
from keras_vae.models.rows import map_rows, rows_spec

# Elements that the model hardly lets vary (always black pixels) count with a tenth of the mean variance.
MIN_VARIANCE_SHARE = 0.1


def residual_gain(vae, x, z_mean, z_log_var, n_dims=1, seed=0):
    """Nats per example that further linear latent dimensions would gain.

    If the model were right, its residuals would be noise: those of data that it draws itself, from the codes of these
    very examples, through its own encoder and decoder. A direction in which real residuals vary `r` times as much as
    these holds structure, and a linear latent dimension along it gains `0.5 * (r - 1 - log r)` nats, exactly so for
    Gaussian noise. Directions are found on one half of the examples and measured on the other, so that chance gains
    nothing.

    Args:
        vae: `VAE` whose likelihood is not one of tokens or shares.
        x: array `(n, *event_shape)`, n >= 4, the target as well as the input.
        z_mean: array `(n, latent_dim)`, from `vae.encode(x)`.
        z_log_var: array, same shape.
        n_dims: int >= 1. Dimensions that could be added.
        seed: int. Of the model's own data and of the halves.

    Returns:
        `Mean`, nats per example.

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
    drawn = _draw(vae, draw_codes(z_mean, z_log_var, rng), rng)
    real, own = _residuals(vae, x, z_mean), _residuals(vae, drawn, vae.encode(drawn)[0])
    variance = own.var(axis=0)
    scale = np.sqrt(np.maximum(variance, MIN_VARIANCE_SHARE * variance.mean()) + 1e-30)
    real, own = real / scale, own / scale
    halves = np.array_split(rng.permutation(len(x)), 2)
    per_row = np.zeros(len(x))
    for searched, measured in (halves, halves[::-1]):
        directions = _directions(real[searched], check_int("n_dims", n_dims, 1))
        per_row[measured] = _gains(real[measured] @ directions, own[measured] @ directions)
    return Mean.of(per_row)


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


def _draw(vae, z, rng):
    pair = tf.constant(rng.integers(2**31, size=2), tf.int64)
    numbers = iter(range(2**31))

    @tf.function(input_signature=[rows_spec((vae.latent_dim,)), tf.TensorSpec((), tf.int64)])
    def draw(z, number):
        seed = tf.random.experimental.stateless_fold_in(pair, number)
        return vae.likelihood.sample(vae.decoder(z, training=False), seed=seed)

    return map_rows(lambda z: draw(z, tf.constant(next(numbers), tf.int64)), z, (vae.latent_dim,), name="z")


def _residuals(vae, x, z_mean):
    rows = np.asarray(x, np.float64) - vae.decode(z_mean)
    return rows.reshape(len(rows), math.prod(rows.shape[1:]))
