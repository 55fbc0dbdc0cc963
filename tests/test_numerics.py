import math

import numpy as np
import pytest
import tensorflow as tf

from keras_vae.numerics import log_mean_exp, sum_event


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
