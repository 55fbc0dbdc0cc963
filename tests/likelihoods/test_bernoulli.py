"""The Bernoulli likelihood of whole rows is the sum of its elements, near and far from certainty, with its gradient."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_vae.likelihoods.bernoulli import Bernoulli, bernoulli_log_prob, bernoulli_log_prob_of_rows

# One group of factors; several; several after trying smaller ones; a prime number, which has none; several axes.
SHAPES = [(8,), (64,), (784,), (3 * 97,), (1009,), (28, 28, 1), (5, 7)]


def exact(x, logits):
    """log p in float64, by another route: `-log(1 + exp(-l))` of ones and `-log(1 + exp(l))` of zeros."""
    x, logits = (np.asarray(a, np.float64).reshape(len(x), -1) for a in (x, logits))
    return -(x * np.logaddexp(0.0, -logits) + (1.0 - x) * np.logaddexp(0.0, logits)).sum(axis=1)


def draw(rng, shape, scale, n=200):
    logits = tf.constant(rng.normal(0.0, scale, (n, *shape)), tf.float32)
    return tf.constant(rng.random((n, *shape)) < 0.4, tf.float32), logits


@pytest.mark.parametrize("scale", [0.01, 1.0, 10.0, 200.0])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_log_prob_of_rows_is_the_sum_in_float64(rng, shape, scale):
    x, logits = draw(rng, shape, scale)
    np.testing.assert_allclose(bernoulli_log_prob_of_rows(x, logits), exact(x, logits), rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("scale", [10.0, 50.0])
def test_sure_and_right_elements_do_not_cancel(rng, scale):
    logits = tf.constant(rng.normal(0.0, scale, (200, 784)), tf.float32)
    x = tf.cast(logits > 0.0, tf.float32)
    wanted = exact(x, logits)
    # A difference of two sums, each of thousands of nats, would be off by 1e-3.
    np.testing.assert_allclose(bernoulli_log_prob_of_rows(x, logits), wanted, rtol=0.0, atol=3e-5)


def test_rounding_of_many_factors_has_no_direction(rng):
    x, logits = draw(rng, (784,), 3.0, n=2000)
    errors = bernoulli_log_prob_of_rows(x, logits).numpy() - exact(x, logits)
    # A rounding of the same sign in every element would add up to 784 * 3e-8 nats or more.
    assert abs(errors.mean()) < 1.5e-5


@pytest.mark.parametrize("value", [0.0, 1.0, 0.3])
@pytest.mark.parametrize("logit", [-1e4, -100.0, 0.0, 100.0, 1e4])
def test_extreme_logits_stay_finite(logit, value):
    x, logits = tf.fill([1, 784], value), tf.fill([1, 784], logit)
    np.testing.assert_allclose(bernoulli_log_prob_of_rows(x, logits), exact(x, logits), rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_gradient_is_that_of_the_elements(rng, shape):
    x, logits = draw(rng, shape, 3.0, n=20)
    weights = tf.constant(rng.normal(size=20), tf.float32)
    gradients = []
    for of_rows in (True, False):
        with tf.GradientTape() as tape:
            tape.watch((x, logits))
            elements = None if of_rows else tf.reshape(bernoulli_log_prob(x, logits), [20, -1])
            rows = bernoulli_log_prob_of_rows(x, logits) if of_rows else tf.reduce_sum(elements, axis=1)
            total = tf.reduce_sum(weights * rows)
        gradients.append(tape.gradient(total, (x, logits)))
    for own, other in zip(*gradients, strict=True):
        assert own.shape == other.shape
        np.testing.assert_allclose(own, other, rtol=1e-6, atol=1e-7)


def test_second_derivative_is_minus_p_times_one_minus_p(rng):
    x, logits = draw(rng, (16,), 2.0, n=3)
    with tf.GradientTape() as outer:
        outer.watch(logits)
        with tf.GradientTape() as inner:
            inner.watch(logits)
            total = tf.reduce_sum(bernoulli_log_prob_of_rows(x, logits))
        gradient = inner.gradient(total, logits)
    p = tf.sigmoid(logits)
    np.testing.assert_allclose(outer.gradient(gradient, logits), -p * (1.0 - p), rtol=1e-5, atol=1e-7)


def test_mask_of_ones_changes_nothing(rng):
    x, logits = draw(rng, (28, 28, 1), 3.0)
    likelihood = Bernoulli()
    masked = likelihood.log_prob(x, logits, tf.ones([200, 28, 28, 1]))
    np.testing.assert_allclose(likelihood.log_prob(x, logits), masked, rtol=1e-6)


def test_rows_of_unknown_length_are_summed(rng):
    x, logits = draw(rng, (30,), 3.0)
    spec = tf.TensorSpec((None, None), tf.float32)
    traced = tf.function(bernoulli_log_prob_of_rows, input_signature=[spec, spec])
    np.testing.assert_allclose(traced(x, logits), exact(x, logits), rtol=1e-6, atol=1e-5)


def test_xla_gives_the_same(rng):
    x, logits = draw(rng, (784,), 3.0)
    compiled = tf.function(bernoulli_log_prob_of_rows, jit_compile=True)
    np.testing.assert_allclose(compiled(x, logits), exact(x, logits), rtol=1e-6, atol=1e-5)


def test_one_image_scores_the_same_as_a_vector(rng):
    x, logits = draw(rng, (28, 28, 1), 3.0)
    flat = [keras.ops.reshape(a, (200, 784)) for a in (x, logits)]
    np.testing.assert_array_equal(Bernoulli().log_prob(x, logits), Bernoulli().log_prob(*flat))
