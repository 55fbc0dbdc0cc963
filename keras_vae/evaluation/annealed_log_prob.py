"""log p(x) by annealed importance sampling: the check of the importance-weighted bound."""

import math
import warnings
from typing import Any, NamedTuple

import tensorflow as tf

from keras_vae._checks import check_int, check_number
from keras_vae.evaluation.annealing import Problem, plan, run
from keras_vae.evaluation.estimate import Estimate
from keras_vae.evaluation.likelihood import check_density
from keras_vae.models.bounds import bounds_of_batch
from keras_vae.models.draws import seed_of_batch
from keras_vae.priors.prior import Prior
from keras_vae.training.rows import RowFunction, map_rows

# Draws of the importance-weighted bound that the estimate is held against.
N_BOUND_DRAWS = 100
BOUND_CHUNK = 20
# Nats that an estimate may fall short by before a warning.
SHORTFALL = 0.5
# Chains that refuse more of their moves than this hardly go anywhere.
LEAST_ACCEPTANCE = 0.4


def annealed_log_prob(
    model,
    x,
    n_chains: int = 16,
    n_steps: int = 500,
    n_leapfrog: int = 10,
    step_size: float | None = None,
    y=None,
    seed: int = 0,
    batch_size: int = 16,
    mask=None,
    condition=None,
) -> Estimate:
    """log p(x) by annealed importance sampling, without trusting q(z|x).

    Chains go from draws of the prior to the posterior by Hamiltonian Monte Carlo on `log p(z) + t log p(x|z)`, t from 0
    to 1. A pilot with other noise finds the temperatures of every example and the size of the steps; the encoder only
    sets their proportions. Below log p(x) in expectation, by less the more temperatures there are, and tighter than the
    importance-weighted bound where q(z|x) fits badly. A warning with the numbers tells where it is not to be believed:
    moves refused, chains that disagree, or a larger importance-weighted bound, of which some draws are taken alongside.

    Args:
        model: a built `VAE` or `LadderVAE` whose prior has `sample` and `log_prob`.
        x: as in `estimate_bounds`, some hundreds of examples: a step costs `n_leapfrog` decodings for every chain.
        n_chains, n_steps, n_leapfrog: ints >= 1. Chains per example, temperatures, leapfrog steps at each of them.
        step_size: float > 0, in standard deviations of q(z|x), at most 1; None: fitted to the share of moves accepted.
        y, seed, mask, condition: as in `estimate_bounds`.
        batch_size: int. Rows per call, each with all its chains.

    Returns:
        `Estimate`.

    Raises:
        ValueError: for data that does not fit, a model without a bound or not built, a prior without `sample` and
            `log_prob`, or an argument out of bounds.

    References:
        Wu et al. 2017, section 3. https://arxiv.org/abs/1611.04273; Neal 2001, eq. 11.
    """
    _check_model(model)
    anneal = _annealer(model, seed, n_chains, n_steps, n_leapfrog, step_size)
    rows = map_rows(anneal, x, model.row_spec, y=y, mask=mask, condition=condition, batch_size=batch_size)
    found = _Rows(*(part.astype("float64") for part in rows))
    _warn(_doubts(found, n_chains), n_chains, n_steps)
    return Estimate.of_rows(found.log_prob, n_chains, f"annealed log p(x), {n_steps:,} temperatures,")


class _Rows(NamedTuple):
    """What is known of every example, each `(n,)`."""

    log_prob: Any
    acceptance: Any
    variance: Any  # Of the log weights of its chains, see `_upper_variance`.
    bound: Any


def _annealer(model, seed, n_chains, n_steps, n_leapfrog, step_size):
    """The function of a batch of arrays to `_Rows`, with other noise for every batch."""
    for name, value in (("n_chains", n_chains), ("n_steps", n_steps), ("n_leapfrog", n_leapfrog)):
        check_int(name, value, 1)
    if step_size is not None:
        check_number("step_size", step_size, minimum=0.0, exclusive=True)
    pair = tf.constant([check_int("seed", seed, 0), 0], tf.int64)
    seeds = seed_of_batch(pair)

    def anneal(batch, batch_seed):
        return _anneal(model, model.prepare(batch), batch_seed, n_chains, n_steps, n_leapfrog, step_size)

    graph = RowFunction(anneal, model.row_spec)
    return lambda batch: graph(batch, *seeds(len(batch.x)))


