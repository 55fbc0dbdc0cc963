import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import assert_mean_close
from scipy import stats

from keras_vae.priors.scale_hyperprior import MIN_SCALE, ScaleHyperprior

N_SCALED, N_HYPER, N_CHANNELS = 5, 6, 2


def make_prior(rng, **arguments):
    dense = keras.layers.Dense(N_SCALED, kernel_initializer=keras.initializers.RandomNormal(stddev=0.7, seed=0))
    prior = ScaleHyperprior(keras.Sequential([keras.Input((N_HYPER,)), dense]), N_CHANNELS, **arguments)
    prior.build((None, N_SCALED + N_HYPER))
    for weight in (prior.logits, prior.locs):
        weight.assign(rng.normal(size=weight.shape))
    prior.log_scales.assign(rng.uniform(-1.0, 1.0, size=prior.log_scales.shape))
    return prior


def by_scipy(prior, z):
    """The log density element by element, in float64."""
    kernel, bias = prior.hyper_decoder.get_weights()
    logits, locs, scales = prior.logits.numpy(), prior.locs.numpy(), np.exp(prior.log_scales.numpy())
    total = []
    for row in z.astype("float64"):
        y, w = row[:N_SCALED], row[N_SCALED:]
        spread = MIN_SCALE + np.log1p(np.exp(w @ kernel + bias))
        far = -np.abs(y)
        found = np.sum(np.log(stats.norm.cdf(far + 0.5, 0, spread) - stats.norm.cdf(far - 0.5, 0, spread)))
        for i, value in enumerate(w):
            c = i % N_CHANNELS
            weights = np.exp(logits[c]) / np.exp(logits[c]).sum()
            ends = (stats.logistic.cdf(value + h, locs[c], scales[c]) for h in (0.5, -0.5))
            upper, lower = ends
            found += np.log(weights @ (upper - lower))
        total.append(found)
    return np.array(total)


@pytest.mark.parametrize("n_components", [1, 3])
def test_the_density_is_that_of_scipy(rng, n_components):
    prior = make_prior(rng, n_components=n_components)
    z = rng.normal(scale=1.5, size=(7, N_SCALED + N_HYPER)).astype("float32")
    np.testing.assert_allclose(prior.log_prob(z), by_scipy(prior, z), rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("place", [0, N_SCALED - 1])
def test_probabilities_of_whole_numbers_add_up_to_one(rng, place):
    prior = make_prior(rng)
    z = np.zeros((401, N_SCALED + N_HYPER), "float32")
    z[:, place] = np.arange(-200, 201)
    without = by_scipy(prior, z[200:201])[0] - element_at_0(prior, z[200], place)
    np.testing.assert_allclose(np.sum(np.exp(prior.log_prob(z).numpy() - without)), 1.0, rtol=1e-4)


def element_at_0(prior, row, place):
    """Log probability of the 0 of one element of y."""
    spread = float(prior.scales(row[None, N_SCALED:])[0, place])
    return np.log(1.0 - 2.0 * stats.norm.cdf(-0.5 / spread))


def test_what_scales_say_is_what_samples_have(rng):
    prior = make_prior(rng)
    z = prior.sample(20_000, seed=tf.constant([1, 2], tf.int64))
    y, w = (part.numpy().astype("float64") for part in prior.split(z))
    variances = np.square(prior.scales(w.astype("float32")).numpy()) + 1.0 / 12.0
    # Of y^2 / variance of each draw, which has no heavy tail.
    assert_mean_close(np.square(y) / variances, 1.0, resolution=0.06)


def test_a_scale_that_training_made_tiny_does_not_lose_the_gradient(rng):
    prior = make_prior(rng)
    prior.log_scales.assign(np.full(prior.log_scales.shape, -50.0))
    z = tf.constant(rng.normal(scale=20.0, size=(4, N_SCALED + N_HYPER)), tf.float32)
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(prior.log_prob(z))
    assert np.isfinite(value)
    assert all(np.isfinite(g).all() for g in tape.gradient(value, prior.trainable_variables))


def test_what_is_no_network_of_scales_is_refused():
    with pytest.raises(ValueError, match=r"`hyper_decoder` must be a built Keras model. Received: hyper_decoder=3"):
        ScaleHyperprior(3, 1)
    network = keras.Sequential([keras.Input((6,)), keras.layers.Dense(4)])
    with pytest.raises(
        ValueError, match=r"`n_channels` must divide the 6 inputs of `hyper_decoder`. Received: n_channels=4"
    ):
        ScaleHyperprior(network, 4)
    with pytest.raises(ValueError, match="`n_components` must be"):
        ScaleHyperprior(network, 3, 0)
    with pytest.raises(ValueError, match=r"`latent_dim` must be 4 \+ 6, .* Received: latent_dim=9"):
        ScaleHyperprior(network, 3).build((None, 9))
