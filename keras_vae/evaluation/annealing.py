"""Annealed importance sampling by Hamiltonian Monte Carlo: a pilot finds temperatures and steps, the run takes them."""

import math
from typing import NamedTuple

import tensorflow as tf

from keras_vae.training.batch import repeat_rows

# Chains of the pilot, for every example: a spread over fewer would say little.
N_PILOT_CHAINS = 16
# A step of the pilot in temperature changes the log weights of its chains by this standard deviation, in nats.
PILOT_SPEED = 0.5
# The largest of these steps, so that the size of the moves can follow.
LARGEST_PILOT_STEP = 0.05
# A pilot ends after so many steps in temperature, wherever it is.
MAX_PILOT_STEPS = 400
# Share of accepted moves that the steps are fitted to: above the best for steps of one size, 0.651, as ours differ.
WANTED_ACCEPTANCE = 0.8
# Change of the log step for an acceptance that is off by one.
ADAPTATION_RATE = 0.5
FIRST_STEP_SIZE = 0.5
# The steps of the chains are drawn from 1 - JITTER to 1 + JITTER times the size: trajectories of one length may all
# return to where they began.
JITTER = 0.9


class Problem:
    """What is annealed: from p(z) to p(z) p(x|z), for every example of a batch.

    Args:
        sample_prior: Callable `(n, seed)` to draws `(n, latent_dim)`.
        log_prior: Callable. z to log p(z), nats.
        log_likelihood: Callable `(z, n_chains)` to log p(x|z), nats; z is chain by chain, and `n_chains` a Tensor.
        scale: Tensor `(n_rows, latent_dim)`. Standard deviations of the posterior, roughly.
    """

    def __init__(self, sample_prior, log_prior, log_likelihood, scale):
        self.sample_prior = sample_prior
        self.log_prior = log_prior
        self.log_likelihood = log_likelihood
        self.scale = scale
        self.n_rows = tf.shape(scale)[0]
        self._codes = tf.TensorSpec((None, scale.shape[-1]), tf.float32)
        # One graph for all the places that it is called from.
        specs = [self._codes, tf.TensorSpec((), tf.int32)]
        self._look = tf.function(self._look_at, input_signature=specs, autograph=False)

    def start(self, n_chains, seed):
        """The `Point` of new draws of the prior."""
        return self.look(tf.ensure_shape(self.sample_prior(n_chains * self.n_rows, seed), self._codes.shape), n_chains)

    def look(self, z, n_chains):
        """The `Point` at z. A density that is not a number there is none: no chain moves to such a place."""
        return Point(z, *self._look(z, n_chains))

    def _look_at(self, z, n_chains):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(z)
            densities = self.log_prior(z), self.log_likelihood(z, n_chains)
        gradients = [tape.gradient(density, z, unconnected_gradients="zero") for density in densities]
        return *(tf.where(tf.math.is_nan(density), -math.inf, density) for density in densities), *gradients


class Plan(NamedTuple):
    """What the pilot found.

    Attributes:
        temperatures: Tensor `(n_steps + 1, n_rows)`, rising from 0 to 1.
        step_sizes: Tensor `(n_steps, n_rows)`. In standard deviations at that temperature.
    """

    temperatures: tf.Tensor
    step_sizes: tf.Tensor


class Point(NamedTuple):
    """Where the chains are, `(n, latent_dim)`, and what is known there."""

    z: tf.Tensor
    log_prior: tf.Tensor
    log_likelihood: tf.Tensor
    prior_gradient: tf.Tensor
    likelihood_gradient: tf.Tensor


