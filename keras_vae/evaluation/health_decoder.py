"""What the decoder makes of the codes, in nats of reconstruction loss."""

import dataclasses
import math

import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int, check_number
from keras_vae.models.rows import map_rows, rows_spec

# Change of the log variance, half up and half down, that the price of a nat is measured over: 10 % of the stddev each.
LOG_VAR_STEP = 0.2


@dataclasses.dataclass(frozen=True)
class Mean:
    """A mean over examples with its standard error.

    Args:
        value: float.
        standard_error: float.
    """

    value: float
    standard_error: float

    @classmethod
    def of(cls, rows):
        """The mean of one number per example, `(n,)`; the error of a single one is not known and taken as infinite."""
        rows = np.asarray(rows, np.float64)
        error = rows.std(ddof=1) / math.sqrt(len(rows)) if len(rows) > 1 else math.inf
        return cls(float(rows.mean()), float(error))


def draw_codes(z_mean, z_log_var, rng):
    """One draw of every q(z|x), `(n, latent_dim)` float32."""
    epsilon = rng.standard_normal(z_mean.shape)
    return (z_mean + np.exp(0.5 * z_log_var) * epsilon).astype(np.float32)


def reconstruction_loss_of(vae, batch_size=256):
    """The function `(z, y) -> -log p(y|z)` of a model, compiled once for any number of rows.

    Args:
        vae: `VAE`.
        batch_size: int. Rows per call.

    Returns:
        Callable. Arrays `(n, latent_dim)` and `(n, *target_shape)` to an array `(n,)`, float64 nats.
    """

    @tf.function(input_signature=[rows_spec((vae.latent_dim,)), rows_spec(vae.target_shape)])
    def losses(z, y):
        return -vae.likelihood.log_prob(y, vae.decoder(z, training=False))

    def rows(z, y):
        shapes = {"event_shape": (vae.latent_dim,), "target_shape": vae.target_shape}
        rows = map_rows(lambda z, y, mask: losses(z, y), z, y=y, batch_size=batch_size, name="z", **shapes)
        return rows.astype(np.float64)

    return rows


def code_use(vae, z_mean, z_log_var, y, seed=0):
    """What the reconstruction loses when every example gets the code of another: 0 for a decoder that ignores z.

    Args:
        vae: `VAE`.
        z_mean: array `(n, latent_dim)`, n >= 2, from `vae.encode(x)`.
        z_log_var: array, same shape.
        y: array `(n, *target_shape)`. The targets; x itself for most models.
        seed: int. Of the draws of the codes and of who gets whose.

    Returns:
        `Mean`, nats per example.

    Raises:
        ValueError: for fewer than two rows.
    """
    if len(z_mean) < 2:
        raise ValueError(f"`z_mean` must have at least two rows, to be exchanged. Received: {len(z_mean)}")
    rng = np.random.default_rng(check_int("seed", seed, 0))
    z = draw_codes(z_mean, z_log_var, rng)
    # Along one random circle nobody keeps his own.
    circle = rng.permutation(len(z))
    exchanged = np.empty_like(z)
    exchanged[circle] = z[np.roll(circle, 1)]
    loss = reconstruction_loss_of(vae)
    return Mean.of(loss(exchanged, y) - loss(z, y))


def exchange_rate(vae, z_mean, z_log_var, y, step=LOG_VAR_STEP, n_samples=4, seed=0):
    """How many nats of reconstruction one more nat of KL buys, by narrowing all posteriors alike.

    A model trained on `reconstruction_loss + beta * kl_loss` has spent KL until it buys beta nats: the rate is the beta
    that the posteriors are right for. The bound itself has rate 1. Above 1 more KL would raise it, below 1 less. It is
    measured over posterior stddevs 10 % narrower and 10 % wider than they are, with the same noise on both sides.

    Args:
        vae: `VAE`.
        z_mean: array `(n, latent_dim)`, from `vae.encode(x)`.
        z_log_var: array, same shape.
        y: array `(n, *target_shape)`. The targets; x itself for most models.
        step: float > 0. Change of the log variance from narrower to wider.
        n_samples: int >= 1. Draws per row.
        seed: int.

    Returns:
        `Mean`, nats per nat; its value is NaN where narrower posteriors have no larger KL, as in a collapsed model.

    References:
        At the optimum of the loss the derivative of the reconstruction loss by the KL is -beta: Alemi et al. 2018,
        section 3. https://arxiv.org/abs/1711.00464
    """
    check_number("step", step, minimum=0.0, exclusive=True)
    rng = np.random.default_rng(check_int("seed", seed, 0))
    loss, saved, paid = reconstruction_loss_of(vae), np.zeros(len(z_mean)), np.zeros(len(z_mean))
    narrow, wide = z_log_var - step / 2, z_log_var + step / 2
    for _ in range(check_int("n_samples", n_samples, 1)):
        epsilon = rng.standard_normal(z_mean.shape)
        pair = [(v, (z_mean + np.exp(0.5 * v) * epsilon).astype(np.float32)) for v in (narrow, wide)]
        narrow_loss, wide_loss = (loss(z, y) for _, z in pair)
        narrow_kl, wide_kl = (_kl(vae.prior, z_mean, v, z, epsilon) for v, z in pair)
        saved += (wide_loss - narrow_loss) / n_samples
        paid += (narrow_kl - wide_kl) / n_samples
    price = Mean.of(paid)
    if price.value <= max(3.0 * price.standard_error, 1e-3):
        return Mean(math.nan, math.inf)
    rate = float(saved.mean() / price.value)
    # The error of a ratio of means, to first order.
    return Mean(rate, Mean.of(saved - rate * paid).standard_error / price.value)


def _kl(prior, z_mean, z_log_var, z, epsilon):
    """KL of every posterior from the prior `(n,)`, estimated at its draw z where there is no closed form."""
    if hasattr(prior, "kl"):
        return np.asarray(prior.kl(z_mean.astype(np.float32), z_log_var.astype(np.float32)), np.float64)
    log_q = -0.5 * np.sum(epsilon**2 + math.log(2.0 * math.pi) + z_log_var, axis=-1)
    return log_q - np.asarray(prior.log_prob(z), np.float64)
