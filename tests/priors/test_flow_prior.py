"""The masked autoregressive flow as prior, against TFP and by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import assert_mean_close
from tensorflow_probability import distributions as tfd

from keras_vae.priors.flow_prior import FlowPrior

SEED = tf.constant([5, 6], tf.int64)


def flow(latent_dim, n_steps=3, scale=0.3, **kwargs):
    """A built flow with weights that are not at their start."""
    prior = FlowPrior(n_steps, **{"hidden_units": (12,), "seed": 0, **kwargs})
    prior.build((None, latent_dim))
    rng = np.random.default_rng(6)
    for network in prior.networks:
        for weight in network.weights:
            weight.assign(rng.normal(scale=scale, size=weight.shape))
    prior.location.assign(rng.normal(size=latent_dim))
    prior.scale.assign(rng.uniform(0.5, 2.0, size=latent_dim))
    return prior


@pytest.mark.parametrize("latent_dim", [1, 4])
def test_the_density_is_that_of_tfp(latent_dim, rng):
    prior = flow(latent_dim)
    z = tf.constant(2.0 * rng.normal(size=(20, latent_dim)), tf.float32)
    distribution = tfd.TransformedDistribution(tfd.MultivariateNormalDiag(tf.zeros(latent_dim)), prior.bijector())
    np.testing.assert_allclose(prior.log_prob(z), distribution.log_prob(z), rtol=1e-4, atol=1e-5)


def test_one_linear_step_by_hand():
    # z0 = u0, z1 = exp(log 2) u1 + 3 z0: a Gaussian, whose covariance is [[1, 3], [3, 9 + 4]].
    prior = FlowPrior(1, hidden_units=(), max_log_scale=1e6)
    prior.build((None, 2))
    prior.networks[0].kernels[0].assign([[0.0, 3.0, 0.0, 0.0], [0.0] * 4])
    prior.networks[0].biases[0].assign([0.0, 0.0, 0.0, np.log(2.0)])
    covariance = np.array([[1.0, 3.0], [3.0, 13.0]])
    z = np.array([[0.0, 0.0], [1.0, -1.0], [0.5, 4.0]])
    expected = tfd.MultivariateNormalFullCovariance(np.zeros(2), covariance).log_prob(z)
    np.testing.assert_allclose(prior.log_prob(z.astype("float32")), expected, rtol=1e-4)
    draws = prior.sample(20_000, seed=SEED).numpy()
    assert_mean_close(draws[:, :, None] * draws[:, None, :], covariance, resolution=1.0)


def test_the_density_of_draws_is_that_of_their_noise_over_the_volume():
    prior = flow(3)
    u = tf.random.stateless_normal((5, 3), seed=SEED)
    with tf.GradientTape() as tape:
        tape.watch(u)
        z = prior.bijector().forward(u)
    _, log_det = np.linalg.slogdet(tape.batch_jacobian(z, u).numpy().astype("float64"))
    np.testing.assert_allclose(prior.sample(5, seed=SEED), z, rtol=1e-5, atol=1e-5)
    expected = -0.5 * np.sum(u**2 + np.log(2 * np.pi), axis=1) - log_det
    np.testing.assert_allclose(prior.log_prob(z), expected, rtol=1e-3, atol=1e-4)


def test_it_starts_as_the_standard_normal(rng):
    prior = FlowPrior(seed=0)
    prior.build((None, 3))
    z = rng.normal(size=(5, 3)).astype("float32")
    np.testing.assert_allclose(prior.log_prob(z), tfd.MultivariateNormalDiag(np.zeros(3, "f4")).log_prob(z), rtol=1e-5)
    np.testing.assert_array_equal(prior.sample(4, seed=SEED), tf.random.stateless_normal((4, 3), seed=SEED))


@pytest.mark.slow
def test_likelihood_finds_a_density_that_is_no_gaussian(rng):
    """A crescent: its entropy is that of the noise, so the best mean log density is known."""
    u = rng.normal(size=(4000, 2))
    z = np.stack([u[:, 0], 0.3 * u[:, 1] + u[:, 0] ** 2], axis=1).astype("float32")
    prior = FlowPrior(2, hidden_units=(16,), seed=0)
    prior.build((None, 2))
    optimizer = keras.optimizers.Adam(0.01)

    @tf.function
    def step(batch):
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(prior.log_prob(batch))
        optimizer.apply(tape.gradient(loss, prior.trainable_weights), prior.trainable_weights)

    for i in range(400):
        step(z[(i % 20) * 200 : (i % 20 + 1) * 200])
    best = -1.0 - np.log(2 * np.pi) - np.log(0.3)
    gaussian = tfd.MultivariateNormalFullCovariance(z.mean(axis=0), np.cov(z.T).astype("f4")).log_prob(z).numpy().mean()
    found = prior.log_prob(z).numpy().mean()
    assert best - gaussian > 1.0
    assert abs(found - best) < 0.15
    draws = prior.sample(5000, seed=SEED).numpy()
    # Five standard errors of the two shares are 0.05; 0.02 for what 400 steps leave unlearned.
    assert abs(np.mean(draws[:, 1] > 1.0) - np.mean(z[:, 1] > 1.0)) < 0.07


def test_location_and_scale_are_not_trained_and_the_networks_are():
    prior = flow(2)
    names = {w.name for w in prior.trainable_weights}
    assert names == {"kernel_0", "kernel_1", "bias_0", "bias_1"}
    assert len(prior.weights) == len(prior.trainable_weights) + 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_steps": 0}, "`n_steps` must be a whole number >= 1"),
        ({"hidden_units": (0,)}, "`hidden_units` must be a tuple of whole numbers >= 1"),
    ],
)
def test_arguments_out_of_bounds_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        FlowPrior(**arguments)
