import keras
import numpy as np
import pytest
from keras import layers

import keras_vae as kv
from keras_vae.tasks.compression.exact.exact_network import ExactNetwork
from keras_vae.tasks.compression.exact.layer_arithmetic import ACTIVATIONS


def network_of(layer, shape):
    x = keras.Input(shape)
    return keras.Model(x, layer(x))


def assert_near(model, x):
    """float32 sums of some hundred terms of about 1."""
    np.testing.assert_allclose(ExactNetwork.of(model)(x), model(x.astype("float32")), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_dense_layer_of_every_activation_is_near_that_of_keras(activation, rng):
    model = network_of(layers.Dense(6, activation=activation, bias_initializer="normal"), (20,))
    assert_near(model, 3.0 * rng.standard_normal((50, 20)))


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (lambda: layers.Dense(3, use_bias=False), (4, 5, 6)),
        (lambda: layers.Activation("swish"), (5,)),
        (lambda: layers.ReLU(), (5,)),
        (lambda: layers.ReLU(negative_slope=0.3), (5,)),
        (lambda: layers.LeakyReLU(negative_slope=0.1), (5,)),
        (lambda: layers.ELU(alpha=0.7), (5,)),
        (lambda: layers.Flatten(), (2, 3, 4)),
        (lambda: layers.Reshape((4, 6)), (2, 3, 4)),
        (lambda: layers.Reshape((4, -1)), (2, 3, 4)),
        (lambda: layers.Rescaling(2.0 / 255, offset=-1.0), (5,)),
        (lambda: layers.Dropout(0.5), (5,)),
        (lambda: layers.Identity(), (5,)),
    ],
)
def test_a_layer_is_near_that_of_keras(layer, shape, rng):
    assert_near(network_of(layer(), shape), 3.0 * rng.standard_normal((7, *shape)))


def test_the_layers_for_whole_numbers_are_near_those_of_the_library(rng):
    counts = rng.integers(0, 1_000_000, (7, 5)).astype(np.float64)
    for likelihood, x in (
        (kv.likelihoods.NegativeBinomial(), counts),
        (kv.likelihoods.Categorical(9), counts % 9),
        (kv.likelihoods.DiscretizedLogistic(), counts % 256),
    ):
        (layer,) = likelihood.input_layers((5,))
        assert_near(network_of(layer, (5,)), x)


def test_standardize_leaves_out_what_has_no_scale(rng):
    x = rng.standard_normal((20, 3))
    x[:, 1] = 5.0
    layer = kv.layers.Standardize()
    with pytest.warns(UserWarning, match="do not vary"):
        layer.adapt(x)
    model = network_of(layer, (3,))
    assert_near(model, x)
    assert np.all(ExactNetwork.of(model)(x)[:, 1] == 0.0)


def test_several_arrays_are_added_or_put_side_by_side(rng):
    inputs = [keras.Input((4,)) for _ in range(3)]
    x = [rng.standard_normal((6, 4)) for _ in range(3)]
    outputs = [layers.Add()(inputs), layers.Concatenate()(inputs)]
    found = ExactNetwork.of(keras.Model(inputs, outputs))(x)
    assert np.array_equal(found[0], x[0] + x[1] + x[2])
    assert np.array_equal(found[1], np.concatenate(x, axis=1))


@pytest.mark.parametrize(
    ("layer", "shape", "wanted"),
    [
        (lambda: layers.LayerNormalization(name="odd"), (4,), "'odd' of class LayerNormalization, which has no exact"),
        (lambda: layers.GRU(3, name="odd"), (4, 5), "'odd' of class GRU, which has no exact form"),
        (lambda: layers.Lambda(lambda x: x + 1, name="odd"), (4,), "'odd' of class Lambda, which has no exact form"),
        (lambda: layers.Dense(3, activation="mish", name="odd"), (4,), "'odd' of class Dense, whose activation is"),
        (lambda: layers.Activation("softmax", name="odd"), (4,), "'odd' of class Activation, whose activation is"),
        (lambda: layers.ReLU(max_value=6.0, name="odd"), (4,), "'odd' of class ReLU, which has a largest value"),
    ],
)
def test_a_layer_without_an_exact_form_is_named(layer, shape, wanted):
    with pytest.raises(ValueError, match=f"`model` must be of layers that can be computed .* the layer {wanted}"):
        ExactNetwork.of(network_of(layer(), shape))


def test_a_bias_that_is_not_finite_is_refused():
    model = network_of(layers.Dense(2, bias_initializer=keras.initializers.Constant(np.nan), name="odd"), (3,))
    with pytest.raises(ValueError, match=r"`model` must have finite numbers.* in the bias of the layer 'odd'"):
        ExactNetwork.of(model)
