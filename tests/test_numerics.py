import math

import numpy as np
import pytest
import tensorflow as tf
from helpers import value_and_gradients
from scipy import stats
from tensorflow_probability import bijectors as tfb
from tensorflow_probability import distributions as tfd

from keras_vae import numerics
from keras_vae.numerics import (
    as_tfp_seed,
    gaussian_log_mass,
    gaussian_log_prob,
    log_mean_exp,
    logistic_log_mass,
    sparse_log_softmax,
    sum_event,
    uniform_of_normal,
)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        pytest.param([0.0, 0.0, 0.0], 0.0, id="mean-of-ones"),
        pytest.param([math.log(1.0), math.log(3.0)], math.log(2.0), id="one-and-three"),
        pytest.param([-math.inf, 0.0], -math.log(2.0), id="one-weight-of-zero"),
        pytest.param([1000.0, 1000.0], 1000.0, id="exp-would-overflow"),
        pytest.param([-1000.0, -1000.0 + math.log(3.0)], -1000.0 + math.log(2.0), id="exp-would-underflow"),
    ],
)
def test_log_mean_exp_by_hand(x, expected):
    result = log_mean_exp(tf.constant(x), axis=0)
    assert result.shape == ()
    np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-6)  # A few float32 roundings.


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_log_mean_exp_takes_out_one_axis(rng, axis):
    x = rng.normal(size=(3, 4, 5))
    np.testing.assert_allclose(log_mean_exp(x, axis), np.log(np.exp(x).mean(axis)), rtol=1e-10)  # float64


def test_log_mean_exp_counts_an_axis_of_unknown_size():
    @tf.function(input_signature=[tf.TensorSpec((None, 2))])
    def graph(x):
        return log_mean_exp(x, axis=0)

    # mean(1, 3) = 2; a wrong count would be off by log 2.
    np.testing.assert_allclose(graph(np.log([[1.0, 1.0], [3.0, 3.0]])), np.log([2.0, 2.0]), rtol=1e-6)


@pytest.mark.parametrize(
    ("shape", "n_elements"),
    [
        pytest.param((2,), 1, id="rank-one-as-it-is"),
        pytest.param((2, 3), 3, id="vectors"),
        pytest.param((2, 3, 4, 5), 60, id="images"),
    ],
)
def test_sum_event_leaves_one_number_per_example(shape, n_elements):
    result = sum_event(tf.ones(shape) * tf.reshape([1.0, 2.0], (2, *[1] * (len(shape) - 1))))
    np.testing.assert_array_equal(result, [n_elements, 2.0 * n_elements])


@pytest.mark.parametrize(
    ("x", "mean", "log_var", "expected"),
    [
        pytest.param(0.0, 0.0, 0.0, -0.5 * math.log(2.0 * math.pi), id="standard-at-its-mean"),
        pytest.param(3.0, 1.0, 0.0, -0.5 * math.log(2.0 * math.pi) - 2.0, id="two-units-away"),
        pytest.param(3.0, 1.0, math.log(4.0), -0.5 * math.log(8.0 * math.pi) - 0.5, id="variance-of-four"),
    ],
)
def test_gaussian_log_prob_by_hand(x, mean, log_var, expected):
    result = gaussian_log_prob(tf.constant([x, x]), mean, log_var)
    np.testing.assert_allclose(result, [expected, expected], rtol=1e-6)


def test_a_seed_for_tfp_is_a_pair_of_int32_or_nothing():
    assert as_tfp_seed(None) is None
    pair = as_tfp_seed(7)
    assert pair.dtype == tf.int32
    assert pair.shape == (2,)


@pytest.mark.parametrize(
    "seed", [7, np.uint8(7), [0, 7], np.array([0, 7], "int32"), tf.constant([0, 7], "uint32")], ids=repr
)
def test_a_seed_gives_the_same_pair_in_every_form(seed):
    np.testing.assert_array_equal(as_tfp_seed(seed), as_tfp_seed(tf.constant([0, 7], tf.int64)))


def test_a_seed_gives_the_same_pair_in_a_graph():
    seed = tf.constant([3, 2**40 + 1], tf.int64)
    np.testing.assert_array_equal(tf.function(as_tfp_seed)(seed), as_tfp_seed(seed))


def test_every_bit_of_a_seed_counts():
    seeds = [[0, 0], [0, 1], [1, 0], [0, 2**31], [0, 2**32], [2**40, 0], [0, -1]]
    assert len({tuple(as_tfp_seed(seed).numpy()) for seed in seeds}) == len(seeds)


@pytest.mark.parametrize(
    "seed", [1.5, True, "0", [1, 2, 3], [[1, 2]], [0.5, 1.0], 2**70, tf.constant([1.0, 2.0])], ids=repr
)
def test_what_is_no_seed_is_refused(seed):
    with pytest.raises(ValueError, match="`seed` must be None, a 64-bit int or an integer tensor of shape"):
        as_tfp_seed(seed)


def test_the_module_shows_its_public_names_alone():
    assert dir(numerics) == sorted(numerics.__all__)
    assert all(hasattr(numerics, name) for name in numerics.__all__)


