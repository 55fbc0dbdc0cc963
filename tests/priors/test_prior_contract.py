"""What every prior must do. A new class joins by one `pytest.param` line."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import assert_mean_close, linear_decoder, linear_encoder
from tensorflow_probability import distributions as tfd

from keras_vae.likelihoods.gaussian_shared import GaussianShared
from keras_vae.priors.decoder_prior import DecoderPrior
from keras_vae.priors.flow_prior import FlowPrior
from keras_vae.priors.gaussian_mixture_sampler import GaussianMixtureSampler
from keras_vae.priors.hyperprior import Hyperprior
from keras_vae.priors.mixture_of_gaussians import MixtureOfGaussians
from keras_vae.priors.pixel_cnn_prior import PixelCNNPrior
from keras_vae.priors.standard_normal import StandardNormal
from keras_vae.priors.vamp_prior import VampPrior

EVENT_SHAPE = (3,)
SEED = tf.constant([2**40 + 1, 7], tf.int64)


def standard_normal(latent_dim):
    prior = StandardNormal()
    prior.build((None, latent_dim))
    return prior


def mixture(latent_dim):
    prior = MixtureOfGaussians(3, seed=0)
    prior.build((None, latent_dim))
    rng = np.random.default_rng(1)
    prior.logits.assign([0.0, 0.5, -0.5])
    prior.log_vars.assign(rng.uniform(-1.0, 0.5, size=prior.log_vars.shape))
    return prior


def vamp(latent_dim):
    prior = VampPrior(4, seed=0)
    prior.attach(linear_encoder(EVENT_SHAPE, latent_dim), EVENT_SHAPE)
    prior.build((None, latent_dim))
    prior.pseudo_inputs.assign(np.random.default_rng(2).uniform(size=prior.pseudo_inputs.shape))
    return prior


def fitted_mixture(latent_dim):
    prior = GaussianMixtureSampler(3)
    prior.build((None, latent_dim))
    rng = np.random.default_rng(3)
    roots = rng.normal(scale=0.5, size=(3, latent_dim, latent_dim)) + 0.5 * np.eye(latent_dim)
    covariances = roots @ roots.transpose(0, 2, 1) + 0.2 * np.eye(latent_dim)
    prior.assign([0.2, 0.5, 0.3], rng.normal(size=(3, latent_dim)), covariances)
    return prior


def flow(latent_dim):
    prior = FlowPrior(2, hidden_units=(8,), seed=0)
    prior.build((None, latent_dim))
    rng = np.random.default_rng(4)
    for network in prior.networks:
        for weight in network.weights:
            weight.assign(rng.normal(scale=0.25, size=weight.shape))
    prior.location.assign(np.full(latent_dim, 0.3))
    prior.scale.assign(np.full(latent_dim, 1.2))
    return prior


def second_decoder(latent_dim):
    likelihood = GaussianShared()
    likelihood.build((None, latent_dim))
    likelihood.weights[0].assign(8.0)  # A standard deviation of e^4: draws are far from their mean.
    prior = DecoderPrior(linear_decoder((latent_dim,), latent_dim), likelihood)
    prior.build((None, latent_dim))
    prior.location.assign(np.full(latent_dim, 0.3))
    prior.scale.assign(np.full(latent_dim, 1.2))
    return prior


def hyperprior(latent_dim):
    if latent_dim < 2:
        pytest.skip("some of its latents describe the others")
    w = keras.Input((1,))
    kernel, bias = (keras.initializers.Constant(value) for value in (0.3, -0.5))
    said = [keras.layers.Dense(latent_dim - 1, kernel_initializer=kernel, bias_initializer=bias)(w) for _ in range(2)]
    prior = Hyperprior([keras.Model(w, said)], n_components=2)
    prior.build((None, latent_dim))
    prior.logits.assign([[0.3, -0.4]])
    prior.locs.assign([[-0.9, 0.7]])
    prior.log_scales.assign([[-1.0, -2.0]])
    return prior


def pixel_cnn(latent_dim):
    prior = PixelCNNPrior((latent_dim,), n_codes=50, channels=8, n_layers=2, seed=0)
    prior.build((None, latent_dim))
    rng = np.random.default_rng(5)
    for weight in prior.weights:
        weight.assign(weight + rng.normal(scale=0.3, size=weight.shape))
    return prior


def most_probable_codes(prior):
    """The grid of codes that are the most probable each, given those before."""
    z = np.zeros((1, prior.width), "float32")
    for place in range(prior.width):
        z[0, place] = np.argmax(prior.logits(z)[0, place])
    return z


# A new prior joins by a function that makes one, built, with weights that are not at their start, and a line here.
AFFINE = [
    pytest.param(standard_normal, id="standard-normal"),
    pytest.param(mixture, id="mixture"),
    pytest.param(vamp, id="vamp"),
    pytest.param(fitted_mixture, id="fitted-mixture"),
]
WITH_DENSITY = [
    *AFFINE,
    pytest.param(flow, id="flow"),
    pytest.param(hyperprior, id="hyperprior"),
]
affine_prior = pytest.mark.parametrize("make", AFFINE)  # Noise times a factor, plus something.
every_prior = pytest.mark.parametrize("make", WITH_DENSITY)
# Of which the density, if any, is not one over the real numbers: those of whole numbers have tests beside theirs.
TO_DRAW_FROM = [pytest.param(second_decoder, id="decoder"), pytest.param(pixel_cnn, id="pixel-cnn")]
every_source = pytest.mark.parametrize("make", [*WITH_DENSITY, *TO_DRAW_FROM])


def grid(latent_dim, limit=9.0, n=361):
    """Points of a regular grid, `(n ** latent_dim, latent_dim)`, and the volume of one cell."""
    axis = np.linspace(-limit, limit, n, dtype="float32")
    points = np.stack(np.meshgrid(*[axis] * latent_dim), axis=-1).reshape(-1, latent_dim)
    return points, float(axis[1] - axis[0]) ** latent_dim


@every_source
def test_only_the_standard_normal_says_that_it_is_one(make):
    prior = make(2)
    assert prior.is_standard_normal is (make is standard_normal)
    # Nothing else is known of it in closed form, such as its KL.
    assert hasattr(prior, "kl") is prior.is_standard_normal


@every_prior
@pytest.mark.parametrize("latent_dim", [1, 2])
def test_the_density_integrates_to_one(make, latent_dim):
    points, cell = grid(latent_dim)
    log_prob = make(latent_dim).log_prob(points)
    assert log_prob.shape == (len(points),)
    # A Riemann sum of smooth bumps over their whole width converges beyond float32.
    np.testing.assert_allclose(np.sum(np.exp(log_prob), dtype="float64") * cell, 1.0, rtol=1e-4)


@every_prior
def test_samples_have_the_moments_of_the_density(make):
    prior = make(2)
    points, cell = grid(2)
    density = np.exp(prior.log_prob(points).numpy().astype("float64")) * cell
    z = prior.sample(40_000, seed=SEED).numpy()
    for moment in (lambda z: z, np.square, lambda z: z[:, :1] * z[:, 1:], lambda z: z > 0.5):
        assert_mean_close(moment(z), density @ moment(points), resolution=0.12)


@every_prior
def test_mean_log_density_of_samples_is_minus_the_entropy(make):
    prior = make(1)
    points, cell = grid(1)
    log_prob = prior.log_prob(points).numpy().astype("float64")
    negative_entropy = np.sum(np.exp(log_prob) * log_prob) * cell
    assert_mean_close(prior.log_prob(prior.sample(20_000, seed=SEED)), negative_entropy, resolution=0.05)


@pytest.mark.slow
@every_source
@pytest.mark.parametrize("seed", [None, SEED], ids=["no-seed", "seed"])
def test_the_number_of_samples_may_be_a_tensor_in_a_graph(make, seed):
    prior = make(2)
    graph = tf.function(lambda n, t: prior.sample(n, seed=seed, temperature=t))
    for n in (1, 5):
        assert graph(tf.constant(n), tf.constant(1.0)).shape == (n, 2)


@pytest.mark.slow
@every_source
def test_a_seed_repeats_its_samples_in_eager_mode_and_in_a_graph(make):
    prior = make(2)
    first = prior.sample(6, seed=SEED).numpy()
    np.testing.assert_array_equal(prior.sample(6, seed=SEED), first)
    graph = tf.function(lambda seed: prior.sample(6, seed=seed))
    np.testing.assert_allclose(graph(SEED), first, rtol=1e-6)  # A graph may fuse the scaling of the same noise.


@pytest.mark.slow
@every_source
@pytest.mark.parametrize(
    "other", [[2**40 + 1, 8], [2**40 + 2, 7], [1, 7]], ids=["second-half", "first-half", "high-bits"]
)
def test_every_bit_of_the_seed_counts(make, other):
    prior = make(2)
    assert not np.array_equal(prior.sample(6, seed=tf.constant(other, tf.int64)), prior.sample(6, seed=SEED))


@pytest.mark.slow
@every_source
def test_without_a_seed_every_call_draws_anew(make):
    prior = make(2)
    assert not np.array_equal(prior.sample(6), prior.sample(6))


@pytest.mark.slow
@every_source
def test_samples_at_temperature_zero_have_no_noise_left(make):
    prior = make(2)
    locations = {
        "StandardNormal": lambda: np.zeros((1, 2)),
        "MixtureOfGaussians": lambda: prior.means.numpy(),
        "VampPrior": lambda: linear_encoder(EVENT_SHAPE, 2)(prior.pseudo_inputs)[0].numpy(),  # Of the same seed.
        "GaussianMixtureSampler": lambda: prior.means.numpy(),
        "FlowPrior": lambda: prior.bijector().forward(tf.zeros((1, 2))).numpy(),
        "Hyperprior": lambda: np.array([[-0.9, -0.77], [0.7, -0.29]]),
        "PixelCNNPrior": lambda: most_probable_codes(prior),
        "DecoderPrior": lambda: 0.3 + 1.2 * prior.decoder(tf.zeros((1, 2))).numpy(),
    }[type(prior).__name__]()
    z = prior.sample(50, seed=SEED, temperature=0.0).numpy()
    distances = np.linalg.norm(z[:, None] - locations, axis=-1)
    np.testing.assert_allclose(distances.min(axis=1), 0.0, atol=1e-6)


@affine_prior
def test_the_temperature_scales_the_noise_of_the_same_seed(make):
    prior = make(2)
    cold, half, warm = (prior.sample(6, seed=SEED, temperature=t).numpy() for t in (0.0, 0.5, 1.0))
    np.testing.assert_allclose(half, 0.5 * (cold + warm), rtol=1e-5, atol=1e-6)


@pytest.mark.slow
@every_source
def test_a_global_seed_does_not_repeat_samples_that_were_given_none(make):
    prior, samples = make(2), []
    for _ in range(2):
        keras.utils.set_random_seed(0)
        samples.append(prior.sample(6).numpy())
    assert not np.array_equal(*samples)


@pytest.mark.slow
@every_source
def test_every_row_may_have_a_temperature_of_its_own(make):
    prior = make(2)
    cold, warm, half = (prior.sample(3, seed=SEED, temperature=t).numpy() for t in (0.0, 1.0, 0.5))
    mixed = prior.sample(3, seed=SEED, temperature=tf.constant([[0.0], [1.0], [0.5]])).numpy()
    np.testing.assert_allclose(mixed, [cold[0], warm[1], half[2]], rtol=1e-5, atol=1e-6)


@every_source
def test_a_row_depends_on_its_own_seed_alone(make):
    prior = make(2)
    seeds = tf.constant([[1, 2], [3, 4], [2**40, 5], [1, 2]], tf.int64)
    rows = prior.sample_rows(seeds).numpy()
    assert rows.shape == (4, 2)
    for i, seed in enumerate(seeds):
        np.testing.assert_array_equal(rows[i], prior.sample(1, seed=seed)[0])
    np.testing.assert_array_equal(prior.sample_rows(seeds[1:]), rows[1:])
    assert len(np.unique(rows[:3], axis=0)) == 3


@pytest.mark.slow
@every_prior
def test_rows_have_the_moments_of_the_density(make):
    prior = make(2)
    points, cell = grid(2)
    density = np.exp(prior.log_prob(points).numpy().astype("float64")) * cell
    seeds = tf.stack([tf.range(4000, dtype=tf.int64), tf.zeros(4000, tf.int64)], axis=1)
    z = tf.function(prior.sample_rows)(seeds).numpy()
    for moment in (lambda z: z, lambda z: z > 0.5):
        assert_mean_close(moment(z), density @ moment(points), resolution=0.2)


@pytest.mark.slow
@every_prior
def test_log_prob_is_the_same_in_a_graph(make, rng):
    prior = make(2)
    z = tf.constant(rng.normal(size=(5, 2)), tf.float32)
    np.testing.assert_allclose(tf.function(prior.log_prob)(z), prior.log_prob(z), rtol=1e-5)


@every_prior
def test_gradients_are_finite_far_out(make):
    prior = make(2)
    z = tf.constant([[0.0, 0.0], [30.0, -30.0]])
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = prior.log_prob(z)
    gradients = tape.gradient(value, [z, *prior.trainable_weights])
    assert all(np.isfinite(g).all() for g in gradients)


@every_prior
def test_densities_are_single_precision_under_mixed_precision(make, mixed_float16):
    prior = make(2)
    assert prior.log_prob(tf.zeros((3, 2), tf.float16)).dtype == tf.float32
    assert prior.sample(3).dtype == tf.float32
    assert all(w.dtype == "float32" for w in prior.weights)


@pytest.mark.slow
@every_source
def test_config_round_trip(make, rng):
    prior = make(2)
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(prior)))
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is type(prior)
    assert json.dumps(again.get_config()) == json.dumps(prior.get_config())
    if isinstance(again, VampPrior):
        again.attach(linear_encoder(EVENT_SHAPE, 2), EVENT_SHAPE)
    if not again.built:
        again.build((None, 2))
    again.set_weights(prior.get_weights())
    np.testing.assert_array_equal(again.sample(5, seed=SEED), prior.sample(5, seed=SEED))
    if make is not second_decoder:
        z = rng.normal(size=(5, 2)).astype("float32")
        np.testing.assert_array_equal(again.log_prob(z), prior.log_prob(z))


@every_prior
def test_the_estimate_of_the_kl_from_samples_is_never_negative_in_the_mean(make):
    # Gibbs: E_q[log q - log p] >= 0, also where there is no closed form.
    prior = make(2)
    q = tfd.MultivariateNormalDiag([0.3, -0.2], [0.7, 1.1])
    z = q.sample(20_000, seed=(1, 2))
    estimates = (q.log_prob(z) - prior.log_prob(z)).numpy()
    if hasattr(prior, "kl"):
        closed_form = prior.kl(tf.constant([[0.3, -0.2]]), 2.0 * tf.math.log([[0.7, 1.1]])).numpy()[0]
        assert_mean_close(estimates, closed_form, resolution=0.05)
    assert estimates.mean() > 0.0
