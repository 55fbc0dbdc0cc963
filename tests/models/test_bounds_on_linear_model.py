"""The one VAE whose likelihood is known: linear encoder and decoder, one Gaussian noise for all elements.

Its p(x) is N(b, W W' + s^2 I), probabilistic PCA. The bound touches log p(x) when q(z|x) is the exact posterior, whose
covariance (I + W'W / s^2)^-1 a diagonal q can only match where the columns of W are orthogonal. The likelihood alone
does not fix the rotation of W, but the bound does: it is largest where nothing is lost, so training turns the axes
(Lucas et al. 2019, section 4). The factors of the data below have different strengths, so that this optimum is unique,
and a test says that it was reached.
"""

import itertools

import keras
import numpy as np
import pytest
from helpers import dense_weights, linear_decoder, linear_encoder
from scipy.stats import multivariate_normal
from sklearn.decomposition import PCA

from keras_vae.evaluation.annealed_log_prob import annealed_log_prob
from keras_vae.likelihoods.gaussian_shared import GaussianShared
from keras_vae.models.vae import VAE

D, LATENT_DIM, N_TRAIN, N_TEST = 8, 2, 2000, 1000
STRENGTHS, NOISE = np.array([3.0, 1.5]), 0.7


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    directions, _ = np.linalg.qr(rng.normal(size=(D, LATENT_DIM)))
    n = N_TRAIN + N_TEST
    x = (rng.normal(size=(n, LATENT_DIM)) * STRENGTHS) @ directions.T + NOISE * rng.normal(size=(n, D)) + 1.0
    return np.split(x.astype("float32"), [N_TRAIN])


@pytest.fixture(scope="module")
def vae(data):
    model = VAE(linear_encoder((D,), LATENT_DIM), linear_decoder((D,), LATENT_DIM), likelihood=GaussianShared(), seed=0)
    n_epochs, batch_size = 60, 100
    decay = keras.optimizers.schedules.CosineDecay(0.02, n_epochs * N_TRAIN // batch_size)
    model.compile(keras.optimizers.Adam(decay))
    keras.utils.set_random_seed(0)  # The order of the rows.
    model.fit(data[0], epochs=n_epochs, batch_size=batch_size, verbose=0)
    return model


@pytest.fixture(scope="module")
def exact(vae, data):
    """log p(x) of the test rows under the fitted decoder, and the exact posterior covariance."""
    kernel, bias = dense_weights(vae.decoder, "x_params")
    variance = float(np.exp(vae.likelihood.log_var))
    log_prob = multivariate_normal.logpdf(data[1], bias, kernel.T @ kernel + variance * np.eye(D))
    return log_prob, np.linalg.inv(np.eye(LATENT_DIM) + kernel @ kernel.T / variance)


@pytest.mark.slow
def test_training_turns_the_latent_axes_until_the_posterior_is_diagonal(vae, data, exact):
    covariance = exact[1]
    assert abs(covariance[0, 1]) < 0.05 * np.sqrt(covariance[0, 0] * covariance[1, 1])
    # And the encoder has learned its variances. 10 %: they cost the bound only half their squared relative error.
    variances = np.exp(vae.encode(data[1])[1]).mean(axis=0)
    np.testing.assert_allclose(variances, np.diag(covariance), rtol=0.1)


def test_the_elbo_touches_the_exact_likelihood_of_the_fitted_model(vae, data, exact):
    elbo = vae.elbo(data[1], n_samples=100).astype("float64")
    # Noise of the mean of 1000 rows times 100 draws: below 0.01.
    assert elbo.mean() == pytest.approx(exact[0].mean(), abs=0.05)
    assert elbo.mean() < exact[0].mean() + 0.01


def test_the_importance_weighted_bound_equals_the_exact_likelihood(vae, data, exact):
    log_prob = vae.log_prob(data[1], n_samples=1000).astype("float64")
    assert log_prob.mean() == pytest.approx(exact[0].mean(), abs=0.02)
    # Row by row: with weights that hardly vary 1000 draws leave 0.05 nats even for the oddest row.
    np.testing.assert_allclose(log_prob, exact[0], atol=0.2)


@pytest.mark.slow
def test_annealed_importance_sampling_agrees(vae, data, exact):
    annealed = annealed_log_prob(vae, data[1][:24], n_chains=16, n_steps=300, n_leapfrog=5)
    assert annealed.mean == pytest.approx(exact[0][:24].mean(), abs=0.05)


def test_more_samples_never_lower_the_bound_by_more_than_its_error(vae, data):
    bounds = [vae.log_prob(data[1], n_samples=n, seed=n).astype("float64") for n in (1, 10, 100, 1000)]
    for fewer, more in itertools.pairwise(bounds):
        difference = more - fewer
        assert difference.mean() > -3.0 * difference.std(ddof=1) / np.sqrt(len(difference))


def test_the_model_is_as_good_as_the_closed_form_fit_of_probabilistic_pca(vae, data):
    # sklearn maximises the same likelihood in closed form; both scores are means over held-out rows, nats.
    reference = PCA(LATENT_DIM).fit(data[0]).score(data[1])
    assert vae.elbo(data[1], n_samples=100).mean() == pytest.approx(reference, abs=0.05)
    assert vae.log_prob(data[1], n_samples=1000).mean() == pytest.approx(reference, abs=0.05)


def test_the_learned_noise_is_that_of_the_data(vae):
    # 2000 rows of 6 free directions fix a standard deviation to 0.7 / sqrt(2 * 12000) = 0.005; Adam adds its own.
    assert float(np.exp(0.5 * vae.likelihood.log_var)) == pytest.approx(NOISE, abs=0.02)


def test_evaluate_reports_the_mean_elbo(vae, data):
    loss, reconstruction_loss, kl_loss, elbo = vae.evaluate(data[1], verbose=0)
    assert loss == pytest.approx(-elbo, rel=1e-5)
    assert elbo == pytest.approx(-(reconstruction_loss + kl_loss), rel=1e-5)
    # One draw per row: the standard deviation of a draw is about one nat, so 0.03 for the mean of 1000.
    assert elbo == pytest.approx(vae.elbo(data[1], n_samples=100).mean(), abs=0.15)
