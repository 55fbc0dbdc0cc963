"""Samplers fitted to the codes of data: planted aggregate posteriors, and what a model keeps of them."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import UnbuiltEncoder, linear_decoder, small_vae
from scipy.spatial.distance import cdist

from keras_vae import samplers
from keras_vae.layers.inverse_autoregressive_flow import InverseAutoregressiveFlow
from keras_vae.models.make_vae import make_autoencoder
from keras_vae.models.vae import VAE
from keras_vae.priors.decoder_prior import DecoderPrior
from keras_vae.priors.flow_prior import FlowPrior
from keras_vae.priors.gaussian_mixture_sampler import GaussianMixtureSampler
from keras_vae.priors.mixture_of_gaussians import MixtureOfGaussians
from keras_vae.priors.standard_normal import StandardNormal
from keras_vae.samplers.fit import fit

SEED = tf.constant([8, 9], tf.int64)
LOG_VAR = float(np.log(0.09))
# A fit of seconds.
QUICK = {
    "gmm": {"n_components": 2},
    "maf": {"n_steps": 2, "hidden_units": (32,), "learning_rate": 0.01, "max_steps": 500},
    "two_stage": {"hidden_units": (32, 32), "learning_rate": 0.003, "max_steps": 1500},
}
every_sampler = pytest.mark.parametrize("name", list(QUICK))
fast_samplers_first = pytest.mark.parametrize(
    "name", ["gmm", *(pytest.param(name, marks=pytest.mark.slow) for name in ("maf", "two_stage"))]
)


def vae_of_identity(z_log_var=LOG_VAR, **kwargs):
    """A VAE whose posterior at x is N(x, exp(z_log_var) I) in two dimensions."""
    vae = small_vae("gaussian_fixed", (2,), z_log_var=z_log_var, decoder=linear_decoder((2,)), **kwargs)
    vae.encoder.get_layer("z_mean").kernel.assign(np.eye(2))
    return vae


def two_blobs(n, rng):
    """Examples whose codes are two correlated blobs, (-2, -2) and (2, 2), far from N(0, I)."""
    along = np.array([[0.4, 0.3], [0.0, 0.3]])
    return rng.choice([-2.0, 2.0], size=(n, 1)) + rng.normal(size=(n, 2)) @ along


# The truth: q(z) is an even mixture of N(+-(2, 2), COVARIANCE).
COVARIANCE = np.array([[0.16, 0.12], [0.12, 0.18]]) + 0.09 * np.eye(2)
ENTROPY = np.log(2.0) + 1.0 + np.log(2 * np.pi) + 0.5 * np.log(np.linalg.det(COVARIANCE))


def energy_distance(a, b):
    return 2.0 * cdist(a, b).mean() - cdist(a, a).mean() - cdist(b, b).mean()


@pytest.fixture(scope="module")
def fitted():
    """Name to a VAE with that sampler fitted, for tests that only look."""
    models = {}

    def get(name):
        if name not in models:
            models[name] = vae_of_identity()
            fit(models[name], two_blobs(1000, np.random.default_rng(0)), name, **QUICK[name])
        return models[name]

    return get


@pytest.mark.slow
@every_sampler
def test_draws_are_those_of_the_aggregate_posterior_where_the_prior_misses_it(name, fitted, rng):
    vae = fitted(name)
    truth = vae.draw(two_blobs(2000, rng), seed=1)
    z = vae.sample_prior(2000, SEED).numpy()
    prior = vae.prior.sample(2000, seed=SEED).numpy()
    assert energy_distance(truth, prior) > 0.5
    assert energy_distance(truth, z) < 0.1
    # Hardly an example has its code in the middle; half of N(0, I) is there. A flow or a decoder must bend one
    # connected space of noise onto two blobs: a thin bridge is left.
    assert np.mean(np.abs(truth.sum(axis=1)) < 1.0) < 0.01
    assert np.mean(np.abs(prior.sum(axis=1)) < 1.0) > 0.4
    assert np.mean(np.abs(z.sum(axis=1)) < 1.0) < (0.01 if name == "gmm" else 0.1)
    np.testing.assert_allclose(np.cov(z.T), np.cov(truth.T), atol=0.1 if name == "gmm" else 1.0)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "gap"), [("gmm", 0.05), ("maf", 0.6)])
def test_the_density_fitted_comes_near_the_true_one(name, gap, fitted, rng):
    """The mean log density of fresh codes is minus the cross entropy, which is at least the known entropy.

    The best single Gaussian is 0.9 nats below it, N(0, I) 4.
    """
    vae = fitted(name)
    log_prob = vae.sampler.log_prob(vae.draw(two_blobs(5000, rng), seed=1)).numpy()
    # Two standard deviations of the mean of 5000 rows are 0.03 nats.
    assert -ENTROPY - gap < log_prob.mean() < -ENTROPY + 0.05


def test_the_mixture_finds_the_numbers_of_the_truth(fitted):
    sampler = fitted("gmm").sampler
    order = np.argsort(sampler.means.numpy()[:, 0])
    np.testing.assert_allclose(sampler.means.numpy()[order], [[-2.0, -2.0], [2.0, 2.0]], atol=0.1)
    factors = sampler.factors.numpy()
    np.testing.assert_allclose(factors @ factors.transpose(0, 2, 1), [COVARIANCE] * 2, atol=0.04)
    np.testing.assert_allclose(tf.nn.softmax(sampler.logits), [0.5, 0.5], atol=0.05)


def test_the_target_is_the_aggregate_posterior_and_not_the_means_of_the_codes():
    # All examples at one place: the means have no spread at all, q(z) that of the posterior.
    vae = vae_of_identity(z_log_var=np.log(0.25))
    sampler = fit(vae, np.ones((2000, 2)), n_components=1, n_draws=2)
    np.testing.assert_allclose(sampler.means, [[1.0, 1.0]], atol=0.05)
    factor = sampler.factors.numpy()[0]
    np.testing.assert_allclose(factor @ factor.T, 0.25 * np.eye(2), atol=0.03)


@pytest.mark.slow
def test_the_codes_of_a_posterior_flow_are_what_is_fitted():
    vae = vae_of_identity(posterior_flow=InverseAutoregressiveFlow(1, hidden_units=(), seed=0))
    vae.posterior_flow.networks[0].biases[0].assign([7.0, 0.0, 0.0, 0.0])
    sampler = fit(vae, np.zeros((500, 2)), n_components=1)
    np.testing.assert_allclose(sampler.means, [[7.0, 0.0]], atol=0.1)


def test_the_number_of_components_can_be_chosen_by_the_criterion(rng):
    vae = vae_of_identity()
    options = {"n_draws": 2, "n_components": [1, 2, 4]}
    assert fit(vae, two_blobs(200, rng), **options).n_components == 2
    assert fit(vae, rng.normal(size=(200, 2)), **options).n_components == 1


def test_the_criterion_counts_examples_and_not_their_draws(rng):
    # Two blobs that lie close: 60 examples do not show them, ten times as many would.
    x = rng.normal(size=(60, 2))
    x[:, 0] += np.repeat([-1.0, 1.0], 30)
    vae, options = vae_of_identity(), {"n_draws": 10, "n_components": [1, 2]}
    assert fit(vae, x, **options).n_components == 1
    more = rng.normal(size=(2000, 2))
    more[:, 0] += np.repeat([-1.6, 1.6], 1000)
    assert fit(vae, more, **options).n_components == 2


@pytest.mark.slow
def test_likelihoods_keep_to_the_prior(rng):
    vae, x = vae_of_identity(), two_blobs(100, rng)
    vae.compile()
    before = vae.elbo(x), vae.log_prob(x, n_samples=5), vae.evaluate(x, verbose=0)
    fit(vae, x, n_components=2)
    after = vae.elbo(x), vae.log_prob(x, n_samples=5), vae.evaluate(x, verbose=0)
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)


def test_samples_come_from_the_sampler_and_go_back_to_the_prior(rng):
    vae, x = vae_of_identity(), two_blobs(100, rng) + 50.0
    of_prior = vae.sample(5, seed=1)
    assert vae.sampler is None
    assert vae.sample_source is vae.prior
    sampler = fit(vae, x, n_components=2)
    assert vae.sampler is vae.sample_source is sampler
    np.testing.assert_array_equal(vae.sample(5, seed=1), vae.decode(sampler.sample(5, seed=tf.constant([1, 0]))))
    assert not np.any(np.isclose(vae.sample(5, seed=1), of_prior))
    assert fit(vae, None, None) is None
    np.testing.assert_array_equal(vae.sample(5, seed=1), of_prior)
    vae.sampler = sampler
    assert not np.any(np.isclose(vae.sample(5, seed=1), of_prior))
    vae.sampler = None
    np.testing.assert_array_equal(vae.sample(5, seed=1), of_prior)
    vae.sampler = vae.prior
    assert vae.sampler is None


def test_a_temperature_below_one_draws_nearer_to_the_components(rng):
    vae = vae_of_identity()
    fit(vae, two_blobs(300, rng), n_components=2)
    cold = vae.sample_prior(500, SEED, temperature=0.1).numpy()
    within = cold - 2.0 * np.sign(cold.sum(axis=1, keepdims=True))
    assert within.std() < 0.1


@pytest.mark.slow
@fast_samplers_first
def test_a_seed_repeats_the_fit_whatever_was_seeded(name, rng):
    x, options = two_blobs(100, rng), {**QUICK[name], **({} if name == "gmm" else {"max_steps": 20})}
    samples = []
    for global_seed, seed in ((1, 3), (2, 3), (1, 4)):
        vae = vae_of_identity()
        keras.utils.set_random_seed(global_seed)
        fit(vae, x, name, seed=seed, **options)
        samples.append(vae.sample_prior(50, SEED).numpy())
    np.testing.assert_array_equal(samples[0], samples[1])
    assert not np.array_equal(samples[0], samples[2])


@fast_samplers_first
def test_a_saved_model_keeps_its_sampler(name, fitted, tmp_path):
    vae = fitted(name)
    vae.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    assert type(again.sampler) is type(vae.sampler)
    np.testing.assert_array_equal(again.sample(20, seed=4), vae.sample(20, seed=4))
    assert again.sampler.trainable_weights == []
    again.sampler = None
    again.save(tmp_path / "without.keras")
    assert keras.models.load_model(tmp_path / "without.keras").sampler is None


@pytest.mark.slow
def test_a_model_whose_encoder_is_not_functional_keeps_its_sampler(rng, tmp_path):
    vae = VAE(UnbuiltEncoder(), linear_decoder(), likelihood="gaussian_fixed", seed=0)
    vae.build((None, 6))
    fit(vae, rng.normal(size=(50, 6)), n_components=2)
    vae.save(tmp_path / "m.keras")
    custom_objects = {"UnbuiltEncoder": UnbuiltEncoder}
    again = keras.models.load_model(tmp_path / "m.keras", custom_objects=custom_objects)
    np.testing.assert_array_equal(again.sample(5, seed=4), vae.sample(5, seed=4))


@pytest.mark.slow
@fast_samplers_first
def test_the_sampler_is_never_trained_with_the_model(name, rng, tmp_path):
    vae, x = vae_of_identity(z_log_var=None), two_blobs(64, rng).astype("float32")
    vae.compile("adam")
    vae.fit(x, verbose=0)
    n_trainable = len(vae.trainable_variables)
    fit(vae, x, name, **{**QUICK[name], **({} if name == "gmm" else {"max_steps": 2})})
    vae.trainable = False
    vae.trainable = True
    assert len(vae.trainable_variables) == n_trainable
    weights = [w.numpy() for w in vae.sampler.weights]
    assert len(weights) >= 3
    vae.save(tmp_path / "m.keras")
    for model in (vae, keras.models.load_model(tmp_path / "m.keras")):
        with pytest.warns(UserWarning, match="The sampler of the model was fitted to its codes before this training"):
            model.fit(x, verbose=0)
        for before, after in zip(weights, model.sampler.weights, strict=True):
            np.testing.assert_array_equal(before, after)
        assert int(model.optimizer.iterations) == 4


def test_a_prior_of_ones_own_can_be_the_sampler(rng, tmp_path):
    vae = vae_of_identity()
    sampler = MixtureOfGaussians(2, seed=0)
    vae.sampler = sampler
    sampler.means.assign([[50.0, 50.0], [-50.0, -50.0]])
    assert np.all(np.abs(vae.sample_prior(20, SEED)) > 40.0)
    assert vae.prior.trainable
    vae.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again.sample_prior(20, SEED), vae.sample_prior(20, SEED))


def test_replaced_samplers_leave_nothing_behind(rng):
    vae, x = vae_of_identity(), two_blobs(100, rng)
    n_weights = len(vae.weights)
    for n_components in (1, 2, 3):
        fit(vae, x, n_components=n_components)
        assert len(vae.weights) == n_weights + 3
    vae.sampler = None
    assert len(vae.weights) == n_weights


def test_a_dataset_is_as_good_as_an_array(rng):
    x, samples = two_blobs(128, rng).astype("float32"), []
    for data in (x, tf.data.Dataset.from_tensor_slices(x).batch(32)):
        vae = vae_of_identity()
        fit(vae, data, n_components=2, batch_size=32)
        samples.append(vae.sample(10, seed=0))
    np.testing.assert_array_equal(*samples)


def test_the_draws_of_an_example_stay_together_where_a_stream_shuffles_anew(rng):
    # Else the draws that are held out would be of examples that are fitted to.
    x = 100.0 * rng.normal(size=(64, 2)).astype("float32")
    stream = tf.data.Dataset.from_tensor_slices(x).shuffle(64, reshuffle_each_iteration=True).batch(16)
    draws = vae_of_identity().draw(stream, seed=0, n_draws=4)
    assert draws.shape == (64, 4, 2)
    spread = draws.std(axis=1, ddof=1).mean()
    assert spread == pytest.approx(0.3, rel=0.2)


def test_fit_keeps_the_signature_of_fit():
    parameters = inspect.signature(VAE.fit).parameters
    assert list(parameters)[:3] == ["self", "x", "y"]


@pytest.mark.slow
def test_the_second_vae_has_as_many_latents_and_its_own_noise(fitted):
    sampler = fitted("two_stage").sampler
    assert isinstance(sampler, DecoderPrior)
    assert sampler.decoder.input_shape == sampler.decoder.output_shape == (None, 2)
    assert float(sampler.likelihood.log_var) < -0.5  # It has found more than the spread of all codes.


def test_the_samplers_are_of_the_layers_of_their_names(fitted):
    assert isinstance(fitted("gmm").sampler, GaussianMixtureSampler)
    assert isinstance(fitted("maf").sampler, FlowPrior)


def test_the_sampler_of_a_conditional_model_is_that_of_all_its_codes(rng):
    x, z, shift = keras.Input((2,)), keras.Input((2,)), keras.Input((2,))
    z_log_var = keras.layers.Dense(2, kernel_initializer="zeros", bias_initializer=keras.initializers.Constant(LOG_VAR))
    encoder = keras.Model([x, shift], [keras.layers.Add()([x, shift]), z_log_var(x)])
    decoder = keras.Model([z, shift], keras.layers.Subtract()([z, shift]))
    vae = VAE(encoder, decoder, likelihood="gaussian_fixed", seed=0)
    rows, shifts = np.zeros((600, 2)), np.where(np.arange(600) % 2, 5.0, -5.0)[:, None] * np.ones((1, 2))
    sampler = fit(vae, rows, n_components=2, condition=shifts)
    np.testing.assert_allclose(np.sort(sampler.means.numpy()[:, 0]), [-5.0, 5.0], atol=0.1)
    same = fit(vae, (rows, shifts), n_components=2)
    np.testing.assert_array_equal(same.means, sampler.means)
    assert vae.sample(3, condition=shifts[:3]).shape == (3, 2)
    with pytest.raises(ValueError, match="`condition` must be given"):
        fit(vae, rows)


def test_the_namespace_shows_public_names_only():
    assert dir(samplers) == ["fit", "fit_decoder", "fit_flow", "fit_mixture"]


# What is refused.


def test_a_model_without_a_posterior_is_refused(rng):
    model = make_autoencoder((2,), 2, hidden_units=(4,))
    with pytest.raises(ValueError, match=r"`vae` must have a prior and a posterior .* Received: Autoencoder"):
        fit(model, two_blobs(50, rng))


def test_an_unknown_sampler_is_refused(rng):
    with pytest.raises(ValueError, match="`sampler` must be one of 'gmm', 'two_stage', 'maf'"):
        fit(vae_of_identity(), two_blobs(50, rng), "kde")


def test_a_model_that_is_not_built_cannot_fit_one(rng):
    vae = VAE(UnbuiltEncoder(), linear_decoder(), likelihood="gaussian_fixed")
    with pytest.raises(ValueError, match="VAE must be built before it can draw"):
        fit(vae, rng.normal(size=(50, 6)))
    with pytest.raises(ValueError, match="VAE must be built before it can take a sampler"):
        vae.sampler = StandardNormal()


def test_too_few_examples_for_the_covariances_are_refused(rng):
    with pytest.raises(
        ValueError, match=r"n_components \* \(latent_dim \+ 1\) = 30 examples for full .* Received: 29;"
    ):
        fit(vae_of_identity(), two_blobs(29, rng))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_components": 0}, "`n_components` must be a whole number >= 1"),
        ({"n_components": [2, 0.5]}, "`n_components` must be a whole number >= 1. Received: n_components=0.5"),
        ({"n_components": []}, r"`n_components` must be a whole number >= 1. Received: n_components=\[\]"),
        ({"n_draws": 0}, "`n_draws` must be a whole number >= 1"),
        ({"seed": -1}, "`seed` must be a whole number >= 0"),
        ({"sampler": "maf", "max_steps": 0}, "`max_steps` must be a whole number >= 1"),
        ({"sampler": "maf", "patience": 0}, "`patience` must be a whole number >= 1"),
        ({"sampler": "maf", "held_out": 0.0}, "`held_out` must be a finite number > 0.0 and <= 0.5"),
        ({"sampler": "maf", "batch_size": 0}, "`batch_size` must be a whole number >= 1"),
        ({"sampler": "two_stage", "warm_up": -1}, "`warm_up` must be a whole number >= 0"),
        ({"sampler": "two_stage", "max_steps": 0}, "`max_steps` must be a whole number >= 1"),
        ({"sampler": "two_stage", "learning_rate": 0.0}, "`learning_rate` must be a finite number > 0.0"),
    ],
)
def test_arguments_out_of_bounds_are_refused(arguments, message, rng):
    with pytest.raises(ValueError, match=message):
        fit(vae_of_identity(), two_blobs(50, rng), **arguments)


def test_data_of_another_shape_is_refused(rng):
    with pytest.raises(ValueError, match="`x`"):
        fit(vae_of_identity(), rng.normal(size=(50, 3)))


@pytest.mark.parametrize("sampler", ["gmm", object()])
def test_a_sampler_must_be_a_prior(sampler):
    with pytest.raises(ValueError, match=r"`sampler` must be a `keras_vae.priors.Prior` or None. Received: sampler="):
        vae_of_identity().sampler = sampler


def test_a_sampler_must_draw_codes_of_the_model():
    other = StandardNormal()
    other.build((None, 5))
    vae = vae_of_identity()
    with pytest.raises(ValueError, match=r"`sampler` must draw codes of 2 dimensions. Received: 5"):
        vae.sampler = other
    assert vae.sampler is None
