"""What all encoders and decoders have in common: their inputs, the latent heads and the output x_params."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from keras_vae._checks import check_choice, check_int, check_shape

# Outputs stay float32 under mixed precision: densities and KL are computed from them.
OUTPUT_DTYPE = "float32"


def encoder_input(
    event_shape: tuple[int, ...], input_layers: Sequence[layers.Layer] = ()
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Input of an encoder, and the output of the layers that prepare it.

    Args:
        event_shape: tuple of ints. Shape of one example, without the batch axis.
        input_layers: Keras layers applied in order.

    Returns:
        x: KerasTensor `(batch, *event_shape)`. Input of the model.
        h: KerasTensor. Output of the last of the `input_layers`, or `x` if there are none.

    Raises:
        ValueError: if the shape is not one, or an entry of `input_layers` is not a layer.
    """
    x = keras.Input(check_shape("event_shape", event_shape), name="x")
    wanted = "`input_layers` must be a list of Keras layers"
    if not isinstance(input_layers, (list, tuple)):
        raise ValueError(f"{wanted}. Received: input_layers={input_layers!r}")
    h = x
    for layer in input_layers:
        if not isinstance(layer, layers.Layer):
            raise ValueError(f"{wanted}. Received: {layer!r} among them")
        h = layer(h)
    return x, h


def encoder_model(
    x: keras.KerasTensor, features: keras.KerasTensor, latent_dim: int, n_outputs: int = 2, name: str = "encoder"
) -> keras.Model:
    """Model from `x` through `features` to the latent heads.

    Args:
        x: KerasTensor. Input of the model.
        features: KerasTensor `(batch, n_features)`.
        latent_dim: int >= 1.
        n_outputs: 2 for `[z_mean, z_log_var]`, 1 for `z`.
        name: str. Name of the model.

    Returns:
        `keras.Model` with float32 outputs `(batch, latent_dim)`, each from a linear layer named after it.

    Raises:
        ValueError: if `latent_dim` is not >= 1 or `n_outputs` is neither 1 nor 2.
    """
    latent_dim = check_int("latent_dim", latent_dim, 1)
    names = ("z",) if check_choice("n_outputs", n_outputs, (1, 2)) == 1 else ("z_mean", "z_log_var")
    heads = [layers.Dense(latent_dim, dtype=OUTPUT_DTYPE, name=head)(features) for head in names]
    return keras.Model(x, heads if n_outputs == 2 else heads[0], name=name)


def decoder_input(latent_dim: int) -> keras.KerasTensor:
    """Input of a decoder, KerasTensor `(batch, latent_dim)`.

    Raises:
        ValueError: if `latent_dim` is not >= 1.
    """
    return keras.Input((check_int("latent_dim", latent_dim, 1),), name="z")


def decoder_model(
    z: Any, x_params: keras.KerasTensor, params_shape: tuple[int, ...], name: str = "decoder"
) -> keras.Model:
    """Model from `z` to `x_params`, reshaped to `params_shape`.

    Args:
        z: KerasTensor `(batch, latent_dim)`, or a list with it. Inputs of the model.
        x_params: KerasTensor with as many entries per example as `params_shape` has.
        params_shape: tuple of ints.
        name: str. Name of the model.

    Returns:
        `keras.Model` with a float32 output `(batch, *params_shape)`.
    """
    if tuple(x_params.shape[1:]) != params_shape:
        x_params = layers.Reshape(params_shape, dtype=OUTPUT_DTYPE, name="x_params_shaped")(x_params)
    return keras.Model(z, x_params, name=name)


def dense_to_shape(z: keras.KerasTensor, shape: tuple[int, ...], **kwargs: Any) -> keras.KerasTensor:
    """Dense layer (`**kwargs` as in Keras) from codes to a feature map, `(batch, latent_dim)` -> `(batch, *shape)`."""
    h = layers.Dense(math.prod(shape), name="from_z", **kwargs)(z)
    return layers.Reshape(shape, name="from_z_shaped")(h)
