import numpy as np
import pytest
import tensorflow as tf

from keras_vae.priors.standard_normal import StandardNormal


def standard_normal(latent_dim):
    prior = StandardNormal()
    prior.build((None, latent_dim))
    return prior


@pytest.mark.parametrize(
    ("z", "expected"),
    [
        pytest.param([[0.0]], -0.9189385332046727, id="origin"),
        pytest.param([[3.0, 4.0]], -2 * 0.9189385332046727 - 12.5, id="summed-over-latents"),
    ],
)
def test_standard_normal_log_prob_by_hand(z, expected):
    prior = standard_normal(len(z[0]))
    np.testing.assert_allclose(prior.log_prob(tf.constant(z)), [expected], rtol=1e-6)


def test_standard_normal_kl_by_hand():
    prior = standard_normal(2)
    kl = prior.kl(tf.constant([[0.0, 0.0], [1.0, 0.0]]), tf.constant([[0.0, 0.0], [0.0, np.log(4.0)]]))
    np.testing.assert_allclose(kl, [0.0, 0.5 + 1.5 - np.log(2.0)], rtol=1e-5)


def test_kl_of_each_dimension_adds_up_to_the_kl():
    prior = standard_normal(2)
    z_mean, z_log_var = tf.constant([[1.0, 0.0]]), tf.constant([[0.0, np.log(4.0)]])
    np.testing.assert_allclose(prior.kl_per_dim(z_mean, z_log_var), [[0.5, 1.5 - np.log(2.0)]], rtol=1e-5)
