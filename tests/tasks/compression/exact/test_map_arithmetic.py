import keras
import numpy as np
import pytest
from keras import layers
from tasks.compression.exact.test_layer_arithmetic import assert_near, network_of

from keras_vae.networks.feature_maps import step_down, step_up
from keras_vae.tasks.compression.exact.exact_network import ExactNetwork


@pytest.mark.slow
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("strides", [1, 2, (2, 1), (3, 2)])
@pytest.mark.parametrize("kernel", [1, 2, 3, (4, 3)])
def test_convolutions_are_near_those_of_keras(kernel, strides, padding, rng):
    x = rng.standard_normal((3, 9, 12, 4))
    settings = {"padding": padding, "bias_initializer": "normal", "activation": "swish"}
    assert_near(network_of(layers.Conv2D(5, kernel, strides, **settings), (9, 12, 4)), x)
    assert_near(network_of(layers.Conv2DTranspose(5, kernel, strides, **settings), (9, 12, 4)), x)


@pytest.mark.parametrize("size", [(1, 1), (1, 6), (2, 5), (7, 8)])
def test_the_steps_of_the_networks_are_near_those_of_keras(size, rng):
    x = keras.Input((*size, 3))
    down = step_down(x, 4, "down")
    model = keras.Model(x, [down, step_up(down, size, 2, "up", bias_initializer="normal")])
    data = rng.standard_normal((5, *size, 3))
    for found, wanted in zip(ExactNetwork.of(model)(data), model(data.astype("float32")), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("output_padding", [None, 0, 1, (1, 0)])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_a_transposed_convolution_has_the_size_that_keras_gives_it(padding, output_padding, rng):
    layer = layers.Conv2DTranspose(2, 3, 2, padding=padding, output_padding=output_padding)
    assert_near(network_of(layer, (4, 5, 3)), rng.standard_normal((2, 4, 5, 3)))


@pytest.mark.parametrize(
    "layer",
    [
        lambda: layers.ZeroPadding2D(2),
        lambda: layers.ZeroPadding2D(((1, 0), (2, 3))),
        lambda: layers.Cropping2D((1, 2)),
        lambda: layers.Cropping2D(((1, 0), (2, 0))),
        lambda: layers.UpSampling2D((2, 3)),
    ],
)
def test_margins_and_repeated_pixels_are_those_of_keras(layer, rng):
    assert_near(network_of(layer(), (5, 6, 2)), rng.standard_normal((3, 5, 6, 2)))


def test_many_patches_are_the_same_as_few(rng):
    # More than fit the part of the cache that is filled at a time.
    model = network_of(layers.Conv2D(8, 3, padding="same"), (40, 40, 32))
    exact, x = ExactNetwork.of(model), rng.standard_normal((5, 40, 40, 32))
    assert np.array_equal(exact(x)[3:4], exact(x[3:4]))


@pytest.mark.parametrize(
    ("layer", "wanted"),
    [
        (lambda: layers.Conv2D(4, 3, dilation_rate=2, name="odd"), "Conv2D, which has a dilation or groups"),
        (lambda: layers.Conv2D(4, 3, groups=2, name="odd"), "Conv2D, which has a dilation or groups"),
        (lambda: layers.Conv2D(4, 3, data_format="channels_first", name="odd"), "Conv2D, whose data_format is not"),
        (lambda: layers.UpSampling2D(2, interpolation="bilinear", name="odd"), "UpSampling2D, whose interpolation"),
    ],
)
def test_a_map_layer_without_an_exact_form_is_named(layer, wanted):
    with pytest.raises(ValueError, match=f"`model` must be of layers .* the layer 'odd' of class {wanted}"):
        ExactNetwork.of(network_of(layer(), (6, 6, 4)))