PLACES = np.concatenate([np.linspace(-9.0, 9.0, 37), [-40.0, 25.5, 300.0]])


@pytest.mark.parametrize("scale", [0.11, 1.0, 7.0, 300.0])
def test_the_mass_of_a_gaussian_is_that_of_scipy_also_far_out(scale):
    far = -np.abs(PLACES)
    # Of logarithms, as both masses are 0 in float64 where the scale is small.
    upper, lower = (stats.norm.logcdf((far + half) / scale) for half in (0.5, -0.5))
    wanted = upper + np.log1p(-np.exp(lower - upper))
    found = gaussian_log_mass(tf.constant(PLACES, tf.float32), scale)
    # float32 knows the difference of two logarithms near 1 / scale to some 1e-7 * scale.
    np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=2e-7 * scale)


@pytest.mark.parametrize("scale", [0.5, 3.0])
def test_the_mass_of_a_gaussian_is_that_of_tfp_and_of_draws(scale):
    # The mass within half a unit of whole numbers is that of a rounded variable.
    rounded = tfd.QuantizedDistribution(
        tfd.TransformedDistribution(tfd.Normal(0.0, scale), tfb.Shift(-0.5))
    )  # Of TFP, which rounds up.
    k = tf.range(-4.0, 5.0)
    np.testing.assert_allclose(gaussian_log_mass(k, scale), rounded.log_prob(k), rtol=1e-4, atol=1e-5)
    drawn = np.rint(np.random.default_rng(0).normal(scale=scale, size=200_000))
    shares = np.array([np.mean(drawn == value) for value in k.numpy()])
    error = np.sqrt(shares * (1.0 - shares) / len(drawn)) + 1e-5
    assert np.all(np.abs(np.exp(gaussian_log_mass(k, scale)) - shares) < 4.5 * error)


@pytest.mark.parametrize("log_scale", [-2.0, 0.0, 3.0])
def test_the_mass_of_a_logistic_distribution_is_that_of_scipy(log_scale):
    scale, near = np.exp(log_scale), -np.abs(PLACES[:37] - 0.3)
    ends = (stats.logistic.logcdf((near + half) / scale) for half in (0.5, -0.5))
    upper, lower = ends
    wanted = upper + np.log1p(-np.exp(lower - upper))
    found = logistic_log_mass(tf.constant(PLACES[:37], tf.float32), 0.3, log_scale)
    np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=1e-5)


@pytest.mark.parametrize("mass", [gaussian_log_mass, lambda x, scale: logistic_log_mass(x, 0.0, tf.math.log(scale))])
def test_gradients_of_masses_are_those_of_differences(mass):
    x, scale = tf.constant([0.0, 0.4, -3.0, 12.0, 90.0]), tf.constant([0.2, 1.0, 0.5, 3.0, 40.0])
    with tf.GradientTape() as tape:
        tape.watch([x, scale])
        value = mass(x, scale)
    slopes = tape.gradient(value, [x, scale])
    assert all(np.isfinite(slope).all() for slope in slopes)
    step = 0.02
    by_hand = (mass(x + step, scale) - mass(x - step, scale)) / (2.0 * step)
    np.testing.assert_allclose(slopes[0], by_hand, rtol=0.02, atol=2e-3)


def test_normal_noise_becomes_uniform_noise():
    epsilon = np.array([-30.0, -3.0, -0.5, 0.0, 1.0, 4.0], "float32")
    np.testing.assert_allclose(uniform_of_normal(tf.constant(epsilon)), stats.norm.cdf(epsilon), atol=1e-7)
    drawn = uniform_of_normal(tf.random.stateless_normal((50_000,), (1, 2))).numpy()
    # Kolmogorov and Smirnov: a false alarm once in a million.
    assert stats.kstest(drawn, "uniform").pvalue > 1e-6


def test_the_sum_of_log_softmax_over_sparse_counts_is_that_of_dense_ones_and_so_is_its_gradient(rng):
    x = ((rng.random((4, 9)) < 0.4) * rng.integers(1, 5, (4, 9))).astype("float32")
    x[1] = 0.0
    logits = (10.0 * rng.normal(size=(4, 9))).astype("float32")
    weights = tf.constant([1.0, 2.0, -3.0, 0.5])
    found = value_and_gradients(lambda t: weights * sparse_log_softmax(tf.sparse.from_dense(x), t), logits)
    dense = value_and_gradients(lambda t: weights * tf.reduce_sum(x * tf.nn.log_softmax(t), axis=-1), logits)
    np.testing.assert_allclose(found[0], dense[0], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found[1][0], dense[1][0], rtol=1e-4, atol=1e-5)
    # By hand: two equal items of two.
    two = tf.sparse.from_dense([[1.0, 1.0]])
    np.testing.assert_allclose(sparse_log_softmax(two, tf.zeros((1, 2))), [2.0 * np.log(0.5)], rtol=1e-6)


def test_large_logits_do_not_overflow():
    found = sparse_log_softmax(tf.sparse.from_dense([[1.0, 0.0]]), tf.constant([[1e4, 0.0]]))
    np.testing.assert_allclose(found, [0.0], atol=1e-6)
