"""What a likelihood is worth: bounds with their standard errors, bits per dimension, and an independent check."""

import functools
import math
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int, check_number, check_shape
from keras_vae.layers.prior import Prior
from keras_vae.models.bounds import repeat_rows
from keras_vae.models.rows import map_rows, mask_specs, rows_spec


class Estimate(NamedTuple):
    """A mean over examples that says how it came about.

    Attributes:
        mean: float. Nats per example.
        standard_error: float. Of the mean, over the examples; NaN for one example.
        n_samples: int. Draws of z per example (chains, for annealed importance sampling).
        n_rows: int. Examples.
        values: array `(n_rows,)`. Nats of every example.
        kind: str. What was estimated.
    """

    mean: float
    standard_error: float
    n_samples: int
    n_rows: int
    values: np.ndarray
    kind: str

    def __str__(self):
        return (
            f"{self.kind} {self.mean:.2f} +- {self.standard_error:.2f} nats "
            f"({self.n_samples:,} samples each, {self.n_rows:,} examples)"
        )


class Bounds(NamedTuple):
    """The two bounds of one set of draws.

    Attributes:
        elbo: `Estimate`. Mean of `log p(x, z) - log q(z|x)`; the KL in closed form where there is one.
        log_prob: `Estimate`. The importance-weighted bound, which is no smaller in expectation.
        bits_per_dim: float. `-log_prob / (D ln 2)` for the D elements of a target that count, on average.
    """

    elbo: Estimate
    log_prob: Estimate
    bits_per_dim: float

    def __str__(self):
        return f"{self.elbo}\n{self.log_prob}\n{self.bits_per_dim:.4f} bits per dimension"


def estimate_bounds(model, x, n_samples=5000, y=None, seed=0, batch_size=256, mask=None):
    """ELBO and importance-weighted log p(x) of data, with standard errors and bits per dimension.

    Memory depends on neither the number of draws nor, for a stream, that of the rows (but for two numbers each); a bar
    shows the progress of what takes long.

    Args:
        model: a built `VAE` whose prior has a density.
        x: array `(n, *event_shape)` or `tf.data.Dataset` of batches.
        n_samples: int >= 1. Draws per example.
        y: array `(n, *target_shape)` or None for x itself.
        seed: int. The same seed gives the same numbers.
        batch_size: int. Rows per call.
        mask: array of weights of elements `(n, *leading event axes)`, 0 for what was not seen, or None for all. In a
            dataset it is the `sample_weight`.

    Returns:
        `Bounds`.

    Raises:
        ValueError: for data that does not fit the model, `n_samples` below 1, or a prior without `log_prob`.

    References:
        Burda et al. 2016, eq. 8. https://arxiv.org/abs/1509.00519
    """
    _check_density(model)
    elbo, log_prob, share = model._score_rows(x, n_samples, y, seed, batch_size, mask)
    log_prob = _estimate(log_prob, n_samples, "importance-weighted log p(x)")
    # Of nothing there are no bits.
    bits = bits_per_dim(log_prob.mean, model.target_shape) / (float(share.mean(dtype=np.float64)) or math.nan)
    return Bounds(_estimate(elbo, n_samples, "ELBO"), log_prob, bits)


def bits_per_dim(log_prob, event_shape):
    """Bits per element of the data: `-log_prob / (D ln 2)`.

    Args:
        log_prob: float or array. Nats per example.
        event_shape: tuple of ints. Shape of one example.

    Returns:
        As `log_prob`.

    Raises:
        ValueError: if `event_shape` is no shape.
    """
    return -log_prob / (math.prod(check_shape("event_shape", event_shape)) * math.log(2.0))


