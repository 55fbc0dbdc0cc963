"""A posterior flow: the KL that it leaves, and that the likelihood does not depend on it."""

import keras
import numpy as np
import pytest
from helpers import (
    all_but_copies,
    assert_mean_close,
    dense_weights,
    elbo_terms_of,
    infer_of,
    prepared,
    small_vae,
    terms_of,
)
from scipy.stats import multivariate_normal

from keras_vae.layers.inverse_autoregressive_flow import InverseAutoregressiveFlow
from keras_vae.priors.standard_normal import StandardNormal
from keras_vae.serving.export import export_saved_model
from keras_vae.serving.saved_model import load_saved_model


@pytest.fixture
def x(rng):
    return rng.normal(size=(32, 6)).astype("float32")


def flow_vae(scale=0.3):
    model = small_vae(z_log_var=0.5, posterior_flow=InverseAutoregressiveFlow(2, (8,), seed=0))
    # Away from the identity it starts as.
    rng = np.random.default_rng(5)
    for weight in model.posterior_flow.trainable_weights:
        weight.assign(scale * rng.normal(size=weight.shape))
    return model


def test_the_likelihood_does_not_depend_on_the_flow(x):
    # p(x) is that of the decoder, whatever q is: a wrong sign of the determinant would show here.
    model = flow_vae(scale=0.1)
    # A Gaussian wide enough to cover every posterior, which the flow then bends by something.
    head = model.encoder.get_layer("z_mean")
    head.kernel.assign(0.0 * head.kernel)
    kernel, bias = dense_weights(model.decoder, "x_params")
    exact = multivariate_normal.logpdf(x, bias, kernel.T @ kernel + np.eye(6))
    assert model.log_prob(x, n_samples=20_000).mean() == pytest.approx(exact.mean(), abs=0.15)
    assert model.elbo(x, n_samples=100).mean() < exact.mean() - 0.2
    shift = model.draw_latents(infer_of(model, x), np.zeros((len(x), 2), "float32"))
    assert np.abs(shift).max() > 0.1  # It does bend.


def test_the_kl_with_a_flow_is_the_sampled_one_and_the_plug_in_at_the_mean_is_finite(x):
    model = flow_vae()
    epsilon = model.sampling.noise((len(x), 2), seed=(1, 2))
    pieces = model.pieces(infer_of(model, x), epsilon, prepared(model, x))
    z_mean, z_log_var = pieces.posterior
    start = z_mean + np.exp(0.5 * z_log_var) * epsilon
    z, log_det = model.posterior_flow(start, np.concatenate([z_mean, z_log_var], axis=-1))
    log_q = np.sum(-0.5 * (epsilon**2 + np.log(2 * np.pi) + z_log_var), axis=-1) - log_det
    np.testing.assert_allclose(pieces.z, z, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(pieces.kl, log_q - StandardNormal().log_prob(z), rtol=1e-4, atol=1e-4)
    assert np.all(np.isfinite(elbo_terms_of(model, x, z="mean")["elbo"]))


def test_a_flow_that_is_the_identity_is_the_plain_model(x):
    plain, model = small_vae(), small_vae(posterior_flow=InverseAutoregressiveFlow(2, (8,)))
    np.testing.assert_allclose(model.predict(x, verbose=0), plain.predict(x, verbose=0), rtol=1e-6)
    row = all_but_copies(x[:1], 20_000)
    difference = terms_of(model, row)["elbo"].numpy() - terms_of(plain, row)["elbo"].numpy()
    assert_mean_close(difference, 0.0, resolution=0.1)


def test_draws_go_through_the_flow(x):
    model = flow_vae()
    row = np.repeat(x[:1], 4000, axis=0)
    draws = model.draw(row, seed=0)
    posterior = infer_of(model, row)
    by_hand = model.draw_latents(posterior, np.random.default_rng(0).normal(size=(4000, 2)).astype("float32"))
    assert_mean_close(draws, by_hand.numpy().mean(axis=0), resolution=0.8, n_sigma=7)
    np.testing.assert_allclose(model.reconstruct(x), model.predict(x, verbose=0), rtol=1e-6)


@pytest.mark.slow
def test_a_flow_is_trained_saved_and_exported(x, tmp_path):
    model = small_vae(posterior_flow=InverseAutoregressiveFlow(2, (8,), seed=0))
    model.compile(keras.optimizers.Adam(0.01))
    before = [w.numpy().copy() for w in model.posterior_flow.trainable_weights]
    model.fit(x, epochs=3, verbose=0)
    moved = [np.any(w.numpy() != b) for w, b in zip(model.posterior_flow.trainable_weights, before, strict=True)]
    assert any(moved)
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(loaded.log_prob(x, 3), model.log_prob(x, 3))
    served = load_saved_model(export_saved_model(model, tmp_path / "export"))
    np.testing.assert_allclose(served.reconstruct(x), model.reconstruct(x), rtol=1e-5, atol=1e-6)


class OnlyKL:
    def kl(self, z_mean, z_log_var):
        return 0.0 * z_mean[:, 0]


def test_a_flow_is_a_layer():
    with pytest.raises(ValueError, match="`posterior_flow` must be a layer or None"):
        small_vae(posterior_flow=1)


def test_a_flow_wants_a_prior_with_a_density():
    with pytest.raises(ValueError, match="`prior` must have `log_prob` beside a `posterior_flow`"):
        small_vae(prior=OnlyKL(), posterior_flow=InverseAutoregressiveFlow(1, (4,)))
