import math

import numpy as np
import pytest
import tensorflow as tf

from keras_vae import numerics
from keras_vae.numerics import as_tfp_seed, gaussian_log_prob, log_mean_exp, sum_event


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
