"""Draws of many rows at once: a temperature per row, a seed per row."""

import numpy as np
import pytest
import tensorflow as tf
from helpers import assert_mean_close, linear_decoder, linear_encoder

from keras_vae.likelihoods.gaussian_shared import GaussianShared
from keras_vae.priors.decoder_prior import DecoderPrior
from keras_vae.priors.flow_prior import FlowPrior
from keras_vae.priors.gaussian_mixture_sampler import GaussianMixtureSampler
from keras_vae.priors.mixture_of_gaussians import MixtureOfGaussians
from keras_vae.priors.mixture_prior import MixturePrior
from keras_vae.priors.prior import Prior, standard_noise
from keras_vae.priors.standard_normal import StandardNormal
from keras_vae.priors.vamp_prior import VampPrior

SEEDS = tf.constant([[3, 0], [-1, 0], [2**40, 0], [3, 1], [3, 0]], tf.int64)


def make_prior(kind):
    likelihood = GaussianShared()
    likelihood.build((None, 2))
    prior = {
        "standard": StandardNormal,
        "mixture": lambda: MixtureOfGaussians(3, seed=0),
        "mixture-of-one": lambda: MixtureOfGaussians(1, seed=0),
        "vamp": lambda: VampPrior(4, seed=0),
        "fitted-mixture": lambda: GaussianMixtureSampler(3),
        "flow": lambda: FlowPrior(2, (8,), seed=0),
        "decoder": lambda: DecoderPrior(linear_decoder((2,), 2), likelihood),
    }[kind]()
    prior.attach(linear_encoder((3,), 2), (3,))
    prior.build((None, 2))
    if kind == "fitted-mixture":
        prior.assign([0.2, 0.5, 0.3], [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]], [[[2.0, 0.5], [0.5, 1.0]]] * 3)
    if kind == "flow":
        rng = np.random.default_rng(5)
        prior.set_weights([rng.uniform(0.1, 0.5, size=w.shape) for w in prior.weights])
    return prior


KINDS = ["standard", "mixture", "mixture-of-one", "vamp", "fitted-mixture", "flow", "decoder"]
every_prior = pytest.mark.parametrize("prior", KINDS)


@every_prior
def test_a_row_is_the_draw_of_its_own_seed_whatever_the_others_are(prior):
    prior = make_prior(prior)
    rows = prior.sample_rows(SEEDS).numpy()
    assert rows.shape == (5, 2)
    for i, row in enumerate(rows):
        np.testing.assert_array_equal(row, prior.sample(1, seed=SEEDS[i])[0])
    np.testing.assert_array_equal(prior.sample_rows(SEEDS[::-1]), rows[::-1])
    assert len(np.unique(rows, axis=0)) == 4  # The first seed is there twice.


@every_prior
def test_no_seeds_are_no_rows(prior):
    assert make_prior(prior).sample_rows(SEEDS[:0]).shape == (0, 2)


@every_prior
def test_every_row_may_have_a_temperature_of_its_own(prior):
    prior = make_prior(prior)
    temperatures = tf.constant([[0.0], [0.5], [1.0], [2.0]])
    rows = prior.sample(4, seed=SEEDS[0], temperature=temperatures).numpy()
    for i, temperature in enumerate(temperatures[:, 0]):
        # Not bit for bit: a graph or a vector unit may round the scaling otherwise.
        np.testing.assert_allclose(rows[i], prior.sample(4, seed=SEEDS[0], temperature=temperature)[i], rtol=1e-6)


def test_a_prior_of_ones_own_needs_no_more_than_sample():
    class Shifted(Prior):
        def sample(self, n, seed=None, temperature=1.0):
            return 5.0 + tf.random.stateless_normal([n, 2], seed=seed) * temperature

    prior = Shifted()
    rows = tf.function(prior.sample_rows)(SEEDS)
    np.testing.assert_array_equal(rows[1], prior.sample(1, seed=SEEDS[1])[0])


def test_a_mixture_must_say_what_it_mixes():
    with pytest.raises(NotImplementedError, match=r"MixturePrior must implement `components\(\)`"):
        MixturePrior().log_prob(tf.zeros((1, 2)))


def test_components_are_drawn_as_often_as_their_weights_say():
    prior = MixtureOfGaussians(4, seed=0)
    prior.build((None, 1))
    weights = np.array([0.5, 0.0, 0.2, 0.3])
    prior.logits.assign(np.log(weights + 1e-30))
    prior.means.assign([[0.0], [10.0], [20.0], [30.0]])
    prior.log_vars.assign(np.full((4, 1), -20.0))
    component = np.rint(prior.sample(20_000, seed=SEEDS[0]).numpy() / 10)
    assert not np.any(component == 1)
    for k in (0, 2, 3):
        assert_mean_close(component == k, weights[k], resolution=0.02)


def test_the_noise_of_a_component_does_not_depend_on_which_it_is():
    prior = MixtureOfGaussians(2, seed=0)
    prior.build((None, 1))
    prior.means.assign([[-100.0], [100.0]])
    z = prior.sample(20_000, seed=SEEDS[0]).numpy()
    assert_mean_close(z[z < 0] + 100.0, 0.0, resolution=0.06)
    assert_mean_close((z[z > 0] - 100.0) ** 2, 1.0, resolution=0.1)


def test_noise_without_a_seed_is_new_whatever_was_seeded():
    draws = []
    for _ in range(2):
        tf.random.set_seed(0)
        draws.append(tf.function(lambda: standard_noise(3, 2))().numpy())
    assert not np.array_equal(*draws)
