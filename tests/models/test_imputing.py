"""Estimates and draws in the holes of rows, against a model whose posterior is known."""

import numpy as np
import pytest
from helpers import assert_mean_close

import keras_vae as kv
from keras_vae.likelihoods import Mixed

# x = loadings z + noise, two columns and one factor: the covariance is loadings loadings' + noise.
LOADINGS, NOISE = np.array([[1.5, 0.8]]), 0.25


@pytest.fixture(scope="module")
def linear():
    """A VAE that is factor analysis, whose encoder is that of full rows: for rows with holes its posterior is wrong."""
    likelihood = Mixed(["gaussian", "gaussian"], holes=[])
    vae = kv.make_vae((2,), 1, "skip", (4,), likelihood, seed=0, preprocessing=None)
    precision = 1.0 + (LOADINGS**2).sum() / NOISE
    vae.encoder.get_layer("z_mean_linear").set_weights([LOADINGS.T / NOISE / precision, np.zeros(1)])
    # Wider than the prior, which is what is known of a row of holes: importance weights have to mend it.
    vae.encoder.get_layer("z_log_var").set_weights([np.zeros((4, 1)), np.array([np.log(1.5)])])
    raw = -10.0 + np.log(np.expm1(np.log(NOISE) + 10.0))
    kernel = np.concatenate([LOADINGS, np.zeros((1, 2))], axis=1)
    vae.decoder.get_layer("x_params_linear").set_weights([kernel, np.array([0.0, 0.0, raw, raw])])
    return vae


def conditional(x_0):
    """Mean and variance of the second column given the first."""
    a, b = LOADINGS[0]
    return a * b * x_0 / (a**2 + NOISE), b**2 + NOISE - (a * b) ** 2 / (a**2 + NOISE)


def test_an_estimate_is_the_conditional_mean(linear):
    x = np.array([[1.0, np.nan], [-2.0, np.nan], [0.5, 0.7]], "float32")
    filled = linear.impute(x, n_samples=20_000)
    np.testing.assert_allclose(filled[:2, 1], [conditional(1.0)[0], conditional(-2.0)[0]], atol=0.03)
    np.testing.assert_array_equal(filled[:, 0], x[:, 0])
    assert filled[2, 1] == x[2, 1]


def test_one_draw_of_z_is_the_reconstruction_at_it_and_more_are_nearer(linear):
    x = np.tile(np.array([[2.0, np.nan]], "float32"), (1, 1))
    truth = conditional(2.0)[0]
    errors = [abs(linear.impute(x, n_samples=n, seed=s)[0, 1] - truth) for n in (1, 1000) for s in range(20)]
    assert np.mean(errors[20:]) < 0.3 * np.mean(errors[:20])


def test_draws_have_the_conditional_distribution(linear):
    mean, variance = conditional(1.0)
    x = np.array([[1.0, np.nan]], "float32")
    drawn = linear.draw_imputations(x, n_draws=4000, n_samples=4000, seed=1)
    assert drawn.shape == (4000, 1, 2)
    np.testing.assert_array_equal(drawn[:, 0, 0], 1.0)
    assert_mean_close(drawn[:, 0, 1], mean, resolution=0.1)
    assert_mean_close((drawn[:, 0, 1] - mean) ** 2, variance, resolution=0.1)


def test_a_row_without_any_number_is_filled_from_the_prior(linear):
    filled = linear.draw_imputations(np.full((1, 2), np.nan, "float32"), n_draws=4000, n_samples=2000)
    covariance = np.cov(filled[:, 0].T)
    np.testing.assert_allclose(covariance, LOADINGS.T @ LOADINGS + NOISE * np.eye(2), atol=0.2)


def test_the_same_seed_fills_alike_whatever_else_is_in_the_batch(linear):
    x = np.array([[1.0, np.nan], [np.nan, 0.4], [3.0, np.nan]], "float32")
    np.testing.assert_array_equal(linear.impute(x, seed=3), linear.impute(x, seed=3))
    assert np.any(linear.impute(x, seed=4) != linear.impute(x, seed=3))
    np.testing.assert_allclose(linear.impute(x[2:], seed=3), linear.impute(x, seed=3)[2:], rtol=1e-5)
    first = linear.draw_imputations(x, 2, seed=3)
    np.testing.assert_array_equal(linear.draw_imputations(x, 2, seed=3), first)
    assert np.any(first[0] != first[1])
    # Equal rows in two batches get different noise.
    twice = linear.draw_imputations(np.repeat(x[:1], 4, axis=0), 1, batch_size=2)
    assert len(np.unique(twice[0, :, 1])) == 4


@pytest.mark.slow
def test_classes_counts_and_units_come_back_as_such(rng):
    x = np.stack([100 + 5 * rng.normal(size=60), rng.integers(0, 3, 60), rng.poisson(4, 60)], axis=1).astype("float32")
    vae = kv.make_vae((3,), 2, "skip", (8,), Mixed(["student_t", 3, "negative_binomial"]), seed=0)
    vae.compile("adam")
    x[rng.random(x.shape) < 0.3] = np.nan
    vae.fit(x, verbose=0)
    filled = vae.impute(x)
    assert 80 < filled[:, 0].min() < filled[:, 0].max() < 120
    assert set(np.unique(filled[:, 1])) <= {0.0, 1.0, 2.0}
    drawn = vae.draw_imputations(x, 3)
    np.testing.assert_array_equal(drawn[..., 1:], np.round(drawn[..., 1:]))
    assert np.isfinite(drawn).all()


def test_models_without_holes_or_a_density_do_not_impute():
    with pytest.raises(ValueError, match=r"`likelihood` must be one that takes holes.* Received: Gaussian"):
        kv.make_vae((2,), 1, likelihood="gaussian").impute(np.zeros((1, 2)))
    parts = kv.make_vae((2,), 1, likelihood=Mixed(["gaussian", 2]))

    class OnlyKL:
        def kl(self, z_mean, z_log_var):
            return 0.0 * z_mean[:, 0]

    vae = kv.VAE(parts.encoder, parts.decoder, parts.likelihood, prior=OnlyKL())
    with pytest.raises(ValueError, match="`prior` must have `log_prob` for importance weights"):
        vae.impute(np.zeros((1, 2)))
    with pytest.raises(ValueError, match="`n_draws` must be a whole number >= 1"):
        parts.draw_imputations(np.zeros((1, 2)), 0)
