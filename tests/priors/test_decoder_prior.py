"""Draws of a second VAE's decoder, against the Gaussian that a linear one makes."""

import numpy as np
import pytest
import tensorflow as tf
from helpers import assert_mean_close, dense_weights, linear_decoder

from keras_vae.likelihoods.gaussian_shared import GaussianShared
from keras_vae.priors.decoder_prior import DecoderPrior

SEED = tf.constant([5, 6], tf.int64)


def linear_prior():
    likelihood = GaussianShared()
    likelihood.build((None, 2))
    prior = DecoderPrior(linear_decoder((2,), 2), likelihood)
    prior.build((None, 2))
    prior.decoder.get_layer("x_params").bias.assign([0.5, -0.5])
    prior.location.assign([1.0, 2.0])
    prior.scale.assign([3.0, 0.5])
    return prior


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_a_linear_decoder_makes_the_gaussian_that_can_be_computed(temperature):
    prior = linear_prior()
    kernel, bias = dense_weights(prior.decoder, "x_params")
    location, scale = np.array([1.0, 2.0]), np.array([3.0, 0.5])
    variance = np.exp(float(prior.likelihood.log_var))
    covariance = temperature**2 * (kernel.T @ kernel + variance * np.eye(2)) * np.outer(scale, scale)
    centred = prior.sample(20_000, seed=SEED, temperature=temperature).numpy() - (location + scale * bias)
    assert_mean_close(centred, 0.0, resolution=0.3)
    assert_mean_close(centred[:, :, None] * centred[:, None, :], covariance, resolution=2.0)
    assert_mean_close(centred[:, 1] ** 2, covariance[1, 1], resolution=0.1)


def test_rows_have_the_same_bits_in_a_graph(rng):
    prior = linear_prior()
    seeds = tf.constant(rng.integers(0, 100, size=(9, 2)))
    rows = tf.function(prior.sample_rows)(seeds).numpy()
    one = tf.function(lambda seed: prior.sample(1, seed=seed))
    np.testing.assert_array_equal(rows, prior.sample_rows(seeds))
    np.testing.assert_array_equal(rows, np.concatenate([one(seed) for seed in seeds]))


def test_it_has_no_density_and_says_so():
    with pytest.raises(NotImplementedError, match="DecoderPrior has no `log_prob`: the density of a second VAE is an"):
        linear_prior().log_prob(tf.zeros((1, 2)))


def test_a_decoder_must_be_a_keras_model():
    with pytest.raises(ValueError, match=r"`decoder` must be a Keras model. Received: decoder="):
        DecoderPrior(lambda u: u, GaussianShared())


def test_the_likelihood_must_have_one_learned_variance():
    with pytest.raises(ValueError, match=r"`likelihood` must be a `GaussianShared`. Received: likelihood='gaussian'"):
        DecoderPrior(linear_decoder((2,), 2), "gaussian")
