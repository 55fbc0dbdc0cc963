"""beta-TC-VAE, InfoVAE and posterior flows: what their losses are made of, and that the ELBO stays the ELBO."""

import keras
import numpy as np
import pytest
from helpers import assert_mean_close, dense_weights, linear_decoder, linear_encoder, small_vae
from scipy.stats import multivariate_normal

from keras_vae.divergences import standard_normal_mmd, total_correlation
from keras_vae.layers.inverse_autoregressive_flow import InverseAutoregressiveFlow
from keras_vae.layers.mixture_prior import MixtureOfGaussians
from keras_vae.layers.standard_normal import StandardNormal
from keras_vae.models.beta_tc_vae import BetaTCVAE
from keras_vae.models.info_vae import InfoVAE
from keras_vae.serving.export import export_saved_model
from keras_vae.serving.saved_model import load_saved_model


@pytest.fixture
def x(rng):
    return rng.normal(size=(32, 6)).astype("float32")


def make(model, **arguments):
    return model(linear_encoder(), linear_decoder(), **{"likelihood": "gaussian_fixed", "seed": 0, **arguments})


def pieces_of(model, x):
    return model.pieces(model.infer(x), model.sampling.noise((len(x), 2), seed=(1, 2)), x)


@pytest.mark.parametrize("beta", [0.0, 1.0, 6.0])
def test_beta_weighs_the_total_correlation_alone(x, beta):
    model = make(BetaTCVAE, beta=beta)
    pieces = pieces_of(model, x)
    terms = model.assemble(pieces)
    tc = total_correlation(pieces.z, *pieces.posterior)
    np.testing.assert_allclose(terms["total_correlation"], tc)
    np.testing.assert_allclose(terms["loss"], -terms["elbo"] + (beta - 1.0) * tc, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(terms["elbo"], small_vae().assemble(pieces)["elbo"], rtol=1e-6)


def test_beta_lowers_the_total_correlation(rng):
    # Both columns of the decoder see the same factor: the codes of a VAE are correlated.
    x = (rng.normal(size=(256, 1)) @ np.ones((1, 6)) + 0.3 * rng.normal(size=(256, 6))).astype("float32")
    correlations = []
    for beta in (1.0, 20.0):
        model = make(BetaTCVAE, beta=beta)
        model.compile(keras.optimizers.Adam(0.01))
        model.fit(x, epochs=20, batch_size=64, verbose=0)
        correlations.append(model.evaluate(x, batch_size=256, verbose=0, return_dict=True)["total_correlation"])
    assert correlations[1] < correlations[0]


def test_the_discrepancy_is_weighed_beside_the_kl(x):
    model = make(InfoVAE, beta=0.3, mmd_weight=7.0, bandwidth=1.5)
    pieces = pieces_of(model, x)
    terms = model.assemble(pieces)
    mmd = standard_normal_mmd(pieces.z, 1.5)
    np.testing.assert_allclose(terms["mmd"], mmd)
    np.testing.assert_allclose(terms["loss"], pieces.reconstruction_loss + 0.3 * pieces.kl + 7.0 * mmd, rtol=1e-5)
    np.testing.assert_allclose(terms["elbo"], -pieces.reconstruction_loss - pieces.kl, rtol=1e-6)


def test_the_discrepancy_holds_the_codes_to_the_prior_where_beta_is_zero(rng):
    x = (2.0 * rng.normal(size=(256, 6))).astype("float32")
    spreads = []
    for mmd_weight in (0.0, 300.0):
        model = make(InfoVAE, mmd_weight=mmd_weight)
        model.compile(keras.optimizers.Adam(0.02))
        model.fit(x, epochs=40, batch_size=128, verbose=0)
        spreads.append(model.draw(x, seed=0).std(axis=0))
    assert np.all(spreads[0] > 2.0)
    np.testing.assert_allclose(spreads[1], 1.0, atol=0.4)


@pytest.mark.parametrize("model", [BetaTCVAE, InfoVAE])
def test_fit_save_and_export(model, x, tmp_path):
    vae = make(model)
    vae.compile()
    history = vae.fit(x, epochs=2, verbose=0, validation_data=x).history
    assert set(history) == {n for name in model.term_names for n in (name, f"val_{name}")}
    vae.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    assert loaded.get_config().keys() == vae.get_config().keys()
    np.testing.assert_array_equal(loaded.elbo(x), vae.elbo(x))
    served = load_saved_model(export_saved_model(vae, tmp_path / "export"))
    np.testing.assert_allclose(served.encode(x)[0], vae.encode(x)[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("model", "arguments", "message"),
    [
        (BetaTCVAE, {"beta": -1.0}, "`beta` must be a finite number >= 0.0"),
        (BetaTCVAE, {"capacity": 2.0}, "`capacity` must not be passed to BetaTCVAE, whose loss it would not change"),
        (BetaTCVAE, {"posterior_flow": None}, "`posterior_flow` must not be passed to BetaTCVAE"),
        (InfoVAE, {"mmd_weight": -1.0}, "`mmd_weight` must be a finite number >= 0.0"),
        (InfoVAE, {"bandwidth": 0.0}, "`bandwidth` must be a finite number > 0.0"),
        (InfoVAE, {"free_bits": 2.0}, "`free_bits` must not be passed to InfoVAE"),
        (InfoVAE, {"prior": MixtureOfGaussians(2)}, "`prior` must be the standard normal of an InfoVAE"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(model, arguments, message):
    with pytest.raises(ValueError, match=message):
        make(model, **arguments)


# Posterior flows.


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
    shift = model.draw_latents(model.infer(x), np.zeros((len(x), 2), "float32"))
    assert np.abs(shift).max() > 0.1  # It does bend.


def test_the_kl_with_a_flow_is_the_sampled_one_and_the_plug_in_at_the_mean_is_finite(x):
    model = flow_vae()
    pieces = pieces_of(model, x)
    z_mean, z_log_var = pieces.posterior
    epsilon = model.sampling.noise((len(x), 2), seed=(1, 2))
    start = z_mean + np.exp(0.5 * z_log_var) * epsilon
    z, log_det = model.posterior_flow(start, np.concatenate([z_mean, z_log_var], axis=-1))
    log_q = np.sum(-0.5 * (epsilon**2 + np.log(2 * np.pi) + z_log_var), axis=-1) - log_det
    np.testing.assert_allclose(pieces.z, z, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(pieces.kl, log_q - StandardNormal().log_prob(z), rtol=1e-4, atol=1e-4)
    assert np.all(np.isfinite(model.elbo_terms(x, z="mean")["elbo"]))


def test_a_flow_that_is_the_identity_is_the_plain_model(x):
    plain, model = small_vae(), small_vae(posterior_flow=InverseAutoregressiveFlow(2, (8,)))
    np.testing.assert_allclose(model.predict(x, verbose=0), plain.predict(x, verbose=0), rtol=1e-6)
    row = np.repeat(x[:1], 20_000, axis=0)
    difference = model.terms(row)["elbo"].numpy() - plain.terms(row)["elbo"].numpy()
    assert_mean_close(difference, 0.0, resolution=0.1)


def test_draws_go_through_the_flow(x):
    model = flow_vae()
    row = np.repeat(x[:1], 4000, axis=0)
    draws = model.draw(row, seed=0)
    posterior = model.infer(row)
    by_hand = model.draw_latents(posterior, np.random.default_rng(0).normal(size=(4000, 2)).astype("float32"))
    assert_mean_close(draws, by_hand.numpy().mean(axis=0), resolution=0.8, n_sigma=7)
    np.testing.assert_allclose(model.reconstruct(x), model.predict(x, verbose=0), rtol=1e-6)


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
