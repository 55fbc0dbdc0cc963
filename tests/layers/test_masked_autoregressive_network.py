"""The masks of MADE: what every output may see."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import slow_after

from keras_vae.layers.masked_autoregressive_network import MaskedAutoregressiveNetwork, degrees_of_masks, masks


def network(latent_dim, context_dim=None, **kwargs):
    """A built network with weights that are not at their start."""
    layer = MaskedAutoregressiveNetwork(**{"seed": 0, **kwargs})
    layer(tf.zeros((1, latent_dim)), None if context_dim is None else tf.zeros((1, context_dim)))
    rng = np.random.default_rng(3)
    for weight in layer.weights:
        weight.assign(rng.normal(scale=0.5, size=weight.shape))
    return layer


def jacobians(layer, z, context=None):
    """Jacobians of shift and of log scale, each `(batch, latent_dim, latent_dim)`."""
    z = tf.constant(z, tf.float32)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(z)
        outputs = layer(z, context)
    return [tape.batch_jacobian(output, z).numpy() for output in outputs]


def test_masks_by_hand():
    # Three inputs, hidden units of degree 1, 1, 2, 2 (numpy rounds 1.33 and 1.67).
    degrees = degrees_of_masks(3, (4,), has_context=False)
    np.testing.assert_array_equal(degrees[0], [1, 2, 3])
    np.testing.assert_array_equal(degrees[1], [1, 1, 2, 2])
    hidden, output = masks(3, (4,), has_context=False)
    np.testing.assert_array_equal(hidden, [[1, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0]])
    np.testing.assert_array_equal(output, [[0, 1, 1], [0, 1, 1], [0, 0, 1], [0, 0, 1]])


@pytest.mark.parametrize("hidden_units", [(), (16,), (16, 12)], ids=["linear", "one-layer", "two-layers"])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("latent_dim", slow_after(2, [1, 5, 2]))
def test_an_output_depends_on_every_input_before_it_and_on_no_other(latent_dim, reverse, hidden_units, rng):
    layer = network(latent_dim, hidden_units=hidden_units, reverse=reverse)
    triangle = np.tril(np.ones((latent_dim, latent_dim)), -1)
    may_depend = (triangle.T if reverse else triangle).astype(bool)
    for jacobian in jacobians(layer, rng.normal(size=(7, latent_dim))):
        # An exact zero: masked weights take no part. And no mask is stricter than it must be.
        np.testing.assert_array_equal(np.any(jacobian != 0.0, axis=0), may_depend)


@pytest.mark.slow
@pytest.mark.parametrize("hidden_units", [(), (16,), (16, 12)], ids=["linear", "one-layer", "two-layers"])
@pytest.mark.parametrize("latent_dim", [1, 3])
def test_every_output_depends_on_the_whole_context(latent_dim, hidden_units, rng):
    layer = network(latent_dim, context_dim=2, hidden_units=hidden_units)
    context = tf.constant(rng.normal(size=(7, 2)), tf.float32)
    z = tf.constant(rng.normal(size=(7, latent_dim)), tf.float32)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(context)
        outputs = layer(z, context)
    for output in outputs:
        jacobian = tape.batch_jacobian(output, context).numpy()
        assert np.all(np.any(jacobian != 0.0, axis=0))
    triangle = np.tril(np.ones((latent_dim, latent_dim)), -1).astype(bool)
    for jacobian in jacobians(layer, z, context):
        np.testing.assert_array_equal(np.any(jacobian != 0.0, axis=0), triangle)


def test_a_linear_network_by_hand():
    layer = MaskedAutoregressiveNetwork(hidden_units=(), max_log_scale=5.0)
    layer.build((None, 2))
    layer.kernels[0].assign([[9.0, 2.0, 9.0, -0.5], [9.0, 9.0, 9.0, 9.0]])  # The nines are masked.
    layer.biases[0].assign([0.1, 0.2, 0.3, 0.4])
    shift, log_scale = layer(tf.constant([[3.0, 7.0]]))
    np.testing.assert_allclose(shift, [[0.1, 6.2]], rtol=1e-6)
    np.testing.assert_allclose(log_scale, 5.0 * np.tanh(np.array([[0.3, -1.1]]) / 5.0), rtol=1e-5)


def test_it_starts_at_zero_and_every_weight_it_may_use_gets_a_gradient(rng):
    layer = MaskedAutoregressiveNetwork((8,), seed=0)
    z, context = (tf.constant(rng.normal(size=(16, n)), tf.float32) for n in (3, 2))
    for output in layer(z, context):
        np.testing.assert_array_equal(output, np.zeros((16, 3)))
    layer = network(3, context_dim=2, hidden_units=(8,))
    with tf.GradientTape() as tape:
        shift, log_scale = layer(z, context)
        loss = tf.reduce_sum(shift**2 + log_scale**2)
    gradients = tape.gradient(loss, [*layer.kernels, *layer.biases, layer.context_kernel])
    # No gradient beyond the mask, and some for every weight within it: elu is flat nowhere.
    hidden, output = masks(3, (8,), has_context=True)
    for gradient, mask in zip(gradients[:2], (hidden, np.tile(output, (1, 2))), strict=True):
        np.testing.assert_array_equal(gradient.numpy() != 0.0, mask > 0.0)
    assert all(np.all(gradient.numpy() != 0.0) for gradient in gradients[2:])


def test_one_width_is_one_hidden_layer():
    assert MaskedAutoregressiveNetwork(8).hidden_units == (8,)


def test_the_log_scale_stays_within_its_bound(rng):
    layer = network(3, max_log_scale=2.0)
    shift, log_scale = layer(tf.constant(1e4 * rng.normal(size=(50, 3)), tf.float32))
    assert np.abs(log_scale).max() <= 2.0
    assert np.abs(log_scale[:, 1:]).min(axis=1).max() > 1.99  # The bound was reached, so it was needed.
    assert np.abs(shift).max() > 100.0


def test_the_seed_says_where_it_starts():
    first, again, other = (MaskedAutoregressiveNetwork((8, 8), seed=s) for s in (1, 1, 2))
    for layer in (first, again, other):
        layer.build((None, 8))
    np.testing.assert_array_equal(first.kernels[0], again.kernels[0])
    assert not np.array_equal(first.kernels[0], other.kernels[0])
    assert not np.array_equal(first.kernels[0], first.kernels[1])  # Layers of one shape are not copies.


@pytest.mark.parametrize("context_dim", [None, 2])
def test_config_round_trip(context_dim, rng):
    layer = network(3, context_dim, hidden_units=(4, 5), activation="tanh", reverse=True, max_log_scale=3.0, seed=7)
    again = keras.saving.deserialize_keras_object(json.loads(json.dumps(keras.saving.serialize_keras_object(layer))))
    assert again.get_config() == layer.get_config()
    again.set_weights(layer.get_weights())  # Built again of the config alone.
    z = rng.normal(size=(4, 3)).astype("float32")
    context = None if context_dim is None else rng.normal(size=(4, 2)).astype("float32")
    for a, b in zip(layer(z, context), again(z, context), strict=True):
        np.testing.assert_array_equal(a, b)


def test_it_is_single_precision_under_mixed_precision(mixed_float16):
    layer = MaskedAutoregressiveNetwork()
    assert all(t.dtype == tf.float32 for t in layer(tf.zeros((2, 3), tf.float16), tf.zeros((2, 1), tf.float16)))
    assert all(w.dtype == "float32" for w in layer.weights)


def test_a_context_is_there_always_or_never():
    z, context = tf.zeros((1, 2)), tf.zeros((1, 3))
    without = MaskedAutoregressiveNetwork()
    without(z)
    with pytest.raises(ValueError, match="`context` must be None, as when the layer was built"):
        without(z, context)
    with_context = MaskedAutoregressiveNetwork()
    with_context(z, context)
    with pytest.raises(ValueError, match="`context` must be a tensor, as when the layer was built"):
        with_context(z)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"hidden_units": (8, 0)}, r"`hidden_units` must be a tuple of whole numbers >= 1.*hidden_units=\(8, 0\)"),
        ({"hidden_units": 0}, r"`hidden_units` must be a tuple of whole numbers >= 1.*hidden_units=\(0,\)"),
        ({"hidden_units": "8"}, "`hidden_units` must be a tuple of whole numbers >= 1.*hidden_units='8'"),
        ({"max_log_scale": 0.0}, "`max_log_scale` must be a finite number > 0.0"),
    ],
)
def test_arguments_out_of_bounds_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        MaskedAutoregressiveNetwork(**arguments)


def test_tfp_has_no_layer_for_it():
    # The reason why this one exists; when it fails, look at TFP's again.
    from tensorflow_probability import bijectors as tfb

    assert not issubclass(tfb.AutoregressiveNetwork, keras.layers.Layer)