def plan(problem, n_steps, n_leapfrog, step_size, seed):
    """Temperatures and step sizes of every example, from chains that are thrown away.

    The temperatures are dense where the log likelihood varies much among the chains: every step then changes the log
    weights by the same standard deviation, which makes their variance least.

    Args:
        problem: `Problem`.
        n_steps, n_leapfrog: ints >= 1. As in `annealed_log_prob`.
        step_size: float > 0, or None to fit it to the acceptance.
        seed: Tensor `(2,)`.

    Returns:
        `Plan`.

    References:
        Gelman & Meng 1998, section 4.3 (the best path). https://doi.org/10.1214/ss/1028905934
        Beskos et al. 2013 (acceptance of 0.651). https://arxiv.org/abs/1001.4460
    """
    temperatures, spreads, log_sizes = _pilot(problem, n_leapfrog, step_size, seed)
    pace = 0.5 * (spreads[:, 1:] + spreads[:, :-1]) * (temperatures[:, 1:] - temperatures[:, :-1])
    way = tf.math.cumsum(tf.pad(pace, [[0, 0], [1, 0]]), axis=1)
    way /= way[:, -1:]
    marks = tf.linspace(0.0, 1.0, n_steps + 1)[None] * tf.ones_like(way[:, :1])
    # The ends are exact: a sum that ends at 0.9999999 would be another density.
    inner = _interpolate(marks[:, 1:-1], way, temperatures)
    ends = tf.zeros_like(marks[:, :1]), tf.ones_like(marks[:, :1])
    sizes = tf.exp(_interpolate(marks[:, 1:], way, log_sizes))
    return Plan(tf.transpose(tf.concat([ends[0], inner, ends[1]], axis=1)), tf.transpose(sizes))


def run(problem, found, n_chains, n_leapfrog, seed):
    """The chains whose weights count.

    Args:
        problem: `Problem`.
        found: `Plan`, from other noise: within the run nothing is adapted, so the mean weight is p(x) in expectation.
        n_chains, n_leapfrog: ints >= 1.
        seed: Tensor `(2,)`.

    Returns:
        Log weights `(n_chains, n_rows)`, nats; and the share of moves that were accepted, `(n_rows,)`.
    """
    n_rows, n_steps = problem.n_rows, tf.shape(found.step_sizes)[0]
    point = problem.start(n_chains, tf.random.experimental.stateless_fold_in(seed, 0))

    def step(k, point, log_weights, accepted):
        log_likelihood = tf.reshape(point.log_likelihood, [n_chains, n_rows])
        # A step of no width has no weight, also where the likelihood is zero.
        rise = (found.temperatures[k + 1] - found.temperatures[k])[None] * tf.ones_like(log_likelihood)
        log_weights += tf.math.multiply_no_nan(log_likelihood, rise)
        move_seed = tf.random.experimental.stateless_fold_in(seed, k + 1)
        point, acceptance = _move(
            problem, point, n_chains, found.temperatures[k + 1], found.step_sizes[k], n_leapfrog, move_seed
        )
        return k + 1, point, log_weights, accepted + acceptance

    start = (0, point, tf.zeros([n_chains, n_rows]), tf.zeros([n_rows]))
    _, _, log_weights, accepted = tf.while_loop(lambda k, *_: k < n_steps, step, start, parallel_iterations=1)
    return log_weights, accepted / tf.cast(n_steps, tf.float32)


def _pilot(problem, n_leapfrog, step_size, seed):
    """Temperatures, standard deviations of log p(x|z) and log step sizes on the way, each `(n_rows, n_points)`."""
    n_rows = problem.n_rows
    point = problem.start(N_PILOT_CHAINS, tf.random.experimental.stateless_fold_in(seed, 0))
    first = tf.fill([n_rows], math.log(FIRST_STEP_SIZE if step_size is None else step_size))
    rate = ADAPTATION_RATE if step_size is None else 0.0
    records = [tf.TensorArray(tf.float32, size=0, dynamic_size=True, element_shape=[None]) for _ in range(3)]

    def note(k, records, *values):
        return [record.write(k, value) for record, value in zip(records, values, strict=True)]

    def step(k, point, temperature, log_size, records):
        spread = _spread(point, n_rows)
        records = note(k, records, temperature, spread, log_size)
        temperature = tf.minimum(temperature + tf.minimum(PILOT_SPEED / spread, LARGEST_PILOT_STEP), 1.0)
        move_seed = tf.random.experimental.stateless_fold_in(seed, k + 1)
        size = tf.exp(log_size)
        point, acceptance = _move(problem, point, N_PILOT_CHAINS, temperature, size, n_leapfrog, move_seed)
        return k + 1, point, temperature, log_size + rate * (acceptance - WANTED_ACCEPTANCE), records

    k, point, _, log_size, records = tf.while_loop(
        lambda k, point, temperature, *_: (k < MAX_PILOT_STEPS) & tf.reduce_any(temperature < 1.0),
        step,
        (0, point, tf.zeros([n_rows]), first, records),
        parallel_iterations=1,
    )
    # A pilot that was cut off goes on to the end with what it last saw.
    records = note(k, records, tf.ones([n_rows]), _spread(point, n_rows), log_size)
    return [tf.transpose(record.stack()) for record in records]


