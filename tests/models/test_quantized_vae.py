import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import assert_mean_close
from scipy import stats

import keras_vae as kv
from keras_vae.models.quantized_vae import QuantizedVAE
from keras_vae.priors.hyperprior import Hyperprior
from keras_vae.priors.mixture_of_gaussians import MixtureOfGaussians
from keras_vae.training.batch import Batch

N_SCALED, N_HYPER, N_DATA = 3, 2, 4
LATENT_DIM = N_SCALED + N_HYPER


def make_model(seed=0, stddev=0.7, **arguments):
    def dense(n_in, n_out, start, spread=1.5):
        start = keras.initializers.RandomNormal(stddev=spread, seed=start)
        return keras.Sequential([keras.Input((n_in,)), keras.layers.Dense(n_out, kernel_initializer=start)])

    w = keras.Input((N_HYPER,))
    prior = Hyperprior([keras.Model(w, [dense(N_HYPER, N_SCALED, 3, 0.5)(w), dense(N_HYPER, N_SCALED, 4, 0.05)(w)])])
    likelihood = kv.likelihoods.GaussianFixed(stddev)
    return QuantizedVAE(
        dense(N_DATA, LATENT_DIM, 1), dense(LATENT_DIM, N_DATA, 2, 0.3), prior, likelihood, seed=seed, **arguments
    )


@pytest.fixture
def x(rng):
    return rng.normal(size=(6, N_DATA)).astype("float32")


def test_without_noise_the_terms_are_those_of_rounded_codes(x):
    model = make_model()
    terms = model.elbo_terms(model.prepare(Batch(tf.constant(x), tf.constant(x))), z="mean")
    z = np.rint(model.encoder(x).numpy())
    np.testing.assert_allclose(terms["kl_loss"], -model.prior.log_prob(z).numpy(), rtol=1e-5)
    wanted = stats.norm.logpdf(x, model.decoder(z).numpy(), 0.7).sum(axis=1)
    np.testing.assert_allclose(terms["reconstruction_loss"], -wanted, rtol=1e-5)
    np.testing.assert_allclose(terms["elbo"], -(terms["kl_loss"] + terms["reconstruction_loss"]), rtol=1e-6)
    np.testing.assert_allclose(model.reconstruct(x), model.decoder(z), rtol=1e-5)
    np.testing.assert_allclose(model.predict(x, verbose=0), model.decoder(z), rtol=1e-5)


def test_draws_are_uniform_around_the_mean(x):
    model = make_model()
    z_mean, z_log_var = model.encode(x)
    np.testing.assert_allclose(np.exp(z_log_var), 1.0 / 12.0, rtol=1e-6)
    draws = model.draw(x, seed=0, n_draws=2000) - z_mean[:, None]
    assert np.abs(draws).max() <= 0.5 + 1e-5
    assert_mean_close(draws.reshape(-1), 0.0, resolution=0.02)
    assert_mean_close(np.square(draws).reshape(-1), 1.0 / 12.0, resolution=0.02)


def test_the_bound_is_that_of_a_monte_carlo_estimate(x):
    model = make_model()
    z_mean = model.encoder(x[:1]).numpy()
    z = (z_mean + np.random.default_rng(1).uniform(-0.5, 0.5, size=(100_000, LATENT_DIM))).astype("float32")
    log_joint = stats.norm.logpdf(x[:1], model.decoder(z).numpy(), 0.7).sum(axis=1) + model.prior.log_prob(z).numpy()
    # log q is 0: the bound is the mean of the joint.
    assert_mean_close(log_joint, float(model.elbo(x[:1], n_samples=100_000)[0]), resolution=0.1)


def test_the_importance_weighted_bound_is_the_integral_over_the_width_of_q(x):
    model = make_model()
    z_mean = model.encoder(x[:1]).numpy()
    z = (z_mean + np.random.default_rng(1).uniform(-0.5, 0.5, size=(40_000, LATENT_DIM))).astype("float32")
    joint = stats.norm.logpdf(x[:1], model.decoder(z).numpy(), 0.7).sum(axis=1) + model.prior.log_prob(z).numpy()
    wanted = np.log(np.mean(np.exp(joint - joint.max()))) + joint.max()
    assert model.elbo(x[:1], n_samples=5000)[0] < wanted
    np.testing.assert_allclose(model.log_prob(x[:1], n_samples=40_000)[0], wanted, atol=0.05)


@pytest.mark.slow
def test_training_lowers_the_loss_and_the_code_stays_as_long_as_the_bound_says(rng):
    x = rng.normal(size=(512, 2)).astype("float32") @ rng.normal(size=(2, N_DATA)).astype("float32")
    model = make_model(stddev=0.2)
    model.compile(kv.optimizers.Adam(0.02))
    losses = model.fit(x, epochs=40, batch_size=64, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]
    found = model.evaluate(x, verbose=0, return_dict=True)
    rounded = model.elbo_terms(model.prepare(Batch(tf.constant(x), tf.constant(x))), z="mean")
    # Noise stands for rounding: Balle et al. 2017, figure 3.
    np.testing.assert_allclose(np.mean(rounded["kl_loss"]), found["kl_loss"], rtol=0.1)


@pytest.mark.slow
def test_it_is_saved_and_exported_as_other_models(x, tmp_path):
    model = make_model()
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again.encode(x)[0], model.encode(x)[0])
    np.testing.assert_array_equal(again.elbo(x, n_samples=3), model.elbo(x, n_samples=3))
    path = kv.export_saved_model(model, tmp_path / "served")
    served = kv.load_saved_model(path)
    np.testing.assert_allclose(served.reconstruct(x), model.reconstruct(x), rtol=1e-4, atol=1e-5)
    assert np.isfinite(served.sample(5, seed=1)).all()


def test_what_it_cannot_compute_is_refused():
    with pytest.raises(ValueError, match=r"`prior` must have `log_prob`, the length of a code. Received: prior=None"):
        QuantizedVAE(keras.Sequential(), keras.Sequential(), None)
    with pytest.raises(ValueError, match=r"`objective`|TotalCorrelation|Gaussian posterior"):
        make_model(objective=kv.objectives.TotalCorrelation(2.0))
    encoder = kv.make_encoder((N_DATA,), LATENT_DIM)
    with pytest.raises(ValueError, match=r"`encoder` must put out 1 tensor\(s\), z_mean"):
        QuantizedVAE(encoder, kv.make_decoder((N_DATA,), LATENT_DIM), MixtureOfGaussians(2))
