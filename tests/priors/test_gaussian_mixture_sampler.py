"""The mixture with full covariances, against scikit-learn and by hand."""

import numpy as np
import pytest
import tensorflow as tf
from helpers import assert_mean_close
from sklearn.mixture import GaussianMixture

from keras_vae.priors.gaussian_mixture_sampler import GaussianMixtureSampler

SEED = tf.constant([5, 6], tf.int64)


def sampler_of(mixture):
    sampler = GaussianMixtureSampler(mixture.n_components)
    sampler.build((None, mixture.means_.shape[1]))
    sampler.assign(mixture.weights_, mixture.means_, mixture.covariances_)
    return sampler


def test_the_density_is_that_of_scikit_learn(rng):
    z = rng.normal(size=(500, 4)) @ rng.normal(size=(4, 4)) + rng.choice([-2.0, 2.0], size=(500, 1))
    mixture = GaussianMixture(3, random_state=0).fit(z)
    log_prob = sampler_of(mixture).log_prob(z.astype("float32"))
    np.testing.assert_allclose(log_prob, mixture.score_samples(z), rtol=1e-4, atol=1e-4)


def test_two_correlated_components_by_hand():
    sampler = GaussianMixtureSampler(2)
    sampler.build((None, 2))
    sampler.assign([0.25, 0.75], [[0.0, 0.0], [1.0, 1.0]], [np.eye(2), [[1.0, 0.6], [0.6, 1.0]]])
    # At (1, 1): the first is exp(-1) / 2 pi, the second is at its mean, where the determinant is 1 - 0.36.
    density = (0.25 * np.exp(-1.0) + 0.75 / 0.8) / (2 * np.pi)
    np.testing.assert_allclose(sampler.log_prob(tf.constant([[1.0, 1.0]])), [np.log(density)], rtol=1e-5)


def test_draws_have_the_covariance_of_their_component():
    covariance = np.array([[2.0, -0.9, 0.3], [-0.9, 1.0, 0.1], [0.3, 0.1, 0.5]])
    sampler = GaussianMixtureSampler(2)
    sampler.build((None, 3))
    sampler.assign([0.4, 0.6], [[-50.0] * 3, [50.0] * 3], [covariance, 4.0 * covariance])
    z = sampler.sample(20_000, seed=SEED).numpy()
    assert_mean_close(z[:, 0] < 0.0, 0.4, resolution=0.02)
    for side, factor in ((-1.0, 1.0), (1.0, 4.0)):
        centred = z[np.sign(z[:, 0]) == side] - 50.0 * side
        assert_mean_close(centred, 0.0, resolution=0.15)
        products = centred[:, :, None] * centred[:, None, :]
        assert_mean_close(products, factor * covariance, resolution=0.2 * factor)


def test_more_draws_do_not_change_the_first():
    sampler = GaussianMixtureSampler(2)
    sampler.build((None, 3))
    sampler.assign([0.4, 0.6], [[-1.0] * 3, [1.0] * 3], [np.eye(3) + 0.5, 2.0 * np.eye(3) + 0.1])
    np.testing.assert_array_equal(sampler.sample(40, seed=SEED)[:7], sampler.sample(7, seed=SEED))


def test_a_component_without_weight_is_not_drawn_and_leaves_the_density_finite():
    sampler = GaussianMixtureSampler(2)
    sampler.build((None, 1))
    sampler.assign([1.0, 0.0], [[0.0], [100.0]], [[[1.0]], [[1.0]]])
    assert np.all(sampler.sample(5000, seed=SEED).numpy() < 50.0)
    np.testing.assert_allclose(sampler.log_prob(tf.zeros((1, 1))), [-0.5 * np.log(2 * np.pi)], rtol=1e-5)


def test_before_it_is_fitted_it_is_one_standard_normal():
    sampler = GaussianMixtureSampler(3)
    sampler.build((None, 2))
    np.testing.assert_allclose(sampler.log_prob(tf.zeros((1, 2))), [-np.log(2 * np.pi)], rtol=1e-5)


def test_its_weights_are_never_trained():
    sampler = GaussianMixtureSampler(3)
    sampler.build((None, 2))
    sampler.trainable = True
    assert sampler.trainable_weights == []
    assert len(sampler.weights) == 3


@pytest.mark.parametrize("weights", [[0.5, 0.6], [1.5, -0.5]])
def test_weights_that_are_no_probabilities_are_refused(weights):
    sampler = GaussianMixtureSampler(2)
    sampler.build((None, 1))
    with pytest.raises(ValueError, match=r"`weights` must be >= 0 and of sum 1. Received: weights="):
        sampler.assign(weights, [[0.0], [0.0]], [[[1.0]], [[1.0]]])


def test_a_covariance_must_be_positive_definite():
    sampler = GaussianMixtureSampler(1)
    sampler.build((None, 2))
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
        sampler.assign([1.0], [[0.0, 0.0]], [[[1.0, 2.0], [2.0, 1.0]]])


def test_the_number_of_components_is_checked():
    with pytest.raises(ValueError, match="`n_components` must be a whole number >= 1"):
        GaussianMixtureSampler(0)
