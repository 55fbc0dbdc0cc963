"""Convolutional encoder and decoder, for images of any size."""

from collections.abc import Sequence

import keras
from keras import layers

from keras_vae._checks import check_sizes
from keras_vae.networks.ends import decoder_input, decoder_model, dense_to_shape, encoder_input, encoder_model
from keras_vae.networks.feature_maps import (
    as_image,
    check_image_params_shape,
    image_output,
    map_sizes,
    step_down,
    step_up,
)

DEFAULT_HIDDEN_UNITS = (32, 64)


def conv_encoder(
    event_shape: tuple[int, ...],
    latent_dim: int,
    hidden_units: tuple[int, ...] = DEFAULT_HIDDEN_UNITS,
    n_outputs: int = 2,
    input_layers: Sequence[layers.Layer] = (),
    name: str = "encoder",
) -> keras.Model:
    """Image through relu convolutions of stride 2 to the latent heads.

    Args:
        event_shape: `(height, width, channels)`, of any size; an axis of one pixel is not halved any more.
            `(height, width)` if `input_layers` add the channels.
        latent_dim: int >= 1.
        hidden_units: tuple of ints. Channels of the map after each stage.
        n_outputs: 2 for `[z_mean, z_log_var]`, 1 for `z`.
        input_layers: Keras layers applied first.
        name: str. Name of the model.

    Returns:
        `keras.Model`, `(batch, *event_shape)` -> `(batch, latent_dim)`, twice or once.

    Raises:
        ValueError: for data that are no images, or an argument out of bounds.
    """
    hidden_units = check_sizes("hidden_units", hidden_units)
    x, h = encoder_input(event_shape, input_layers)
    h = as_image(h, x.shape[1:], "conv")
    for i, channels in enumerate(hidden_units, 1):
        h = step_down(h, channels, f"down_{i}", activation="relu")
    return encoder_model(x, layers.Flatten(name="flat")(h), latent_dim, n_outputs, name)


def conv_decoder(
    params_shape: tuple[int, ...],
    latent_dim: int,
    hidden_units: tuple[int, ...] = DEFAULT_HIDDEN_UNITS,
    name: str = "decoder",
) -> keras.Model:
    """Codes through transposed convolutions to an image of exactly `params_shape`, the mirror of `conv_encoder`.

    Why transposed convolutions: with upsampling followed by a convolution a training step takes twice as long on a CPU,
    and rearranging channels into pixels saves a tenth at best (28x28 images, batch 128).

    Args:
        params_shape: `(height, width, channels)`, of any size, or `(height, width, channels, values)`.
        latent_dim: int >= 1.
        hidden_units: tuple of ints. Channels per stage in the order of the encoder.
        name: str. Name of the model.

    Returns:
        `keras.Model`, `(batch, latent_dim)` -> `(batch, *params_shape)`, no activation.

    Raises:
        ValueError: for a shape that is no image, or an argument out of bounds.
    """
    hidden_units = check_sizes("hidden_units", hidden_units)
    params_shape = check_image_params_shape(params_shape, "conv")
    *larger, smallest = map_sizes(*params_shape[:2], len(hidden_units))
    z = decoder_input(latent_dim)
    h = dense_to_shape(z, (*smallest, hidden_units[-1]), activation="relu")
    for i in range(len(hidden_units) - 1, 0, -1):
        h = step_up(h, larger[i], hidden_units[i - 1], f"up_{i + 1}", activation="relu")
    return decoder_model(z, image_output(h, params_shape), params_shape, name)
