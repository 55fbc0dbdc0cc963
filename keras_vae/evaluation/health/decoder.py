"""How the decoder uses the codes, in nats of reconstruction loss."""

import math

import numpy as np

from keras_vae._checks import check_int, check_number
from keras_vae.evaluation.codes import draw_codes
from keras_vae.evaluation.estimate import Estimate
from keras_vae.numerics import LOG_2_PI
from keras_vae.training.rows import RowFunction, RowSpec, map_rows

# Change of the log variance, half up and half down, that the price of a nat is measured over: 5 % of the stddev each.
LOG_VAR_STEP = 0.2


def of_codes(vae, function, batch_size: int = 256):
    """A function of codes and targets, compiled once for any number of rows.

    Args:
        vae: `VAE`.
        function: Callable `(z, batch, *tensors)`. `batch` is prepared and holds the targets and the condition.
        batch_size: int. Rows per call.

    Returns:
        Callable `(z, y, condition=None, tensors=None)`: arrays `(n, latent_dim)`, `(n, *target_shape)` in the units of
        the data, the condition or None, and a callable from the rows of the next batch to its further tensors. It
        returns arrays with `n` rows.
    """
    takes = vae.takes_condition("decoder")
    condition_shape, takes_holes = vae.condition_shape if takes else None, vae.row_spec.takes_holes
    spec = RowSpec((vae.latent_dim,), vae.target_shape, condition_shape, takes_holes=takes_holes)

    def of_batch(batch, *tensors):
        # The target stands where `prepare` expects an x of its shape.
        return function(batch.x, vae.prepare(batch._replace(x=batch.target)), *tensors)

    graph = RowFunction(of_batch, spec)

    def rows(z, y, condition=None, tensors=lambda n_rows: ()):
        data = {"y": y, "condition": condition if takes else None, "batch_size": batch_size, "name": "z"}
        return map_rows(lambda batch: graph(batch, *tensors(len(batch.x))), z, spec, **data)

    return rows


def reconstruction_loss_of(vae, batch_size: int = 256):
    """The function `(z, y, condition=None) -> -log p(y|z)` of a model, `(n,)` float64 nats: see `of_codes`."""
    losses = of_codes(vae, vae.reconstruction_loss, batch_size)
    return lambda z, y, condition=None: losses(z, y, condition).astype(np.float64)


def code_use(vae, z_mean, z_log_var, y, seed: int = 0, condition=None) -> Estimate:
    """What the reconstruction loses when every example gets the code of another: 0 for a decoder that ignores z.

    Args:
        vae: `VAE`.
        z_mean: array `(n, latent_dim)`, n >= 2, from `vae.encode(x)`.
        z_log_var: array, same shape.
        y: array `(n, *target_shape)`. The targets; x itself for most models.
        seed: int >= 0. Decides the draws of the codes, and who gets whose.
        condition: array or dict of arrays `(n, ...)`, which every example keeps; None for a model without one.

    Returns:
        `Estimate`, nats per example.

    Raises:
        ValueError: for fewer than two rows.

    Examples:
        >>> used = kv.evaluation.code_use(vae, *vae.encode(x), x)
        >>> used.mean > 3.0 * used.standard_error
        True
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
    return Estimate.of_rows(loss(exchanged, y, condition) - loss(z, y, condition), kind="use of the code")


def exchange_rate(
    vae, z_mean, z_log_var, y, step: float = LOG_VAR_STEP, n_samples: int = 4, seed: int = 0, condition=None
) -> Estimate:
    """How many nats of reconstruction one more nat of KL buys, by narrowing all posteriors alike.

    A model trained on `reconstruction_loss + beta * kl_loss` has spent KL until it buys beta nats: the rate is the beta
    that the posteriors are right for. The bound itself has rate 1. Above 1 more KL would raise it, below 1 less. It is
    measured over posterior stddevs 5 % narrower and 5 % wider than they are, with the same noise on both sides.

    Args:
        vae: `VAE`.
        z_mean: array `(n, latent_dim)`, from `vae.encode(x)`.
        z_log_var: array, same shape.
        y: array `(n, *target_shape)`. The targets; x itself for most models.
        step: float > 0. Change of the log variance from narrower to wider.
        n_samples: int >= 1. Draws per row.
        seed: int >= 0. The same seed gives the same rate.
        condition: array or dict of arrays `(n, ...)`; None for a model without one.

    Returns:
        `Estimate`, nats per nat; its mean is NaN where narrower posteriors have no larger KL, as in a collapsed model.

    Examples:
        >>> rate = kv.evaluation.exchange_rate(vae, *vae.encode(x), x)
        >>> rate.unit, rate.n_rows == len(x)
        ('nats per nat', True)

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
        narrow_loss, wide_loss = (loss(z, y, condition) for _, z in pair)
        narrow_kl, wide_kl = (_kl(vae.prior, z_mean, v, z, epsilon) for v, z in pair)
        saved += (wide_loss - narrow_loss) / n_samples
        paid += (narrow_kl - wide_kl) / n_samples
    return _ratio(saved, paid, n_samples)


def _ratio(saved, paid, n_samples):
    """`mean(saved) / mean(paid)`, with its error to first order; NaN where nothing is surely paid."""
    about = {"n_rows": len(paid), "n_samples": n_samples, "kind": "rate", "unit": "nats per nat"}
    price = Estimate.of_rows(paid)
    # Written so that an unknown error, NaN, leaves the rate unknown.
    if not price.mean > 1e-3 or not price.mean > 3.0 * price.standard_error:
        return Estimate(math.nan, math.inf, **about)
    rate = float(saved.mean() / price.mean)
    return Estimate(rate, Estimate.of_rows(saved - rate * paid).standard_error / price.mean, **about)


def _kl(prior, z_mean, z_log_var, z, epsilon):
    """KL of every posterior from the prior `(n,)`, estimated at its draw z where there is no closed form."""
    if hasattr(prior, "kl"):
        return np.asarray(prior.kl(z_mean.astype(np.float32), z_log_var.astype(np.float32)), np.float64)
    log_q = -0.5 * np.sum(epsilon**2 + LOG_2_PI + z_log_var, axis=-1)
    return log_q - np.asarray(prior.log_prob(z), np.float64)
