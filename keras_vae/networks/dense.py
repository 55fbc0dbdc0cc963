"""Fully connected encoder and decoder, for data of any shape."""

import math
from collections.abc import Sequence

import keras
from keras import layers

from keras_vae._checks import check_shape, check_sizes
from keras_vae.networks.ends import OUTPUT_DTYPE, decoder_input, decoder_model, encoder_input, encoder_model

DEFAULT_HIDDEN_UNITS = (512,)


def dense_encoder(
    event_shape: tuple[int, ...],
    latent_dim: int,
    hidden_units: tuple[int, ...] = DEFAULT_HIDDEN_UNITS,
    n_outputs: int = 2,
    input_layers: Sequence[layers.Layer] = (),
    name: str = "encoder",
) -> keras.Model:
    """Flattened data through relu layers to the latent heads.

    Args:
        event_shape: tuple of ints, of any rank.
        latent_dim: int >= 1.
        hidden_units: tuple of ints. Widths of the hidden layers.
        n_outputs: 2 for `[z_mean, z_log_var]`, 1 for `z`.
        input_layers: Keras layers applied first.
        name: str. Name of the model.

    Returns:
        `keras.Model`, `(batch, *event_shape)` -> `(batch, latent_dim)`, twice or once.

    Raises:
        ValueError: for an argument out of bounds.
    """
    hidden_units = check_sizes("hidden_units", hidden_units)
    x, h = encoder_input(event_shape, input_layers)
    if len(h.shape) > 2:
        h = layers.Flatten(name="flat")(h)
    for i, width in enumerate(hidden_units, 1):
        h = layers.Dense(width, activation="relu", name=f"hidden_{i}")(h)
    return encoder_model(x, h, latent_dim, n_outputs, name)


def dense_decoder(
    params_shape: tuple[int, ...],
    latent_dim: int,
    hidden_units: tuple[int, ...] = DEFAULT_HIDDEN_UNITS,
    name: str = "decoder",
) -> keras.Model:
    """Codes through the relu layers of `dense_encoder`, in reverse order, to `x_params`.

    Args:
        params_shape: tuple of ints, of any rank.
        latent_dim: int >= 1.
        hidden_units: tuple of ints. Widths of the hidden layers in the order of the encoder.
        name: str. Name of the model.

    Returns:
        `keras.Model`, `(batch, latent_dim)` -> `(batch, *params_shape)`, no activation.

    Raises:
        ValueError: for an argument out of bounds.
    """
    hidden_units = check_sizes("hidden_units", hidden_units)
    params_shape = check_shape("params_shape", params_shape)
    z = h = decoder_input(latent_dim)
    for i, width in enumerate(reversed(hidden_units), 1):
        h = layers.Dense(width, activation="relu", name=f"hidden_{i}")(h)
    h = layers.Dense(math.prod(params_shape), dtype=OUTPUT_DTYPE, name="x_params")(h)
    return decoder_model(z, h, params_shape, name)