def annealed_log_prob(
    model, x, n_chains=16, n_steps=500, n_leapfrog=10, step_size=0.4, y=None, seed=0, batch_size=16, mask=None
):
    """log p(x) by annealed importance sampling, without trusting q(z|x): the check of the importance-weighted bound.

    Chains start at draws of the prior and go over to the posterior by Hamiltonian Monte Carlo on
    `log p(z) + t log p(x|z)`, t from 0 to 1; the encoder only sets the scale of the steps. Like the importance-weighted
    bound it is below log p(x) in expectation, by less the more steps there are; where q(z|x) fits badly it is the
    tighter one.

    Args:
        model: a built `VAE` whose prior has `sample` and `log_prob`.
        x: array `(n, *event_shape)` or `tf.data.Dataset` of batches. Some hundreds of examples: a step costs
            `n_leapfrog` decodings and their gradients for every chain.
        n_chains: int >= 1. Per example.
        n_steps: int >= 1. Temperatures between prior and posterior.
        n_leapfrog: int >= 1. Leapfrog steps at each temperature.
        step_size: float > 0. Of a leapfrog step, in standard deviations of q(z|x), or 1 where these are larger.
        y: array `(n, *target_shape)` or None for x itself.
        seed: int. The same seed gives the same numbers.
        batch_size: int. Rows per call, each with all its chains.
        mask: array of weights of elements `(n, *leading event axes)`, 0 for what was not seen, or None for all. In a
            dataset it is the `sample_weight`.

    Returns:
        `Estimate`.

    Raises:
        ValueError: for data that does not fit the model, a prior without `sample` and `log_prob`, or an argument out of
            bounds.

    References:
        Wu et al. 2017, section 3. https://arxiv.org/abs/1611.04273
        Neal 2001, eq. 11. https://arxiv.org/abs/physics/9803008
    """
    _check_density(model)
    if not isinstance(model.prior, Prior):
        raise ValueError(f"`prior` must be a `keras_vae.layers.Prior` to start chains. Received: prior={model.prior!r}")
    for name, value in (("n_chains", n_chains), ("n_steps", n_steps), ("n_leapfrog", n_leapfrog)):
        check_int(name, value, 1)
    check_number("step_size", step_size, minimum=0.0, exclusive=True)
    pair = tf.constant([check_int("seed", seed, 0), 0], tf.int64)
    batch_numbers = iter(range(2**31))

    specs = rows_spec(model.event_shape), rows_spec(model.target_shape), tf.TensorSpec((2,), tf.int32)

    @functools.cache
    def compiled(*mask_spec):
        def anneal(x_batch, y_batch, seed, mask=None):
            return _anneal(model, x_batch, y_batch, mask, seed, n_chains, n_steps, n_leapfrog, step_size)

        return tf.function(anneal, input_signature=(*specs, *mask_spec))

    def anneal_batch(x_batch, y_batch, mask):
        batch_seed = tf.random.experimental.stateless_fold_in(pair, next(batch_numbers))
        return compiled(*mask_specs(mask))(x_batch, y_batch, batch_seed, *(() if mask is None else (mask,)))

    values = map_rows(
        anneal_batch,
        x,
        model.event_shape,
        y=y,
        target_shape=model.target_shape,
        likelihood=model.likelihood,
        batch_size=batch_size,
        mask=mask,
    )
    return _estimate(values, n_chains, f"annealed log p(x), {n_steps:,} temperatures,")


def _anneal(model, x, target, mask, seed, n_chains, n_steps, n_leapfrog, step_size):
    """log of the mean weight of the chains of every row, `(batch,)`."""
    from tensorflow_probability import mcmc

    start_seed, chain_seed = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    n_rows = tf.shape(x)[0]
    _, z_log_var = model.posterior(x)
    # An encoder that is wrong may say anything; steps wider than the usual prior would all be rejected.
    target, scale = repeat_rows((target, tf.exp(0.5 * tf.minimum(z_log_var, 0.0))), n_chains)
    mask = None if mask is None else repeat_rows(mask, n_chains)

    def log_prior(z):
        return model.prior.log_prob(z)

    def log_joint(z):
        return model.prior.log_prob(z) + model.likelihood.log_prob(target, model.decoder(z, training=False), mask)

    def make_kernel(log_prob):
        return mcmc.HamiltonianMonteCarlo(log_prob, step_size=step_size * scale, num_leapfrog_steps=n_leapfrog)

    z = tf.ensure_shape(model.prior.sample(n_chains * n_rows, seed=start_seed), (None, model.latent_dim))
    _, log_weights, _ = mcmc.sample_annealed_importance_chain(
        num_steps=n_steps,
        proposal_log_prob_fn=log_prior,
        target_log_prob_fn=log_joint,
        current_state=z,
        make_kernel_fn=make_kernel,
        parallel_iterations=1,
        seed=chain_seed,
    )
    log_weights = tf.reshape(log_weights, [n_chains, n_rows])
    return tf.reduce_logsumexp(log_weights, axis=0) - math.log(n_chains)


def _check_density(model):
    model._check_built("score")
    if not hasattr(model.prior, "log_prob"):
        raise ValueError(f"`prior` must have `log_prob` for a likelihood. Received: prior={model.prior!r}")


def _estimate(values, n_samples, kind):
    values = values.astype(np.float64)
    n = len(values)
    error = float(values.std(ddof=1) / math.sqrt(n)) if n > 1 else math.nan
    return Estimate(float(values.mean()), error, n_samples, n, values, kind)