def _spread(point, n_rows):
    """Standard deviation of log p(x|z) among the chains of every example, `(n_rows,)`; a finite number > 0."""
    values = tf.reshape(point.log_likelihood, [N_PILOT_CHAINS, n_rows])
    spread = tf.math.reduce_std(values, axis=0)
    return tf.clip_by_value(tf.where(tf.math.is_finite(spread), spread, 1e12), 1e-6, 1e12)


def _move(problem, point, n_chains, temperature, step_size, n_leapfrog, seed):
    """One trajectory of every chain at its temperature, taken or refused.

    Args:
        temperature, step_size: Tensors `(n_rows,)`.

    Returns:
        `Point`, and the mean probability of acceptance of the chains of every example, `(n_rows,)`.

    References:
        Neal 2011, section 5.2 (the leapfrog, and steps of varying size). https://arxiv.org/abs/1206.1901
    """
    n_rows = problem.n_rows
    momentum_seed, jitter_seed, choice_seed = tf.unstack(tf.random.experimental.stateless_split(seed, 3))
    # The precision of a Gaussian posterior at this temperature, where the prior is a standard normal.
    scale = tf.math.rsqrt(1.0 + temperature[:, None] * (1.0 / tf.square(problem.scale) - 1.0))
    step = repeat_rows(step_size[:, None] * scale, n_chains)
    step *= tf.random.stateless_uniform([n_chains * n_rows, 1], jitter_seed, 1.0 - JITTER, 1.0 + JITTER)
    heat = repeat_rows(temperature, n_chains)
    momentum = tf.random.stateless_normal(tf.shape(point.z), momentum_seed)

    def force(at):
        return at.prior_gradient + heat[:, None] * at.likelihood_gradient

    def energy(at, momentum):
        log_density = at.log_prior + tf.math.multiply_no_nan(at.log_likelihood, heat)
        return 0.5 * tf.reduce_sum(tf.square(momentum), axis=-1) - log_density

    def leapfrog(i, at, momentum):
        momentum += 0.5 * step * force(at)
        at = problem.look(at.z + step * momentum, n_chains)
        return i + 1, at, momentum + 0.5 * step * force(at)

    start = (0, point, momentum)
    _, end, end_momentum = tf.while_loop(lambda i, *_: i < n_leapfrog, leapfrog, start, parallel_iterations=1)
    log_ratio = energy(point, momentum) - energy(end, end_momentum)
    log_ratio = tf.minimum(tf.where(tf.math.is_nan(log_ratio), -math.inf, log_ratio), 0.0)
    taken = tf.math.log(tf.random.stateless_uniform([n_chains * n_rows], choice_seed)) < log_ratio
    chosen = [tf.where(taken[:, None] if a.shape.rank > 1 else taken, a, b) for a, b in zip(end, point, strict=True)]
    return Point(*chosen), tf.reduce_mean(tf.reshape(tf.exp(log_ratio), [n_chains, n_rows]), axis=0)


def _interpolate(x, xs, ys):
    """Values at `x` of the lines through the points `(xs, ys)`, row by row; all `(n_rows, n)`, `xs` never falling."""
    right = tf.clip_by_value(tf.searchsorted(xs, x, side="right"), 1, tf.shape(xs)[1] - 1)
    x_left, x_right, y_left, y_right = (tf.gather(v, i, batch_dims=1) for v in (xs, ys) for i in (right - 1, right))
    share = tf.clip_by_value(tf.math.divide_no_nan(x - x_left, x_right - x_left), 0.0, 1.0)
    return y_left + share * (y_right - y_left)
