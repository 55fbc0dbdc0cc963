"""log p(x) by annealed importance sampling: the check of the importance-weighted bound."""

import math

import tensorflow as tf

from keras_vae._checks import check_int, check_number
from keras_vae.evaluation.estimate import Estimate
from keras_vae.evaluation.likelihood import check_density
from keras_vae.models.draws import seed_of_batch
from keras_vae.priors.prior import Prior
from keras_vae.training.batch import repeat_rows
from keras_vae.training.rows import RowFunction, map_rows


def annealed_log_prob(
    model,
    x,
    n_chains: int = 16,
    n_steps: int = 500,
    n_leapfrog: int = 10,
    step_size: float = 0.4,
    y=None,
    seed: int = 0,
    batch_size: int = 16,
    mask=None,
    condition=None,
) -> Estimate:
    """log p(x) by annealed importance sampling, without trusting q(z|x).

    Chains start at draws of the prior and go over to the posterior by Hamiltonian Monte Carlo on
    `log p(z) + t log p(x|z)`, t from 0 to 1; the encoder only sets the scale of the steps. Like the importance-weighted
    bound it is below log p(x) in expectation, by less the more steps there are; where q(z|x) fits badly it is the
    tighter one.

    Args:
        model: a built `VAE` or `LadderVAE` whose prior has `sample` and `log_prob`.
        x: as in `estimate_bounds`, some hundreds of examples: a step costs `n_leapfrog` decodings for every chain.
        n_chains: int >= 1. Per example.
        n_steps: int >= 1. Temperatures between prior and posterior.
        n_leapfrog: int >= 1. Leapfrog steps at each temperature.
        step_size: float > 0. Size of a leapfrog step, in standard deviations of q(z|x), or 1 where these are larger.
        y, seed, mask, condition: as in `estimate_bounds`.
        batch_size: int. Rows per call, each with all its chains.

    Returns:
        `Estimate`.

    Raises:
        ValueError: for data that does not fit the model, a model without a bound or not built, a prior without `sample`
            and `log_prob`, or an argument out of bounds.

    References:
        Wu et al. 2017, section 3. https://arxiv.org/abs/1611.04273
        Neal 2001, eq. 11. https://arxiv.org/abs/physics/9803008
    """
    _check_model(model)
    anneal = _annealer(model, seed, n_chains, n_steps, n_leapfrog, step_size)
    values = map_rows(anneal, x, model.row_spec, y=y, mask=mask, condition=condition, batch_size=batch_size)
    return Estimate.of_rows(values, n_chains, f"annealed log p(x), {n_steps:,} temperatures,")


def _annealer(model, seed, n_chains, n_steps, n_leapfrog, step_size):
    """The function of a batch of arrays to log p(x) of its rows, with other noise for every batch."""
    for name, value in (("n_chains", n_chains), ("n_steps", n_steps), ("n_leapfrog", n_leapfrog)):
        check_int(name, value, 1)
    check_number("step_size", step_size, minimum=0.0, exclusive=True)
    pair = tf.constant([check_int("seed", seed, 0), 0], tf.int64)
    seeds = seed_of_batch(pair)

    def anneal(batch, batch_seed):
        return _anneal(model, model.prepare(batch), batch_seed, n_chains, n_steps, n_leapfrog, step_size)

    graph = RowFunction(anneal, model.row_spec)
    return lambda batch: graph(batch, *seeds(len(batch.x)))


def _anneal(model, batch, seed, n_chains, n_steps, n_leapfrog, step_size):
    """log of the mean weight of the chains of every row, `(batch,)`."""
    from tensorflow_probability import mcmc

    start_seed, chain_seed = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    n_rows = batch.n_rows
    _, z_log_var = model.posterior(batch)
    # An encoder that is wrong may say anything; steps wider than the usual prior would all be rejected.
    scale = repeat_rows(tf.exp(0.5 * tf.minimum(z_log_var, 0.0)), n_chains)
    repeated = batch._replace(x=None).repeat(n_chains)

    def log_prior(z):
        return model.prior.log_prob(z)

    def log_joint(z):
        return model.prior.log_prob(z) - model.reconstruction_loss(z, repeated)

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


def _check_model(model):
    check_density(model)
    if not isinstance(model.prior, Prior):
        raise ValueError(f"`prior` must be a `keras_vae.priors.Prior` to start chains. Received: prior={model.prior!r}")
    if not model.built:
        raise ValueError(
            "`model` must be built, by `fit` or `build((None, *event_shape))`. Received: a "
            f"{type(model).__name__} that has not seen the shape of its data"
        )
