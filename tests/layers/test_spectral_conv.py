import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_vae.layers.spectral_conv import SpectralConv2D


def used_kernel(layer):
    """The kernel that the layer convolves with, from its answers to single pixels."""
    channels = layer.kernel.shape[2]
    size = layer.kernel_size
    images = np.zeros((channels, 2 * size - 1, 2 * size - 1, channels), "float32")
    images[np.arange(channels), size - 1, size - 1, np.arange(channels)] = 1.0
    answers = layer(images).numpy() - layer.bias.numpy()
    start = (size - 1) // 2
    # The answer to a pixel is the kernel, turned around.
    return answers[:, start : start + size, start : start + size][:, ::-1, ::-1].transpose(1, 2, 0, 3)


def test_after_some_steps_the_largest_singular_value_is_one(rng):
    layer = SpectralConv2D(6, 3, seed=0)
    x = rng.normal(size=(1, 5, 5, 4)).astype("float32")
    for _ in range(100):
        layer(x, training=True)
    kernel = used_kernel(layer)
    np.testing.assert_allclose(np.linalg.svd(kernel.reshape(-1, 6), compute_uv=False)[0], 1.0, rtol=1e-4)
    norm = np.linalg.svd(layer.kernel.numpy().reshape(-1, 6), compute_uv=False)[0]
    np.testing.assert_allclose(kernel, layer.kernel.numpy() / norm, rtol=1e-3, atol=1e-5)


def test_a_larger_kernel_changes_nothing(rng):
    layer, x = SpectralConv2D(6, 3, strides=2, seed=0), rng.normal(size=(2, 5, 5, 4)).astype("float32")
    before = layer(x).numpy()
    layer.kernel.assign(7.0 * layer.kernel)
    np.testing.assert_allclose(layer(x), before, rtol=1e-4, atol=1e-6)


def test_without_training_the_iteration_stands_still(rng):
    layer, x = SpectralConv2D(6, 3, seed=0), rng.normal(size=(1, 5, 5, 4)).astype("float32")
    layer.build(x.shape)
    before = layer.direction.numpy()
    layer(x)
    np.testing.assert_array_equal(layer.direction, before)
    layer(x, training=True)
    assert not np.array_equal(layer.direction, before)


def test_a_kernel_of_zeros_gives_zeros():
    layer = SpectralConv2D(2, 3)
    layer.build((None, 4, 4, 1))
    layer.kernel.assign(tf.zeros_like(layer.kernel))
    assert np.isfinite(layer(np.ones((1, 4, 4, 1), "float32"))).all()


def test_strides_round_the_size_up():
    assert SpectralConv2D(3, 4, strides=2)(keras.Input((7, 8, 2))).shape == (None, 4, 4, 3)


def test_config_round_trip():
    layer = SpectralConv2D(4, 5, strides=2, seed=1)
    assert SpectralConv2D.from_config(layer.get_config()).get_config() == layer.get_config()


@pytest.mark.parametrize("name", ["filters", "kernel_size", "strides"])
def test_an_argument_out_of_bounds_is_refused(name):
    with pytest.raises(ValueError, match=f"`{name}` must be a whole number >= 1"):
        SpectralConv2D(**{"filters": 2, name: 0})
