import numpy as np
import pytest
import tensorflow as tf
from likelihood_helpers import value_and_gradient
from scipy import special, stats
from tensorflow_probability import distributions as tfd

from keras_vae.likelihoods import Multinomial


def test_log_prob_is_the_full_one_of_tfp_for_the_row_sums(rng):
    logits = rng.normal(size=(4, 50)).astype("float32")
    x = rng.poisson(3, size=(4, 50)).astype("float32")
    expected = tfd.Multinomial(x.sum(axis=1), logits=logits).log_prob(x)
    np.testing.assert_allclose(Multinomial().log_prob(x, logits), expected, rtol=1e-5)


def test_log_prob_equals_scipy(rng):
    logits = rng.normal(size=(4, 6)).astype("float32")
    x = rng.poisson(3, size=(4, 6))
    expected = stats.multinomial.logpmf(x, x.sum(axis=1), special.softmax(logits.astype("float64"), axis=1))
    np.testing.assert_allclose(Multinomial().log_prob(x, logits), expected, rtol=1e-5)


def test_a_row_without_counts_has_probability_one_and_no_gradient(rng):
    logits = rng.normal(size=(2, 5)).astype("float32")
    x = np.array([[0, 0, 0, 0, 0], [1, 0, 2, 0, 0]], "float32")
    value, gradient = value_and_gradient(lambda p: Multinomial().log_prob(x, p), logits)
    assert value[0] == pytest.approx(0, abs=1e-6)
    np.testing.assert_array_equal(gradient[0], np.zeros(5))
    assert np.all(np.isfinite(gradient))


def test_gradient_is_the_one_without_the_coefficient(rng):
    logits = rng.normal(size=(3, 5)).astype("float32")
    x = rng.poisson(2, size=(3, 5)).astype("float32")
    _, gradient = value_and_gradient(lambda p: Multinomial().log_prob(x, p), logits)
    _, expected = value_and_gradient(lambda p: tf.reduce_sum(x * tf.nn.log_softmax(p), axis=-1), logits)
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-5)


def test_a_sample_is_one_click(rng):
    samples = Multinomial().sample(rng.normal(size=(100, 5)), seed=1).numpy()
    np.testing.assert_array_equal(samples.sum(axis=1), np.ones(100))


@pytest.mark.usefixtures("mixed_float16")
def test_input_layer_makes_rows_of_length_one_and_leaves_empty_rows_zero():
    (layer,) = Multinomial().input_layers((2,))
    # 300 squared is infinite in float16.
    rows = layer(np.array([[300, 400], [0, 0]], "float32"))
    np.testing.assert_allclose(rows, [[0.6, 0.8], [0, 0]], rtol=1e-5)


def test_sparse_counts_have_the_log_prob_and_the_gradient_of_dense_ones(rng):
    logits = (3.0 * rng.normal(size=(5, 30))).astype("float32")
    x = rng.poisson(0.3, size=(5, 30)).astype("float32")
    x[2] = 0.0
    dense = value_and_gradient(lambda p: Multinomial().log_prob(x, p), logits)
    sparse = value_and_gradient(lambda p: Multinomial().log_prob(tf.sparse.from_dense(x), p), logits)
    np.testing.assert_allclose(sparse[0], dense[0], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(sparse[1], dense[1], rtol=1e-4, atol=1e-5)
    expected = stats.multinomial.logpmf(x, x.sum(axis=1), special.softmax(logits.astype("float64"), axis=1))
    np.testing.assert_allclose(sparse[0], expected, rtol=1e-5, atol=1e-5)


def test_sparse_counts_of_another_number_of_items_are_refused():
    with pytest.raises(ValueError, match=r"`x` must have the shape of the decoder output. Received: x.shape=\(2, 3\)"):
        Multinomial().log_prob(tf.sparse.from_dense(np.ones((2, 3), "float32")), np.zeros((2, 4), "float32"))
