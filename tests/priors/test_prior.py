"""What the base classes ask of a new prior."""

import numpy as np
import pytest
import tensorflow as tf

from keras_vae import priors
from keras_vae.priors.mixture_prior import MixturePrior
from keras_vae.priors.prior import Prior


def test_a_prior_must_have_a_density_and_samples():
    class Nothing(Prior):
        pass

    with pytest.raises(NotImplementedError, match=r"Nothing must implement `log_prob\(z\)`"):
        Nothing().log_prob(tf.zeros((1, 2)))
    with pytest.raises(NotImplementedError, match=r"Nothing must implement `sample\(n, seed, temperature\)`"):
        Nothing().sample(1)


def test_a_mixture_must_have_components():
    class Nothing(MixturePrior):
        pass

    with pytest.raises(NotImplementedError, match=r"Nothing must implement `components\(\)`"):
        Nothing().log_prob(tf.zeros((1, 2)))


def test_a_prior_that_can_sample_can_sample_rows():
    class Line(Prior):
        def sample(self, n, seed=None, temperature=1.0):
            return tf.random.stateless_uniform((n, 2), seed)

    seeds = tf.constant([[1, 2], [3, 4]], tf.int64)
    rows = Line().sample_rows(seeds)
    np.testing.assert_array_equal(rows[1], tf.random.stateless_uniform((1, 2), [3, 4])[0])


def test_a_prior_is_no_standard_normal_unless_it_says_so():
    assert Prior().is_standard_normal is False


def test_the_package_shows_its_public_names_alone():
    assert dir(priors) == sorted(priors.__all__)
    assert all(hasattr(priors, name) for name in priors.__all__)
