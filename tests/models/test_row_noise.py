"""Noise of rows: standard normal, independent between rows and draws, and a function of the row alone."""

import numpy as np
import pytest
import tensorflow as tf
from helpers import assert_mean_close, slow_after, small_vae

from keras_vae.models.ladder_vae import LadderVAE
from keras_vae.models.make_vae import make_ladder_vae, make_vae
from keras_vae.models.row_noise import BLOCK, row_noise, row_shifts
from keras_vae.objectives.importance_weighted import ImportanceWeighted

SEED = tf.constant([0, 0], tf.int64)


def noise_of(x, dim, n_draws=1, seed=SEED, start=0):
    return row_noise(row_shifts(x, dim), seed, dim, n_draws, start).numpy().reshape(n_draws, len(x), dim)


@pytest.fixture
def binary(rng):
    # Values of which a bad hash sees a few bits: 0.0 and 1.0 differ in the upper half of their bits alone.
    return (rng.random((4000, 20)) > 0.5).astype("float32")


@pytest.mark.parametrize("dim", [1, 2, 3, 8])
def test_noise_is_standard_normal(binary, dim):
    from scipy.stats import kstest

    noise = noise_of(binary, dim, n_draws=2)
    assert noise.shape == (2, 4000, dim)
    # One in a million for each.
    assert kstest(noise.ravel(), "norm").pvalue > 1e-6
    assert_mean_close(noise.reshape(-1, dim), 0.0, 0.06)
    assert_mean_close(noise.reshape(-1, dim) ** 2, 1.0, 0.1)


def test_zeros_behind_a_row_change_nothing():
    row = np.array([[5.0, 7.0, 3.0]], np.float32)
    for width in (1, 2, 7, 60):
        assert np.array_equal(noise_of(np.pad(row, ((0, 0), (0, width))), 5), noise_of(row, 5))


def test_rows_draws_and_columns_are_uncorrelated(binary):
    noise = noise_of(binary, 4, n_draws=3).astype("float64")
    flat = noise.transpose(1, 0, 2).reshape(4000, 12)
    correlation = np.corrcoef(flat.T) - np.eye(12)
    assert np.abs(correlation).max() < 5.0 / np.sqrt(4000)
    squares = np.corrcoef((flat**2).T) - np.eye(12)
    assert np.abs(squares).max() < 5.0 / np.sqrt(4000)
    # Neighbours in the batch.
    assert abs(np.corrcoef(flat[:-1, 0], flat[1:, 0])[0, 1]) < 5.0 / np.sqrt(4000)


@pytest.mark.slow
def test_the_mean_over_rows_has_the_error_of_independent_rows(binary):
    """Rows share the bits of a draw; their shifts make them independent all the same."""
    means = np.array([noise_of(binary[:500], 1, seed=tf.constant([seed, 0], tf.int64)).mean() for seed in range(200)])
    assert_mean_close(500.0 * means**2, 1.0, 0.6)


def test_rows_that_differ_in_one_value_have_other_noise(rng):
    x = np.zeros((301, 300), "float32")
    x[np.arange(1, 301), np.arange(300)] = 1.0
    assert len(np.unique(row_shifts(x, 2).numpy()[:, 0])) == 301
    one_bit = np.nextafter(np.float32(0.5), np.float32(1.0), dtype="float32")
    shifts = row_shifts(np.array([[0.5, 0.5], [0.5, one_bit], [one_bit, 0.5]], "float32"), 1).numpy()
    assert len(np.unique(shifts[:, 0])) == 3


def test_equal_values_are_equal_in_any_type():
    x = np.array([[0.0, 3.0], [1.0, 200.0]])
    for other in (x.astype("uint8"), x.astype("int64"), x.astype("float16")):
        np.testing.assert_array_equal(row_shifts(other, 3), row_shifts(x, 3))
    np.testing.assert_array_equal(row_shifts(np.float32([[-0.0]]), 1), row_shifts(np.float32([[0.0]]), 1))


@pytest.mark.parametrize("start", [0, 3, BLOCK - 2, 2 * BLOCK + 5])
def test_a_draw_depends_on_its_number_alone(binary, start):
    x = binary[:3]
    together = noise_of(x, 3, n_draws=3 * BLOCK)
    # Cosines of a few numbers are rounded otherwise than those of many.
    close = {"rtol": 1e-5, "atol": 1e-6}
    np.testing.assert_allclose(noise_of(x, 3, n_draws=5, start=start), together[start : start + 5], **close)
    drawn = row_noise(row_shifts(x, 3), SEED, 3, tf.constant(5), tf.constant(start)).numpy().reshape(5, 3, 3)
    np.testing.assert_allclose(drawn, together[start : start + 5], **close)


MODELS = [
    pytest.param(lambda: make_vae((20,), 4, hidden_units=(16,), seed=0), id="vae"),
    pytest.param(lambda: make_ladder_vae((20,), (4, 3), hidden_units=(16, 16), seed=0), id="ladder"),
    pytest.param(
        lambda: make_vae((20,), 4, hidden_units=(16,), objective=ImportanceWeighted(5), seed=0), id="importance weights"
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("make", MODELS)
@pytest.mark.parametrize("verb", ["elbo", "log_prob"])
def test_a_row_has_one_score_wherever_it_stands(binary, make, verb):
    model = make()
    x, order = binary[:70], np.random.default_rng(1).permutation(70)
    score = lambda rows, **kwargs: getattr(model, verb)(rows, n_samples=7, **kwargs)  # noqa: E731
    expected = score(x)
    # Products of matrices of another size are rounded otherwise.
    close = {"rtol": 1e-5, "atol": 1e-5}
    np.testing.assert_allclose(score(x[order]), expected[order], **close)
    np.testing.assert_allclose(score(x, batch_size=9), expected, **close)
    np.testing.assert_allclose(score(x[5:6]), expected[5:6], **close)
    np.testing.assert_allclose(score(tf.data.Dataset.from_tensor_slices(x).batch(8)), expected, **close)
    assert np.abs(score(x, seed=1) - expected).max() > 1e-3
    if isinstance(model, LadderVAE):
        return
    assert np.abs(getattr(model, verb)(x, n_samples=1) - expected).max() > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("make", slow_after(2, [MODELS[0], MODELS[2], MODELS[1]]))
def test_evaluate_is_a_function_of_the_rows(binary, make):
    model = make()
    model.compile("sgd")
    x = binary[:70]
    expected = model.evaluate(x, verbose=0)
    np.testing.assert_allclose(model.evaluate(x[::-1], batch_size=9, verbose=0), expected, rtol=1e-5)
    np.testing.assert_allclose(model.test_on_batch(x), expected, rtol=1e-5)
    assert model.test_on_batch(x) == model.test_on_batch(x)
    model.fit(x, verbose=0)
    assert model.evaluate(x, verbose=0) != expected


def test_the_first_draw_of_elbo_is_that_of_evaluate(binary):
    model = small_vae()
    model.compile("sgd")
    x = binary[:50, :6]
    np.testing.assert_allclose(model.elbo(x).mean(), model.evaluate(x, verbose=0)[-1], rtol=1e-5)
