"""The pilot and the run of annealed importance sampling, on Gaussians whose evidence is known."""

import math

import numpy as np
import pytest
import tensorflow as tf
from helpers import assert_mean_close, slow_after
from scipy.stats import norm

from keras_vae.evaluation import annealing
from keras_vae.evaluation.annealing import MAX_PILOT_STEPS, WANTED_ACCEPTANCE, Plan, Problem

SEED = tf.constant([3, 0], tf.int64)
OTHER_SEED = tf.constant([4, 0], tf.int64)


def plan(*args):
    return tf.function(lambda: annealing.plan(*args))()


def run(*args):
    return tf.function(lambda: annealing.run(*args))()


def gaussian_problem(x, stddev, spoilt=None, scale_factor=1.0):
    """z ~ N(0, I), x ~ N(z, stddev^2 I); `spoilt` is the log likelihood where the first latent is below -1."""
    x = tf.constant(x, tf.float32)
    stddev = tf.constant(stddev, tf.float32)

    def log_likelihood(z, n_chains):
        value = -0.5 * tf.square((tf.tile(x, [n_chains, 1]) - z) / stddev) - tf.math.log(
            stddev * math.sqrt(2 * math.pi)
        )
        value = tf.reduce_sum(value, axis=-1)
        return value if spoilt is None else tf.where(z[:, 0] < -1.0, spoilt, value)

    def log_prior(z):
        return -0.5 * tf.reduce_sum(tf.square(z) + math.log(2 * math.pi), axis=-1)

    posterior = tf.math.rsqrt(1.0 + 1.0 / tf.square(stddev))
    sample = lambda n, seed: tf.random.stateless_normal([n, x.shape[1]], seed)  # noqa: E731
    return Problem(sample, log_prior, log_likelihood, tf.minimum(scale_factor * posterior, 1.0) * tf.ones_like(x))


def evidence(x, stddev):
    return norm.logpdf(x, 0.0, np.sqrt(1.0 + np.square(stddev))).sum(axis=1)


def estimate(log_weights):
    return np.logaddexp.reduce(log_weights.numpy().astype("float64"), axis=0) - math.log(len(log_weights))


@pytest.mark.slow
@pytest.mark.parametrize("step_size", [None, 0.3])
def test_the_mean_weight_is_the_evidence_however_few_the_temperatures(step_size):
    """Three temperatures are a bad path, and the weights are right all the same."""
    x, stddev = np.array([[0.5], [1.5]]), 0.5
    problem = gaussian_problem(x, stddev)
    found = plan(problem, 3, 2, step_size, SEED)
    log_weights, _ = run(problem, found, 20_000, 2, OTHER_SEED)
    # Moves that are never refused, or weights of the wrong point, are off by 10 % and more.
    assert_mean_close(np.exp(log_weights.numpy() - evidence(x, stddev)), 1.0, resolution=0.1)


def test_the_temperatures_rise_from_0_to_1_densely_where_the_likelihood_is_sharp():
    found = plan(gaussian_problem([[0.5, -1.0], [2.0, 0.0]], 0.01), 100, 5, None, SEED)
    temperatures = found.temperatures.numpy()
    assert temperatures.shape == (101, 2)
    assert found.step_sizes.shape == (100, 2)
    np.testing.assert_array_equal(temperatures[[0, -1]], [[0.0, 0.0], [1.0, 1.0]])
    assert np.all(np.diff(temperatures, axis=0) > 0.0)
    # At temperature t the log likelihood of d latents has a standard deviation of sqrt(d / 2) / (t + stddev^2): equal
    # steps of its integral are equal steps of log(t + stddev^2), and half of them lie below stddev = 0.01.
    assert temperatures[50].min() > 0.003
    assert temperatures[50].max() < 0.03


def test_temperatures_of_equal_pace_have_less_variance_than_equal_steps():
    x = np.array([[0.5, -1.0]])
    problem = gaussian_problem(x, 0.05)
    found = plan(problem, 60, 5, None, SEED)
    equal = Plan(tf.linspace([0.0], [1.0], 61), found.step_sizes)
    good, bad = (run(problem, p, 200, 5, OTHER_SEED)[0].numpy() for p in (found, equal))
    # The least variance, of chains that forget at every step, is the squared length of the way over the number of
    # steps: (2 log 20 sqrt(d / 2))^2 / 60 = 0.6. It cannot be less, but for the error of 200 draws, and is not far.
    assert 0.4 < good.var() < 12.0
    assert bad.var() > 20 * good.var()


@pytest.mark.slow
@pytest.mark.parametrize(("n", "stddev"), slow_after(2, [(4, 0.01), (40, 1.0), (40, 0.01), (4, 1.0)]))
def test_the_steps_are_fitted_to_the_acceptance(n, stddev):
    problem = gaussian_problem(np.full((2, n), 0.5), stddev)
    _, acceptance = run(problem, plan(problem, 150, 5, None, SEED), 16, 5, OTHER_SEED)
    # At the first temperatures the steps are still on their way.
    np.testing.assert_allclose(acceptance, WANTED_ACCEPTANCE, atol=0.15)


@pytest.mark.slow
def test_a_wrong_scale_is_made_good():
    """Steps proposed 30 times too wide, or too narrow."""
    x = np.full((1, 5), 0.5)
    for factor in (30.0, 1 / 30.0):
        wrong = gaussian_problem(x, 0.1, scale_factor=factor)
        log_weights, acceptance = run(wrong, plan(wrong, 300, 5, None, SEED), 16, 5, OTHER_SEED)
        assert acceptance.numpy()[0] > 0.6
        np.testing.assert_allclose(estimate(log_weights), evidence(x, 0.1), atol=0.5)


def test_a_step_size_that_is_given_is_kept():
    found = plan(gaussian_problem([[0.5]], 0.1), 20, 3, 0.25, SEED)
    np.testing.assert_allclose(found.step_sizes, 0.25, rtol=1e-6)


def test_a_pilot_that_is_cut_off_still_leads_to_the_end():
    """800 latents and a standard deviation of 1e-4: a way of about 370 nats at half a nat a step."""
    problem = gaussian_problem(np.full((1, 800), 0.5), 1e-4)
    temperatures = plan(problem, MAX_PILOT_STEPS, 1, None, SEED).temperatures.numpy()
    assert temperatures[-1] == 1.0
    assert np.all(np.isfinite(temperatures))
    assert np.all(np.diff(temperatures, axis=0) >= 0.0)


@pytest.mark.parametrize("spoilt", [math.nan, -math.inf])
def test_a_likelihood_that_is_not_a_number_somewhere_ends_the_chains_there_alone(spoilt):
    x, stddev = np.array([[0.5]]), 0.5
    problem = gaussian_problem(x, stddev, spoilt)
    log_weights, _ = run(problem, plan(problem, 50, 5, None, SEED), 2_000, 5, OTHER_SEED)
    assert not np.isnan(log_weights).any()
    # p(x) without z < -1, where the posterior has less than 1e-3 of its mass: 0.4 -+ 0.45.
    assert estimate(log_weights)[0] == pytest.approx(evidence(x, stddev)[0], abs=0.05)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights():
    problem = gaussian_problem([[0.5]], 0.5)
    weights = [run(problem, plan(problem, 5, 2, None, s), 4, 2, s)[0].numpy() for s in (SEED, SEED, OTHER_SEED)]
    np.testing.assert_array_equal(weights[0], weights[1])
    assert np.all(weights[0] != weights[2])
