"""The VampPrior against the posteriors of its pseudo-inputs."""

import numpy as np
import pytest
import tensorflow as tf
from helpers import assert_mean_close, linear_encoder

from keras_vae.priors.vamp_prior import VampPrior

EVENT_SHAPE = (3,)


def vamp(encoder=None):
    prior = VampPrior(4, seed=0)
    prior.attach(linear_encoder(EVENT_SHAPE, 2) if encoder is None else encoder, EVENT_SHAPE)
    prior.build((None, 2))
    prior.pseudo_inputs.assign(np.random.default_rng(2).uniform(size=prior.pseudo_inputs.shape))
    return prior


def test_vamp_prior_is_the_mean_of_the_posteriors_of_its_pseudo_inputs(rng):
    encoder = linear_encoder(EVENT_SHAPE, 2)
    prior, z = vamp(encoder), rng.normal(size=(5, 2)).astype("float32")
    means, log_vars = (t.numpy() for t in encoder(prior.pseudo_inputs))
    densities = [
        np.exp(-0.5 * np.sum((z - m) ** 2 / np.exp(v) + v + np.log(2 * np.pi), axis=-1))
        for m, v in zip(means, log_vars, strict=True)
    ]
    np.testing.assert_allclose(prior.log_prob(z), np.log(np.mean(densities, axis=0)), rtol=1e-5)


def test_vamp_prior_keeps_no_copy_of_the_encoder():
    encoder, z = linear_encoder(EVENT_SHAPE, 2), tf.zeros((1, 2))
    prior = vamp(encoder)
    assert [w.path.split("/")[-1] for w in prior.weights] == ["pseudo_inputs"]
    before = prior.log_prob(z).numpy()
    with tf.GradientTape() as tape:
        value = prior.log_prob(z)
    assert all(np.any(g != 0.0) for g in tape.gradient(value, encoder.trainable_weights))
    encoder.get_layer("z_mean").bias.assign([5.0, 5.0])
    assert prior.log_prob(z).numpy() < before - 1.0  # It sees the encoder as it is now.


def test_pseudo_inputs_outside_the_range_of_the_data_are_clipped():
    prior, z = vamp(), tf.zeros((1, 2))
    prior.pseudo_inputs.assign(tf.fill(prior.pseudo_inputs.shape, 7.0))
    beyond = prior.log_prob(z).numpy()
    prior.pseudo_inputs.assign(tf.ones(prior.pseudo_inputs.shape))
    np.testing.assert_array_equal(prior.log_prob(z), beyond)


def test_without_a_range_pseudo_inputs_are_not_clipped():
    prior, z = VampPrior(2, value_range=None), tf.zeros((1, 2))
    prior.attach(linear_encoder(EVENT_SHAPE, 2), EVENT_SHAPE)
    prior.build((None, 2))
    prior.pseudo_inputs.assign(tf.fill((2, 3), 7.0))
    beyond = prior.log_prob(z).numpy()
    prior.pseudo_inputs.assign(tf.ones((2, 3)))
    assert prior.log_prob(z).numpy() != beyond


def test_pseudo_inputs_start_in_the_middle_of_the_range_or_where_they_are_told():
    prior = VampPrior(100, value_range=(0.0, 255.0), seed=0)
    prior.attach(linear_encoder(EVENT_SHAPE, 2), EVENT_SHAPE)
    prior.build((None, 2))
    assert_mean_close(prior.pseudo_inputs.numpy().reshape(-1), 127.5, resolution=10.0)

    rows = np.arange(6.0).reshape(2, 3)
    prior = VampPrior(2, initial=rows)
    prior.attach(linear_encoder(EVENT_SHAPE, 2), EVENT_SHAPE)
    prior.build((None, 2))
    np.testing.assert_array_equal(prior.pseudo_inputs, rows)


def test_vamp_prior_without_an_encoder_says_where_to_get_one():
    with pytest.raises(ValueError, match="`VampPrior` needs an encoder: pass it as `prior=` to a model"):
        VampPrior(2).build((None, 2))


def test_initial_pseudo_inputs_of_another_shape_are_refused():
    prior = VampPrior(2, initial=np.zeros((2, 4)))
    prior.attach(linear_encoder(EVENT_SHAPE, 2), EVENT_SHAPE)
    with pytest.raises(ValueError, match=r"`initial` must have the shape \(n_components, \*event_shape\) = \(2, 3\)"):
        prior.build((None, 2))


def test_vamp_prior_wants_data_of_a_fixed_shape():
    prior = VampPrior(2)
    prior.attach(linear_encoder(EVENT_SHAPE, 2), (None, None, 3))
    with pytest.raises(ValueError, match="`event_shape` must be a tuple of whole numbers >= 1"):
        prior.build((None, 2))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_components": 0}, "`n_components` must be a whole number >= 1"),
        ({"value_range": (1.0, 0.0)}, r"`value_range` must be a pair \(low, high\) with low < high, or None"),
        ({"value_range": (0.0, 1.0, 2.0)}, r"`value_range` must be a pair \(low, high\)"),
    ],
)
def test_vamp_prior_refuses_arguments_out_of_bounds(arguments, message):
    with pytest.raises(ValueError, match=message):
        VampPrior(**arguments)
