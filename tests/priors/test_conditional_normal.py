"""The prior that is learned as a function of the condition: codes in its units, and the densities they stand for."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import conditional_vae, linear_encoder, small_vae
from scipy.stats import multivariate_normal
from tensorflow_probability import distributions as tfd

from keras_vae.models.make_vae import make_vae
from keras_vae.models.vae import VAE
from keras_vae.networks.conditional import make_prior_network
from keras_vae.priors.conditional_normal import ConditionalNormal


def random_network(condition_dim, latent_dim, seed=0):
    network, rng = make_prior_network(condition_dim, latent_dim, units=8), np.random.default_rng(seed)
    network.set_weights([rng.normal(scale=0.4, size=weight.shape) for weight in network.get_weights()])
    return network


def conditional_prior_vae(**kwargs):
    """The small conditional VAE, c of 3 numbers and z of 2, with a prior that depends on c."""
    parts = conditional_vae((3,))
    prior = ConditionalNormal(random_network(3, 2))
    return VAE(parts.encoder, parts.decoder, likelihood="gaussian_fixed", prior=prior, seed=0, **kwargs)


def pairs(n=20, seed=3):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 6)).astype("float32"), rng.normal(size=(n, 3)).astype("float32")


def test_the_kl_is_that_of_the_two_gaussians_of_what_the_decoder_is_given():
    model, (x, c) = conditional_prior_vae(), pairs()
    v_mean, v_log_var = model.encoder([x, c])
    p_mean, p_log_var = model.prior.network(c)
    as_normal = lambda mean, log_var: tfd.MultivariateNormalDiag(mean, tf.exp(0.5 * log_var))  # noqa: E731
    expected = tfd.kl_divergence(as_normal(v_mean, v_log_var), as_normal(p_mean, p_log_var))
    found = model.bound_rows(x, 1, condition=c)[0].kl
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    # The same in the units of the prior, which is what `encode` gives.
    z_mean, z_log_var = model.encode(x, condition=c)
    np.testing.assert_allclose(
        0.5 * np.sum(z_mean**2 + np.exp(z_log_var) - 1.0 - z_log_var, axis=-1), expected, rtol=1e-5
    )


def test_log_prob_is_that_of_the_linear_model_with_that_prior():
    model, (x, c) = conditional_prior_vae(), pairs(6)
    # A wide posterior that covers what every example may come from: the weights do the work.
    model.encoder.set_weights([np.zeros_like(weight) for weight in model.encoder.get_weights()])
    model.encoder.get_layer("z_log_var").bias.assign([1.5, 1.5])
    kernel, bias = model.decoder.get_layer("x_params").get_weights()
    p_mean, p_log_var = (part.numpy() for part in model.prior.network(c))
    exact = [
        multivariate_normal.logpdf(
            row,
            bias + mean @ kernel[:2] + told @ kernel[2:],
            kernel[:2].T @ np.diag(np.exp(v)) @ kernel[:2] + np.eye(6),
        )
        for row, told, mean, v in zip(x, c, p_mean, p_log_var, strict=True)
    ]
    # 50,000 weights that vary by a factor of some tens have an error of about a hundredth of a nat.
    np.testing.assert_allclose(model.log_prob(x, 50_000, condition=c), exact, atol=0.1)


def test_place_and_relative_are_inverse():
    prior = ConditionalNormal(random_network(3, 2))
    prior.build((None, 2))
    rng = np.random.default_rng(0)
    z, c = rng.normal(size=(5, 2)).astype("float32"), rng.normal(size=(5, 3)).astype("float32")
    mean, log_var = prior.relative(prior.place(z, c), np.zeros_like(z), c)
    np.testing.assert_allclose(mean, z, rtol=1e-5, atol=1e-6)
    p_log_var = prior.network(c)[1]
    np.testing.assert_allclose(log_var, -p_log_var, rtol=1e-6)


def test_samples_have_the_mean_and_variance_of_the_prior_under_each_condition():
    model, c = conditional_prior_vae(), np.array([0.5, -1.0, 2.0], "float32")
    z = model.sample_prior(20_000, seed=tf.constant([0, 0], tf.int64))
    v = model.prior.place(z, np.tile(c, (20_000, 1))).numpy()
    p_mean, p_log_var = (part.numpy()[0] for part in model.prior.network(c[None]))
    stddev = np.exp(0.5 * p_log_var)
    # Five standard errors of a mean and of a standard deviation.
    np.testing.assert_allclose(v.mean(axis=0), p_mean, atol=5 * stddev.max() / np.sqrt(20_000))
    np.testing.assert_allclose(v.std(axis=0), stddev, rtol=5 / np.sqrt(40_000))


def test_the_prior_is_learned_and_tells_the_classes_apart():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 256)
    x = (4.0 * (2 * labels[:, None] - 1) + rng.normal(size=(256, 4))).astype("float32")
    model = make_vae(
        (4,), latent_dim=2, hidden_units=(16,), likelihood="gaussian_fixed", n_classes=2, prior="conditional", seed=0
    )
    model.compile(keras.optimizers.Adam(0.02))
    before = model.prior.network.get_weights()
    model.fit((x, labels), epochs=20, verbose=0)
    assert all(np.any(a != b) for a, b in zip(before[2:], model.prior.network.get_weights()[2:], strict=True))
    assert (np.sign(model.sample(100, seed=0, condition=1).mean(axis=-1)) == 1).all()
    assert (np.sign(model.sample(100, seed=0, condition=0).mean(axis=-1)) == -1).all()


def test_a_model_is_saved_with_its_conditional_prior(tmp_path):
    model, (x, c) = conditional_prior_vae(), pairs()
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(loaded.log_prob(x, 5, condition=c), model.log_prob(x, 5, condition=c))


def test_a_prior_of_the_condition_alone_makes_the_decoder_ask_for_it():
    x, c = pairs()
    told = keras.Input((3,), name="c")
    network = keras.Model(told, keras.layers.Identity()(told))
    prior = ConditionalNormal(random_network(3, 2))
    parts = small_vae()
    model = VAE(
        linear_encoder(), parts.decoder, likelihood="gaussian_fixed", prior=prior, condition_network=network, seed=0
    )
    assert model.takes_condition("decoder")
    assert model.sample(2, condition=c[:2]).shape == (2, 6)
    assert np.isfinite(model.elbo((x, c))).all()
    with pytest.raises(ValueError, match="`condition` must be given"):
        model.sample(2)


def test_a_conditional_prior_without_a_condition_is_refused():
    parts = small_vae()
    with pytest.raises(ValueError, match="`prior` must not be a ConditionalNormal in a model without a condition"):
        VAE(parts.encoder, parts.decoder, prior=ConditionalNormal(random_network(3, 2)), likelihood="gaussian_fixed")


def test_a_network_of_another_size_is_refused():
    parts = conditional_vae((3,))
    with pytest.raises(ValueError, match=r"`network` of the prior must put out 2 numbers, .* Received: 5"):
        VAE(parts.encoder, parts.decoder, prior=ConditionalNormal(random_network(3, 5)), likelihood="gaussian_fixed")


@pytest.mark.parametrize("network", [None, "mean", 3])
def test_something_else_than_a_network_with_two_outputs_is_refused(network):
    one = keras.Input((3,))
    network = keras.Model(one, keras.layers.Dense(2)(one)) if network == "mean" else network
    with pytest.raises(ValueError, match="`network` must be a Keras model with the two outputs"):
        ConditionalNormal(network)
