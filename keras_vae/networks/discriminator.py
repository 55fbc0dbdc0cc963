"""The network that tells data from what a decoder makes, and what it looks at."""

import math

import keras
from keras import layers

from keras_vae._checks import check_shape, check_sizes
from keras_vae.layers.spectral_conv import SpectralConv2D
from keras_vae.networks.ends import OUTPUT_DTYPE

SLOPE = 0.2


def make_discriminator(
    event_shape: tuple[int, ...],
    hidden_units: tuple[int, ...] = (32, 64),
    spectral_norm: bool = True,
    seed: int | None = None,
    name: str = "discriminator",
) -> keras.Model:
    """Image through convolutions of stride 2 to features and a logit.

    Args:
        event_shape: `(height, width, channels)`.
        hidden_units: tuple of ints. Channels of the map after each stage.
        spectral_norm: bool. Whether the kernels have spectral norm one, see `keras_vae.layers.SpectralConv2D`.
        seed: int or None. Seed of the initial weights.
        name: str. Name of the model.

    Returns:
        `keras.Model`, `(batch, *event_shape)` -> `[features, logit]`: the last map, flat, and `(batch, 1)`, positive
        for what it takes for data. Both float32.

    Raises:
        ValueError: for a shape that is no image, or an argument out of bounds.

    References:
        Larsen et al. 2016, section 3.1 (a layer of it as a measure of likeness). https://arxiv.org/abs/1512.09300
    """
    event_shape, hidden_units = check_shape("event_shape", event_shape), check_sizes("hidden_units", hidden_units)
    if len(event_shape) != 3:
        raise ValueError(f"`event_shape` must be (height, width, channels). Received: event_shape={event_shape}")
    x = keras.Input(event_shape, name="x")
    # Around zero: pictures that are mostly black would leave the first kernels without a gradient.
    h = layers.Rescaling(2.0, -1.0, name="centred")(x)
    for i, channels in enumerate(hidden_units, 1):
        start = None if seed is None else seed + i
        if spectral_norm:
            h = SpectralConv2D(channels, 3, 2, seed=start, name=f"down_{i}")(h)
        else:
            kernel = keras.initializers.GlorotUniform(seed=start)
            h = layers.Conv2D(channels, 3, 2, padding="same", kernel_initializer=kernel, name=f"down_{i}")(h)
        h = layers.LeakyReLU(SLOPE, name=f"leaky_{i}")(h)
    features = layers.Reshape((math.prod(h.shape[1:]),), dtype=OUTPUT_DTYPE, name="features")(h)
    kernel = keras.initializers.GlorotUniform(seed=seed)
    logit = layers.Dense(1, kernel_initializer=kernel, dtype=OUTPUT_DTYPE, name="logit")(features)
    return keras.Model(x, [features, logit], name=name)
