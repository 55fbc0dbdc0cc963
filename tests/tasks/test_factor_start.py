"""The start from factor analysis: the model is the factor analysis, and its ELBO is the density."""

import numpy as np
import pytest
from sklearn.decomposition import FactorAnalysis

from keras_vae.likelihoods import Gaussian, StudentT
from keras_vae.models.make_vae import make_vae
from keras_vae.tasks import factor_start
from keras_vae.tasks.factor_start import best_factors, start_from_factors
from keras_vae.tasks.linear_columns import lowest_noise


@pytest.fixture(scope="module")
def rows():
    """Two factors behind five columns, standardised."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 2)) @ rng.normal(size=(2, 5)) + rng.normal(size=(400, 5)) * [0.3, 0.5, 0.4, 0.6, 0.5]
    return ((x - x.mean(axis=0)) / x.std(axis=0)).astype("float32")


def started(rows, likelihood, latent_dim=3):
    vae = make_vae((rows.shape[1],), latent_dim, "skip", (8,), likelihood, seed=0, preprocessing=None)
    start_from_factors(vae, rows[:300], rows[300:350], seed=0)
    return vae


def test_the_elbo_is_the_log_density_of_the_factor_analysis(rows):
    vae = started(rows, Gaussian())
    # Of two factors the validation part has the highest density; scikit-learn's is the second route.
    expected = FactorAnalysis(2, max_iter=300, random_state=0).fit(rows[:300]).score(rows[350:])
    # The encoder holds the exact posterior: nothing is lost between the two.
    assert vae.elbo(rows[350:], n_samples=200).mean() == pytest.approx(expected, abs=0.05)
    assert vae.log_prob(rows[350:], n_samples=200).mean() == pytest.approx(expected, abs=0.05)


def test_a_student_t_starts_with_the_variances_of_the_factor_analysis(rows):
    vae = started(rows, StudentT(df=6.0))
    _, _, noise = best_factors(rows[:300], rows[300:350], 3, lowest_noise(StudentT(df=6.0)), 0)
    params = vae.decoder(np.zeros((1, 3), "float32"))
    variances = vae.likelihood.distribution(params).variance().numpy()[0]
    np.testing.assert_allclose(variances, noise, rtol=1e-4)


def test_the_number_of_factors_is_chosen_by_rows_held_out(rows):
    _, loadings, noise = best_factors(rows[:300], rows[300:350], 4, 1e-6, 0)
    assert loadings.shape == (5, 2)
    # Turned so that the posterior of the factors is diagonal.
    inner = loadings.T @ (loadings / noise[:, None])
    np.testing.assert_allclose(inner, np.diag(np.diag(inner)), atol=1e-6 * inner.max())
    independent = np.random.default_rng(1).normal(size=(300, 5))
    assert best_factors(independent[:200], independent[200:], 4, 1e-6, 0)[1].shape == (5, 0)


def test_as_many_factors_as_latents_are_tried():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1000, 4)) @ rng.normal(size=(4, 12)) + 0.3 * rng.normal(size=(1000, 12))
    assert best_factors(x[:900], x[900:], 4, 1e-6, 0)[1].shape == (12, 4)


def test_an_exact_relation_and_a_constant_column_have_finite_densities(rows):
    x = np.concatenate([rows, rows[:, :1] + rows[:, 1:2], np.zeros_like(rows[:, :1])], axis=1)
    vae = started(x, StudentT())
    assert np.isfinite(vae.elbo(x[:20])).all()


def test_latents_that_no_factor_uses_can_still_learn(rows):
    vae = started(rows, Gaussian())
    kernel, _ = vae.decoder.get_layer("x_params_linear").get_weights()
    assert np.abs(kernel[:, :5]).min() > 0


def test_without_a_validation_part_the_training_part_decides(rows):
    vae = make_vae((5,), 3, "skip", (8,), Gaussian(), seed=0, preprocessing=None)
    start_from_factors(vae, rows[:300], None, seed=0)
    independent = -0.5 * 5 * np.log(2 * np.pi * np.e)
    assert vae.elbo(rows[350:], n_samples=50).mean() > independent


def test_a_start_that_is_no_optimum_is_nobodys_concern(rows, monkeypatch, recwarn):
    monkeypatch.setattr(factor_start, "MAX_ITERATIONS", 1)
    best_factors(rows[:300], rows[300:350], 3, 1e-6, 0)
    assert not recwarn.list
