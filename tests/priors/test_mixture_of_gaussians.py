"""The learned mixture by hand, and its density against TFP."""

import numpy as np
import pytest
import tensorflow as tf
from helpers import assert_mean_close
from tensorflow_probability import distributions as tfd

from keras_vae.priors.mixture_of_gaussians import MixtureOfGaussians

SEED = tf.constant([2**40 + 1, 7], tf.int64)


def test_mixture_of_two_by_hand():
    prior = MixtureOfGaussians(2)
    prior.build((None, 1))
    prior.logits.assign(np.log([0.25, 0.75]))
    prior.means.assign([[0.0], [2.0]])
    prior.log_vars.assign([[0.0], [np.log(4.0)]])
    density = 0.25 * np.exp(-0.5) / np.sqrt(2 * np.pi) + 0.75 * np.exp(-0.125) / np.sqrt(8 * np.pi)
    np.testing.assert_allclose(prior.log_prob(tf.constant([[1.0]])), [np.log(density)], rtol=1e-5)


def test_mixture_components_are_drawn_by_their_weights():
    prior, weights = MixtureOfGaussians(4), np.array([0.1, 0.0, 0.6, 0.3])
    prior.build((None, 1))
    prior.logits.assign(np.log(weights + 1e-30))
    prior.means.assign([[0.0], [1.0], [2.0], [3.0]])
    drawn = prior.sample(20_000, seed=SEED, temperature=0.0).numpy().round().astype(int)[:, 0]
    assert not np.any(drawn == 1)  # No mass, no draws.
    assert_mean_close(np.eye(4)[drawn][:, [0, 2, 3]], weights[[0, 2, 3]], resolution=0.02)


def test_mixture_components_start_apart_and_as_the_seed_says():
    priors = [MixtureOfGaussians(50, initial_stddev=2.0, seed=s) for s in (1, 1, 2)]
    for prior in priors:
        prior.build((None, 20))
    np.testing.assert_array_equal(priors[0].means, priors[1].means)
    assert not np.array_equal(priors[0].means, priors[2].means)
    assert_mean_close(priors[0].means.numpy().reshape(-1) ** 2, 4.0, resolution=1.0)
    assert len(priors[0].trainable_weights) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_components": 0}, "`n_components` must be a whole number >= 1"),
        ({"initial_stddev": 0.0}, "`initial_stddev` must be a finite number > 0.0"),
    ],
)
def test_mixture_refuses_arguments_out_of_bounds(arguments, message):
    with pytest.raises(ValueError, match=message):
        MixtureOfGaussians(**arguments)


@pytest.mark.parametrize("log_var", [-18.0, -2.0, 1.0])
def test_density_and_gradient_of_a_mixture_are_those_of_tfp(rng, log_var):
    prior = MixtureOfGaussians(50, seed=0)
    prior.build((None, 10))
    prior.logits.assign(rng.normal(size=50))
    prior.log_vars.assign(log_var + 0.3 * rng.normal(size=(50, 10)))
    means, log_vars = (tf.cast(w, tf.float64) for w in (prior.means, prior.log_vars))
    gaussians = tfd.Independent(tfd.Normal(means, tf.exp(0.5 * log_vars)), 1)
    reference = tfd.MixtureSameFamily(tfd.Categorical(logits=tf.cast(prior.logits, tf.float64)), gaussians)
    # Points near components, where the squares cancel, and between them.
    near = means.numpy()[:20] + np.exp(0.5 * log_var) * rng.normal(size=(20, 10))
    z = tf.constant(np.concatenate([near, rng.normal(size=(20, 10))]), tf.float32)
    values, gradients = [], []
    for density in (prior.log_prob, lambda z: tf.cast(reference.log_prob(tf.cast(z, tf.float64)), tf.float32)):
        with tf.GradientTape() as tape:
            tape.watch(z)
            value = density(z)
        values.append(value.numpy())
        gradients.append(tape.gradient(value, z).numpy())
    np.testing.assert_allclose(values[0], values[1], rtol=1e-5, atol=1e-5)
    scale = np.abs(gradients[1]).max()
    np.testing.assert_allclose(gradients[0], gradients[1], rtol=1e-4, atol=1e-6 * scale)
