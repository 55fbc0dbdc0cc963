"""Elements of weight 0: they add nothing to value and gradient, whatever stands there."""

import numpy as np
import pytest
import tensorflow as tf

from keras_vae.likelihoods.registry import get_likelihood

FILLS = [1e20, 9.969209968386869e36, -1e20, np.nan, np.inf, -np.inf]
# Name, arguments, data: 4 rows of 3 elements.
CASES = [
    ("bernoulli", {}, [0, 1, 1]),
    ("continuous_bernoulli", {}, [0.1, 0.5, 0.9]),
    ("gaussian", {}, [-1.0, 0.0, 2.0]),
    ("gaussian_fixed", {}, [-1.0, 0.0, 2.0]),
    ("gaussian_shared", {}, [-1.0, 0.0, 2.0]),
    ("discretized_logistic", {}, [0, 7, 255]),
    ("categorical", {"n_classes": 5}, [0, 3, 4]),
    ("negative_binomial", {}, [0, 7, 30]),
]


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize(("name", "arguments", "row"), CASES, ids=[case[0] for case in CASES])
def test_what_is_hidden_has_no_value_and_no_gradient(name, arguments, row, fill, rng):
    likelihood = get_likelihood(name, **arguments)
    x = np.tile(np.float32(row), (4, 1))
    mask = np.ones((4, 3), "float32")
    mask[:, 1] = 0.0
    filled = x.copy()
    filled[:, 1] = fill
    x_params = tf.Variable(rng.normal(size=(4, *likelihood.params_shape((3,)))).astype("float32"))
    with tf.GradientTape() as tape:
        value = likelihood.log_prob(filled, x_params, mask)
        total = tf.reduce_sum(value)
    gradient = tape.gradient(total, x_params).numpy()
    np.testing.assert_allclose(value, likelihood.log_prob(x, x_params, mask), rtol=1e-6)
    assert np.isfinite(gradient).all()
    # The parameters of a hidden element, wherever they stand: with every value hidden nothing moves.
    with tf.GradientTape() as tape:
        nothing = tf.reduce_sum(likelihood.log_prob(np.full_like(x, fill), x_params, np.zeros((4, 3), "float32")))
    np.testing.assert_array_equal(tape.gradient(nothing, x_params), np.zeros_like(gradient))
    assert float(nothing) == 0.0
