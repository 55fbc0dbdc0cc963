"""What a model is worth on data: bounds on log p(x) with their standard errors, and bits per dimension."""

import math
from typing import NamedTuple

import numpy as np

from keras_vae._checks import check_shape
from keras_vae.evaluation.estimate import Estimate


class Bounds(NamedTuple):
    """The two bounds of one set of draws.

    Attributes:
        elbo: `Estimate`. Mean of `log p(x, z) - log q(z|x)`; the KL in closed form where there is one.
        log_prob: `Estimate`. The importance-weighted bound, which is no smaller in expectation.
        bits_per_dim: float. `-log_prob / (D ln 2)` for the D elements of a target that count, on average.

    Examples:
        >>> kv.evaluation.estimate_bounds(vae, x[:20], n_samples=10)._fields
        ('elbo', 'log_prob', 'bits_per_dim')
    """

    elbo: Estimate
    log_prob: Estimate
    bits_per_dim: float

    def __str__(self):
        return f"{self.elbo}\n{self.log_prob}\n{self.bits_per_dim:.4f} bits per dimension"


def estimate_bounds(
    model, x, n_samples: int = 5000, y=None, seed: int = 0, batch_size: int = 256, mask=None, condition=None
) -> Bounds:
    """ELBO and importance-weighted log p(x) of data, with standard errors and bits per dimension.

    The one place where the honest number is computed: reports and the shell ask here. Memory depends neither on the
    number of draws nor, for a stream, on the number of rows (but for two numbers each); a bar shows the progress of
    what takes long.

    Args:
        model: a built `VAE` or `LadderVAE` whose prior has a density.
        x: array `(n, *event_shape)`, `(x, condition)`, or `tf.data.Dataset` of batches.
        n_samples: int >= 1. Draws per example.
        y: array `(n, *target_shape)` or None for x itself.
        seed: int >= 0. The same seed gives the same numbers.
        batch_size: int. Rows per call.
        mask: array of weights of elements `(n, *leading event axes)`, 0 for what was not seen, or None for all. In a
            dataset it is the `sample_weight`.
        condition: array or dict of arrays `(n, ...)`, for a model with a condition.

    Returns:
        `Bounds`.

    Raises:
        ValueError: for data that does not fit the model, `n_samples` below 1, a model without a bound, or a prior
            without `log_prob`.

    Examples:
        >>> bounds = kv.evaluation.estimate_bounds(vae, x, n_samples=100)
        >>> bounds.log_prob.mean > bounds.elbo.mean
        True

    References:
        Burda et al. 2016, eq. 8. https://arxiv.org/abs/1509.00519
    """
    check_density(model)
    bounds, share = model.bound_rows(x, n_samples, y, seed, batch_size, mask, condition)
    log_prob = Estimate.of_rows(bounds.log_prob, n_samples, "importance-weighted log p(x)")
    # Of nothing there are no bits.
    bits = bits_per_dim(log_prob.mean, model.target_shape) / (float(share.mean(dtype=np.float64)) or math.nan)
    return Bounds(Estimate.of_rows(bounds.elbo, n_samples, "ELBO"), log_prob, bits)


def bits_per_dim(log_prob, event_shape):
    """Bits per element of the data: `-log_prob / (D ln 2)`.

    Args:
        log_prob: float or array. Nats per example.
        event_shape: tuple of ints. Shape of one example.

    Returns:
        As `log_prob`.

    Raises:
        ValueError: if `event_shape` is no shape.

    Examples:
        >>> float(kv.evaluation.bits_per_dim(-64.0 * np.log(2.0), (8, 8, 1)))
        1.0
    """
    return -log_prob / (math.prod(check_shape("event_shape", event_shape)) * math.log(2.0))


def check_density(model):
    """Refuse a model whose log p(x) has no bound that could be estimated.

    Raises:
        ValueError: for a model without a posterior, or a prior without `log_prob`.
    """
    if not hasattr(model, "bound_rows"):
        raise ValueError(f"`model` must have a bound on log p(x), as a VAE has. Received: {type(model).__name__}")
    if not model.has_density:
        raise ValueError(f"`prior` must have `log_prob` for a likelihood. Received: prior={model.prior!r}")