def _anneal(model, batch, seed, n_chains, n_steps, n_leapfrog, step_size):
    """`_Rows` of a batch, as a tuple."""
    pilot_seed, run_seed, bound_seed = tf.unstack(tf.random.experimental.stateless_split(seed, 3))
    _, z_log_var = model.posterior(batch)
    given = batch._replace(x=None)
    problem = Problem(
        sample_prior=lambda n, seed: model.prior.sample(n, seed=seed),
        log_prior=model.prior.log_prob,
        log_likelihood=lambda z, n_chains: -model.reconstruction_loss(z, given.repeat(n_chains)),
        # An encoder that is wrong may say anything; steps wider than the usual prior would all be rejected.
        scale=tf.exp(0.5 * tf.minimum(z_log_var, 0.0)),
    )
    found = plan(problem, n_steps, n_leapfrog, step_size, pilot_seed)
    log_weights, acceptance = run(problem, found, n_chains, n_leapfrog, run_seed)
    log_prob = tf.reduce_logsumexp(log_weights, axis=0) - math.log(n_chains)
    bound = bounds_of_batch(model, batch, N_BOUND_DRAWS, BOUND_CHUNK, bound_seed).log_prob
    return log_prob, acceptance, _upper_variance(log_weights, n_chains), bound


def _upper_variance(log_weights, n_chains):
    """Variance of the log weights of every example, `(batch,)`, from those above the median; NaN for a single chain.

    A chain that is left behind has no weight and does no harm; one far above the others is the whole estimate.
    """
    if n_chains == 1:
        return tf.fill(tf.shape(log_weights)[1:], math.nan)
    ranked = tf.sort(log_weights, axis=0)
    median = 0.5 * (ranked[n_chains // 2] + ranked[(n_chains - 1) // 2])
    return 2.0 / (n_chains - 1) * tf.reduce_sum(tf.square(tf.nn.relu(log_weights - median)), axis=0)


def _doubts(found, n_chains):
    """What speaks against the estimate, a list of sentences."""
    doubts = []
    acceptance = found.acceptance.mean()
    if acceptance < LEAST_ACCEPTANCE:
        doubts.append(f"{100 * acceptance:.0f} % of the moves were accepted, where 60 to 80 % are good")
    variance = found.variance.mean()
    # The log of a mean of n log-normal weights falls short by about (exp(variance) - 1) / 2n.
    limit = math.log1p(2 * SHORTFALL * n_chains)
    if n_chains > 1 and not variance <= limit:
        doubts.append(
            f"the log weights of the chains of an example have a variance of {variance:.3g}, where {limit:.2g} leaves "
            f"it {SHORTFALL:g} nats too low"
        )
    below = Estimate.of_rows(found.bound - found.log_prob)
    error = below.standard_error if math.isfinite(below.standard_error) else 0.0
    if not below.mean <= SHORTFALL + 3.0 * error:
        doubts.append(
            f"it lies {below.mean:.3g} nats below the importance-weighted bound of {N_BOUND_DRAWS} draws, "
            f"{found.bound.mean():.2f}, which is itself too low if anything"
        )
    return doubts


def _warn(doubts, n_chains, n_steps):
    if doubts:
        warnings.warn(
            f"The annealed log p(x) is not to be believed: {'; '.join(doubts)}. Take more temperatures than "
            f"n_steps={n_steps}, more chains than n_chains={n_chains}, or leave `step_size` to the pilot.",
            UserWarning,
            stacklevel=3,
        )


def _check_model(model):
    check_density(model)
    if not isinstance(model.prior, Prior):
        raise ValueError(f"`prior` must be a `keras_vae.priors.Prior` to start chains. Received: prior={model.prior!r}")
    if not model.built:
        raise ValueError(
            "`model` must be built, by `fit` or `build((None, *event_shape))`. Received: a "
            f"{type(model).__name__} that has not seen the shape of its data"
        )
