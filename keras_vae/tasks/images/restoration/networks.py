"""The networks of a restorer, for images of one size; their weights are those of every size."""

import math

import keras
from keras import layers, ops

from keras_vae.networks.ends import OUTPUT_DTYPE
from keras_vae.networks.unet import cut_to, fill_to, unet

# Channels of encoder and decoder at half and at a quarter of the sides, and of the decoder at the whole: they learn the
# spread around an estimate that is there already.
HALF, QUARTER, WHOLE = 32, 48, 16
# An image of 28 x 28 has 49 cells of latents.
LATENT_STRIDE = 4
# About the error of a first estimate.
FIRST_LOG_VAR = -3.0


def condition_network(degradation, event_shape, hidden_units):
    """Degraded image to the best estimate of the clean one and to the features that it was made of.

    Args:
        degradation: as in `degradations`.
        event_shape: `(height, width, channels)` of the clean image.
        hidden_units: as in `unet`.

    Returns:
        Keras model to a dict: `mean` `(batch, *event_shape)`, and `features` `(batch, height, width, channels)`.
    """
    condition_shape, channels = degradation.condition_shape(event_shape), event_shape[-1]
    y = keras.Input(condition_shape, name="condition")
    start = y
    if degradation.factor > 1:
        start = layers.UpSampling2D(degradation.factor, interpolation="bicubic", name="enlarged")(y)
    made = unet(start.shape[1:], channels, hidden_units)(start)
    if condition_shape[-1] == channels:
        mean = layers.Add(dtype=OUTPUT_DTYPE, name="mean")([start, made["image"]])
    else:
        # What is known stays as it is.
        values, known = y[..., :channels], y[..., channels:]
        mean = ops.add(values, ops.multiply(ops.subtract(1.0, known), made["image"]))
    return keras.Model(y, {"mean": mean, "features": made["features"]}, name="condition_network")


def latent_shape(event_shape, latent_channels):
    """`(height, width, channels)` of the map of latents of an image."""
    return (*(math.ceil(n / LATENT_STRIDE) for n in event_shape[:2]), latent_channels)


def encoder(event_shape, told_shapes, latent_channels):
    """Clean image and what is told of the degraded one to mean and log variance of the latents.

    Args:
        event_shape: `(height, width, channels)`.
        told_shapes: dict, the shapes of what the condition network puts out.
        latent_channels: int. Latents per cell.
    """
    x, told = keras.Input(event_shape, name="x"), _told(told_shapes)
    h = layers.Concatenate(name="error_and_features")([ops.subtract(x, told["mean"]), told["features"]])
    h = _relu(_half(fill_to(h, LATENT_STRIDE), HALF, "half"), "half_relu")
    h = _relu(_half(h, QUARTER, "quarter"), "quarter_relu")
    h = _relu(_same(h, QUARTER, "encode"), "encode_relu")
    heads = [
        layers.Flatten(name=name)(
            layers.Conv2D(latent_channels, 1, kernel_initializer=initializer, name=f"{name}_map", dtype=OUTPUT_DTYPE)(h)
        )
        for name, initializer in (("z_mean", "glorot_uniform"), ("z_log_var", "zeros"))
    ]
    return keras.Model([x, told], heads, name="encoder")


def decoder(event_shape, told_shapes, latent_channels):
    """Latents and what is told of the degraded image to mean and raw log variance of the clean one.

    Args:
        event_shape, told_shapes, latent_channels: as in `encoder`.
    """
    shape, told, channels = latent_shape(event_shape, latent_channels), _told(told_shapes), event_shape[-1]
    z = keras.Input((math.prod(shape),), name="z")
    h = _relu(_same(layers.Reshape(shape, name="z_map")(z), QUARTER, "decode"), "decode_relu")
    h = _double(h, HALF, "half")
    features = _half(fill_to(told["features"], LATENT_STRIDE), HALF, "features_in")
    h = _relu(layers.Add(name="half_joined")([h, features]), "half_joined_relu")
    h = _relu(_same(h, HALF, "half_again"), "half_again_relu")
    h = cut_to(_double(_relu(h, "half_last_relu"), WHOLE, "whole"), event_shape, "cut")
    h = _relu(layers.Concatenate(name="whole_joined")([h, told["features"]]), "whole_joined_relu")
    h = _relu(layers.Conv2D(WHOLE, 1, kernel_initializer="he_normal", name="whole_again")(h), "whole_again_relu")
    params = layers.Conv2D(2 * channels, 1, kernel_initializer="zeros", name="params", dtype=OUTPUT_DTYPE)(h)
    mean = ops.add(told["mean"], params[..., :channels])
    raw_log_var = ops.add(params[..., channels:], FIRST_LOG_VAR)
    return keras.Model([z, told], ops.concatenate([mean, raw_log_var], axis=-1), name="decoder")


def reach_of(hidden_units):
    """How many pixels away a pixel of a draw depends on what is told, at most."""
    levels = range(len(hidden_units))
    # Two convolutions on each way, at the lowest level on one; and what a step between levels joins.
    of_unet = sum(2**level * (2 * (1 + (level < levels[-1])) + 1) for level in levels)
    # Of the decoder: convolutions at a quarter and at half of the sides, and what the steps between them join.
    return of_unet + 2 * LATENT_STRIDE + 2 * 2


def _told(shapes):
    return {name: keras.Input(shape, name=name) for name, shape in shapes.items()}


def _relu(h, name):
    return layers.Activation("relu", name=name)(h)


def _same(h, channels, name):
    return layers.Conv2D(channels, 3, padding="same", kernel_initializer="he_normal", name=name)(h)


def _half(h, channels, name):
    return layers.Conv2D(channels, 2, strides=2, kernel_initializer="he_normal", name=name)(h)


def _double(h, channels, name):
    return layers.Conv2DTranspose(channels, 2, strides=2, kernel_initializer="he_normal", name=name)(h)
