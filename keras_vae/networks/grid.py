"""Convolutional encoder to a grid of vectors and decoder from one, for codes that have a place in the image."""

from collections.abc import Sequence

import keras
from keras import layers

from keras_vae._checks import check_int, check_sizes
from keras_vae.networks.conv import DEFAULT_HIDDEN_UNITS
from keras_vae.networks.ends import OUTPUT_DTYPE, decoder_model, encoder_input
from keras_vae.networks.feature_maps import (
    as_image,
    check_image_params_shape,
    image_output,
    map_sizes,
    step_down,
    step_up,
)


def grid_encoder(
    event_shape: tuple[int, ...],
    code_dim: int,
    hidden_units: tuple[int, ...] = DEFAULT_HIDDEN_UNITS,
    input_layers: Sequence[layers.Layer] = (),
    name: str = "encoder",
) -> keras.Model:
    """Image through relu convolutions of stride 2 to a vector at every place of the smallest map.

    Args:
        event_shape: `(height, width, channels)`, of any size.
        code_dim: int >= 1. Size of a vector.
        hidden_units: tuple of ints. Channels of the map after each stage, each half as large as the one before.
        input_layers: Keras layers applied first.
        name: str. Name of the model.

    Returns:
        `keras.Model`, `(batch, *event_shape)` -> `(batch, height', width', code_dim)`.

    Raises:
        ValueError: for data that are no images, or an argument out of bounds.

    Examples:
        >>> kv.networks.grid_encoder((28, 28, 1), code_dim=16).output_shape
        (None, 7, 7, 16)
    """
    hidden_units = check_sizes("hidden_units", hidden_units)
    x, h = encoder_input(event_shape, input_layers)
    h = as_image(h, x.shape[1:], "grid")
    for i, channels in enumerate(hidden_units, 1):
        h = step_down(h, channels, f"down_{i}", activation="relu")
    vectors = layers.Conv2D(check_int("code_dim", code_dim, 1), 1, dtype=OUTPUT_DTYPE, name="vectors")(h)
    return keras.Model(x, vectors, name=name)


def grid_decoder(
    params_shape: tuple[int, ...],
    code_dim: int,
    hidden_units: tuple[int, ...] = DEFAULT_HIDDEN_UNITS,
    name: str = "decoder",
) -> keras.Model:
    """Grid of vectors through transposed convolutions to an image of exactly `params_shape`, the mirror image.

    Args:
        params_shape: `(height, width, channels)`, of any size, or `(height, width, channels, values)`.
        code_dim: int >= 1. Size of a vector.
        hidden_units: tuple of ints. Channels per stage in the order of the encoder.
        name: str. Name of the model.

    Returns:
        `keras.Model`, `(batch, height', width', code_dim)` -> `(batch, *params_shape)`, no activation.

    Raises:
        ValueError: for a shape that is no image, or an argument out of bounds.

    Examples:
        >>> kv.networks.grid_decoder((28, 28, 1), code_dim=16).input_shape
        (None, 7, 7, 16)
    """
    hidden_units = check_sizes("hidden_units", hidden_units)
    params_shape = check_image_params_shape(params_shape, "grid")
    *larger, smallest = map_sizes(*params_shape[:2], len(hidden_units))
    z = keras.Input((*smallest, check_int("code_dim", code_dim, 1)), name="entries")
    h = layers.Conv2D(hidden_units[-1], 3, padding="same", activation="relu", name="from_entries")(z)
    for i in range(len(hidden_units) - 1, 0, -1):
        h = step_up(h, larger[i], hidden_units[i - 1], f"up_{i + 1}", activation="relu")
    return decoder_model(z, image_output(h, params_shape), params_shape, name)
