"""Errors found in published implementations, each with a test that would catch it here.

Early stopping on an annealed loss: tests/callbacks. A clamped KL in place of the true one, and a capacity or
free bits without effect in training: tests/models/test_kl_penalty.py. A likelihood quoted without its number of
samples: tests/evaluation/test_bounds.py.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import POINT, all_but_copies, assert_mean_close, dense_weights, linear_encoder, small_vae, terms_of
from scipy.special import logsumexp
from scipy.stats import bernoulli, norm

from keras_vae.divergences import gaussian_kl
from keras_vae.models.vae import VAE
from keras_vae.objectives.importance_weighted import ImportanceWeighted

ROW = np.array([[0.5, -1.0, 0.3, 1.0, 0.0, -0.4]], "float32")


def constant_encoder(z_mean, z_log_var):
    """An encoder that answers with the same Gaussian to every x."""
    encoder = linear_encoder(z_log_var=z_log_var)
    head = encoder.get_layer("z_mean")
    head.set_weights([np.zeros((6, 2)), np.full(2, z_mean)])
    return encoder


def nats(vae, x, training=False):
    return {name: t.numpy().astype("float64") for name, t in terms_of(vae, x, training=training).items()}


def test_pixels_are_summed_as_latents_are(rng):
    # A mean over 6 pixels beside a sum over 2 latents would be a beta of 6.
    x = (rng.random((5, 6)) > 0.5).astype("float32")
    vae = small_vae("bernoulli", z_log_var=POINT)
    terms = nats(vae, x)
    z_mean, _ = vae.encode(x)
    kernel, bias = dense_weights(vae.decoder, "x_params")
    by_hand = -bernoulli.logpmf(x, 1.0 / (1.0 + np.exp(-(z_mean @ kernel + bias)))).sum(axis=1)
    np.testing.assert_allclose(terms["reconstruction_loss"], by_hand, rtol=1e-4)
    np.testing.assert_allclose(terms["kl_loss"], gaussian_kl(*vae.encode(x)), rtol=1e-5)


def test_the_kl_is_positive_and_adds_to_the_loss():
    near, far = (small_vae(encoder=constant_encoder(mean, 0.0)) for mean in (0.0, 3.0))
    assert nats(near, ROW)["kl_loss"] == pytest.approx(0.0, abs=1e-6)
    assert nats(far, ROW)["kl_loss"] == pytest.approx(9.0)  # 2 * 3^2 / 2
    terms = nats(far, ROW)
    assert terms["loss"] - terms["reconstruction_loss"] == pytest.approx(9.0, rel=1e-5)


@pytest.mark.parametrize("z_log_var", [-1.0, 0.7, 2.0])
def test_the_noise_has_the_standard_deviation_that_the_log_variance_says(z_log_var):
    # exp(log_var), softplus(log_var) and a fixed 0.01 are all something else at these points.
    vae = small_vae(encoder=constant_encoder(0.5, z_log_var))
    z = vae.draw(np.zeros((20_000, 6), "float32"), seed=0)
    expected = np.exp(0.5 * z_log_var)
    assert_mean_close((z - 0.5) ** 2 / expected**2, 1.0, resolution=0.06)
    wrong = (np.exp(z_log_var), np.log1p(np.exp(z_log_var)), np.sqrt(np.log1p(np.exp(z_log_var))), 0.01)
    assert all(abs(w / expected - 1.0) > 0.04 for w in wrong)  # The test can tell them apart.


def test_training_sees_the_same_noise_as_the_verbs():
    # Noise of 0.01 during training would leave the reconstruction loss at that of the mean.
    x = all_but_copies(ROW, 20_000)
    vae = small_vae(encoder=constant_encoder(0.0, 0.0))
    kernel, bias = dense_weights(vae.decoder, "x_params")
    # E |x - zW - b|^2 / 2 over z ~ N(0, I) has the trace of W'W in it.
    mean = 0.5 * np.sum((ROW[0] - bias) ** 2 + np.log(2 * np.pi)) + 0.5 * np.sum(kernel**2)
    for training in (True, False):
        assert_mean_close(nats(vae, x, training=training)["reconstruction_loss"], mean, resolution=0.1)


@pytest.mark.parametrize("beta", [0.0, 0.5, 4.0])
def test_beta_has_its_effect_and_the_kl_is_counted_once(beta):
    terms = nats(small_vae(beta=beta), ROW)
    assert terms["kl_loss"] > 0.05
    np.testing.assert_allclose(terms["loss"], terms["reconstruction_loss"] + beta * terms["kl_loss"], rtol=1e-6)
    np.testing.assert_allclose(terms["elbo"], -terms["reconstruction_loss"] - terms["kl_loss"], rtol=1e-6)


def test_a_step_descends_the_loss_that_is_logged_and_nothing_beside_it():
    # A KL that a layer adds by `add_loss` as well would be in the gradient twice.
    vae = small_vae(z_log_var=POINT)
    assert vae.losses == []
    bias = vae.decoder.get_layer("x_params").bias
    head = vae.encoder.get_layer("z_mean").bias
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(terms_of(vae, ROW, training=True)["loss"])
    by_hand = [g.numpy() for g in tape.gradient(loss, [bias, head])]
    before = [bias.numpy().copy(), head.numpy().copy()]
    vae.compile(keras.optimizers.SGD(0.1))
    vae.fit(ROW, verbose=0)
    for old, weight, gradient in zip(before, (bias, head), by_hand, strict=True):
        np.testing.assert_allclose(weight.numpy(), old - 0.1 * gradient, rtol=1e-4, atol=1e-6)


def test_nothing_is_clamped_by_default():
    # PyOD's default capacity takes the whole KL away.
    vae = small_vae()
    assert (vae.beta, vae.objective.capacity, vae.objective.free_bits) == (1.0, None, None)
    terms = nats(vae, ROW)
    np.testing.assert_allclose(terms["loss"], -terms["elbo"], rtol=1e-6)


def test_the_importance_weighted_bound_is_no_mean_of_elbos():
    vae = small_vae(encoder=constant_encoder(0.0, 0.0))
    x = all_but_copies(ROW, 500)
    elbos, bounds = vae.elbo(x, n_samples=50), vae.log_prob(x, n_samples=50)
    assert bounds.mean() > elbos.mean() + 0.3


def test_the_log_sum_exp_is_over_the_draws_and_not_over_the_rows():
    vae = small_vae(encoder=constant_encoder(0.0, 0.0))
    # Three rows that have nothing to do with each other.
    x = np.concatenate([ROW, ROW + 3.0, ROW - 5.0])
    kernel, bias = dense_weights(vae.decoder, "x_params")
    z = np.random.default_rng(0).normal(size=(200_000, 2))
    log_p = norm.logpdf(x[:, None], (z @ kernel + bias)[None]).sum(axis=-1)
    exact = logsumexp(log_p, axis=1) - np.log(len(z))
    np.testing.assert_allclose(vae.log_prob(x, n_samples=20_000), exact, atol=0.5)
    weighted = VAE(vae.encoder, vae.decoder, likelihood="gaussian_fixed", objective=ImportanceWeighted(20_000), seed=0)
    bound = nats(weighted, x)["iw_bound"]
    np.testing.assert_allclose(bound, exact, atol=0.5)
    assert np.ptp(exact) > 10.0  # Mixed up, the rows would share one value.


class Shifted:
    """N(1, I), by density alone."""

    def sample(self, n, seed=None):
        return 1.0 + tf.random.stateless_normal((n, 2), seed)

    def log_prob(self, z):
        return -0.5 * tf.reduce_sum(tf.square(z - 1.0) + np.log(2 * np.pi), axis=-1)


def test_another_prior_is_not_given_the_kl_of_the_standard_normal():
    vae = small_vae(encoder=constant_encoder(1.0, 0.0), prior=Shifted())
    kl = nats(vae, all_but_copies(ROW, 20_000))["kl_loss"]
    # The posterior is that prior: 0, where the closed form of the standard normal says 1.
    assert_mean_close(kl + 1e-6 * np.random.default_rng(0).normal(size=kl.shape), 0.0, resolution=0.01)
