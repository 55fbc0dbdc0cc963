import numpy as np
import pytest
import tensorflow as tf
from health_cases import eigenvalues_of, examples, linear_vae
from helpers import dense_weights, small_vae
from scipy.stats import multivariate_normal

from keras_vae.tasks.effort import random_rows
from keras_vae.tasks.scores import annealed, score, split_kl


@pytest.fixture(scope="module")
def model():
    vae = small_vae()
    vae.compile("adam")
    return vae


def test_the_figures_are_those_of_the_model(model, rng):
    x = rng.normal(size=(20, 6)).astype("float32")
    figures = score(model, x, n_samples=7, n_rows=12)
    assert figures["elbo"] == model.evaluate(x, verbose=0, return_dict=True)["elbo"]
    assert figures["loss"] == pytest.approx(figures["reconstruction_loss"] + figures["kl_loss"], rel=1e-6)
    assert (figures["log_prob_n_samples"], figures["log_prob_n_rows"], figures["latent_dim"]) == (7, 12, 2)
    assert "bits_per_dim" not in figures
    # A stream of the same rows in other batches has the same rows at its head.
    stream = tf.data.Dataset.from_tensor_slices(x).batch(9)
    assert score(model, stream, n_samples=7, n_rows=12)["log_prob_n_rows"] == 12


def test_log_prob_of_some_rows_is_brought_to_all_of_them_by_their_elbo():
    # Its encoder is the exact posterior: the ELBO lies as much below log p(x) for one row as for another.
    model, x = linear_vae(), examples(2000)
    model.compile("adam")
    figures = score(model, x, n_samples=20, n_rows=40)
    of_some = model.log_prob(random_rows(x, 40), n_samples=20).astype("float64")
    error = figures["log_prob_standard_error"]
    assert error < 0.5 * of_some.std(ddof=1) / np.sqrt(40)
    eigenvalues = eigenvalues_of()
    exact = multivariate_normal(np.zeros(len(eigenvalues)), np.diag(eigenvalues)).logpdf(x).mean()
    assert figures["log_prob"] == pytest.approx(exact, abs=4 * error)
    assert abs(figures["log_prob"] - exact) < abs(of_some.mean() - exact)


def test_an_elbo_that_says_little_of_log_prob_is_left_alone(model, rng, monkeypatch):
    x = rng.normal(size=(20, 6)).astype("float32")
    plain = model.log_prob(random_rows(x, 12), n_samples=7).astype("float64")
    for elbo in (rng.normal(0, 1e4, 20), np.full(20, np.nan)):
        monkeypatch.setattr(type(model), "elbo", lambda self, rows, elbo=elbo: elbo)
        figures = score(model, x, n_samples=7, n_rows=12)
        assert figures["log_prob"] == pytest.approx(plain.mean())
        assert figures["log_prob_standard_error"] == pytest.approx(plain.std(ddof=1) / np.sqrt(12))


def test_one_row_has_no_standard_error(model, rng):
    assert score(model, rng.normal(size=(1, 6)), n_samples=2)["log_prob_standard_error"] is None


def test_the_kl_is_split_where_the_posterior_is_gaussian(model, rng):
    x = rng.normal(size=(20, 6)).astype("float32")
    split = split_kl(model, x)
    kl = model.evaluate(x, verbose=0, return_dict=True)["kl_loss"]
    # Closed form on both sides, the split in float64.
    assert split["mutual_information"] + split["marginal_kl"] == pytest.approx(kl, rel=1e-4)
    assert split["mutual_information_at_most"] == pytest.approx(np.log(20))
    flow = type("Flow", (), {"has_gaussian_posterior": False})()
    assert split_kl(flow, x) == {}


def test_annealing_stands_beside_the_bound_of_the_same_rows(model, rng):
    x = rng.normal(size=(5, 6)).astype("float32")
    figures = annealed(model, x, n_rows=3, n_samples=500)
    assert figures["annealed_n_rows"] == 3
    bound = model.log_prob(x[:3], n_samples=500).mean()
    assert figures["annealed_log_prob_bound"] == pytest.approx(bound, rel=1e-6)
    # A linear model has an exact density: N(b, W'W + I).
    kernel, bias = dense_weights(model.decoder, "x_params")
    exact = multivariate_normal(bias, kernel.T @ kernel + np.eye(6)).logpdf(x[:3]).mean()
    assert figures["annealed_log_prob"] == pytest.approx(exact, abs=0.05)
    assert bound < exact
