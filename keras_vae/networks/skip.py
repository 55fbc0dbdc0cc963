"""Encoder and decoder of vectors that are a linear map plus a network: at their start, factor analysis."""

import math
from collections.abc import Sequence

import keras
from keras import layers

from keras_vae._checks import check_choice, check_int, check_shape, check_sizes
from keras_vae.networks.ends import OUTPUT_DTYPE, decoder_input, decoder_model, encoder_input

DEFAULT_HIDDEN_UNITS = (256,)


def skip_encoder(
    event_shape: tuple[int, ...],
    latent_dim: int,
    hidden_units: tuple[int, ...] = DEFAULT_HIDDEN_UNITS,
    n_outputs: int = 2,
    input_layers: Sequence[layers.Layer] = (),
    name: str = "encoder",
) -> keras.Model:
    """A linear map of the data plus what swish layers add to it; these add nothing before they are trained.

    With a linear decoder and constant variances the best encoder is linear. The network is needed only where the data
    are not Gaussian, and a few of them are soon overfitted by more.

    Args:
        event_shape: tuple of ints, of any rank.
        latent_dim: int >= 1.
        hidden_units: tuple of ints. Widths of the hidden layers.
        n_outputs: 2 for `[z_mean, z_log_var]`, 1 for `z`.
        input_layers: Keras layers applied first.
        name: str. Name of the model.

    Returns:
        `keras.Model`, `(batch, *event_shape)` -> `(batch, latent_dim)`, twice or once. The linear map is the layer
        "z_mean_linear" ("z_linear").

    Raises:
        ValueError: for an argument out of bounds.

    References:
        Lucas et al. 2019, section 4 (a linear VAE is probabilistic PCA). https://arxiv.org/abs/1911.02469
    """
    hidden_units, latent_dim = check_sizes("hidden_units", hidden_units), check_int("latent_dim", latent_dim, 1)
    names = ("z",) if check_choice("n_outputs", n_outputs, (1, 2)) == 1 else ("z_mean", "z_log_var")
    x, h = encoder_input(event_shape, input_layers)
    flat = layers.Flatten(name="flat")(h) if len(h.shape) > 2 else h
    h = _hidden(flat, hidden_units)
    mean = _linear_plus(flat, h, latent_dim, names[0])
    outputs = [mean, _of_network(h, latent_dim, "z_log_var")] if n_outputs == 2 else mean
    return keras.Model(x, outputs, name=name)


def skip_decoder(
    params_shape: tuple[int, ...],
    latent_dim: int,
    hidden_units: tuple[int, ...] = DEFAULT_HIDDEN_UNITS,
    name: str = "decoder",
) -> keras.Model:
    """A linear map of the codes plus what swish layers add to it, the mirror of `skip_encoder`.

    Args:
        params_shape: tuple of ints, of any rank.
        latent_dim: int >= 1.
        hidden_units: tuple of ints. Widths of the hidden layers in the order of the encoder.
        name: str. Name of the model.

    Returns:
        `keras.Model`, `(batch, latent_dim)` -> `(batch, *params_shape)`, no activation. The linear map is the layer
        "x_params_linear".

    Raises:
        ValueError: for an argument out of bounds.
    """
    hidden_units = check_sizes("hidden_units", hidden_units)
    params_shape = check_shape("params_shape", params_shape)
    z = decoder_input(latent_dim)
    n_params = math.prod(params_shape)
    h = _hidden(z, tuple(reversed(hidden_units)))
    linear = layers.Dense(n_params, dtype=OUTPUT_DTYPE, kernel_initializer="lecun_normal", name="x_params_linear")(z)
    x_params = layers.Add(dtype=OUTPUT_DTYPE, name="x_params_sum")([linear, _of_network(h, n_params, "x_params")])
    return decoder_model(z, x_params, params_shape, name)


def _hidden(h, hidden_units):
    for i, width in enumerate(hidden_units, 1):
        h = layers.Dense(width, activation="swish", kernel_initializer="he_normal", name=f"hidden_{i}")(h)
    return h


def _linear_plus(flat, h, width, name):
    linear = layers.Dense(width, dtype=OUTPUT_DTYPE, kernel_initializer="lecun_normal", name=f"{name}_linear")(flat)
    return layers.Add(dtype=OUTPUT_DTYPE, name=name)([linear, _of_network(h, width, f"{name}_network")])


def _of_network(h, width, name):
    """What the network adds: nothing at the start."""
    return layers.Dense(width, dtype=OUTPUT_DTYPE, kernel_initializer="zeros", name=name)(h)
