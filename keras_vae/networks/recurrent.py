"""Recurrent encoder and decoder, for sequences."""

import math
from collections.abc import Sequence

import keras
from keras import initializers, layers

from keras_vae._checks import check_shape, check_sizes
from keras_vae.networks.ends import OUTPUT_DTYPE, decoder_input, decoder_model, encoder_input, encoder_model

DEFAULT_HIDDEN_UNITS = (128,)


def recurrent_encoder(
    event_shape: tuple[int, ...],
    latent_dim: int,
    hidden_units: tuple[int, ...] = DEFAULT_HIDDEN_UNITS,
    n_outputs: int = 2,
    input_layers: Sequence[layers.Layer] = (),
    name: str = "encoder",
) -> keras.Model:
    """Sequence through bidirectional GRU layers; the last states of both directions feed the latent heads.

    Args:
        event_shape: `(steps, features)`, or `(steps,)` for one number per step (or one token that `input_layers` turn
            into features).
        latent_dim: int >= 1.
        hidden_units: tuple of ints. Width of each GRU layer, per direction.
        n_outputs: 2 for `[z_mean, z_log_var]`, 1 for `z`.
        input_layers: Keras layers applied first.
        name: str. Name of the model.

    Returns:
        `keras.Model`, `(batch, *event_shape)` -> `(batch, latent_dim)`, twice or once. On a GPU Keras runs it through
        cuDNN, which XLA cannot compile (`jit_compile=True` fails there, "auto" leaves XLA off); on a CPU XLA works.

    Raises:
        ValueError: for data that are no sequences, or an argument out of bounds.
    """
    hidden_units = check_sizes("hidden_units", hidden_units)
    x, h = encoder_input(event_shape, input_layers)
    _check_sequence("event_shape", tuple(x.shape[1:]), len(h.shape) - 1)
    if len(h.shape) == 2:
        h = layers.Reshape((h.shape[1], 1), name="steps")(h)
    for i, width in enumerate(hidden_units, 1):
        gru = layers.GRU(width, return_sequences=i < len(hidden_units), name=f"gru_{i}")
        h = layers.Bidirectional(gru, name=f"both_ways_{i}")(h)
    return encoder_model(x, h, latent_dim, n_outputs, name)


def recurrent_decoder(
    params_shape: tuple[int, ...],
    latent_dim: int,
    hidden_units: tuple[int, ...] = DEFAULT_HIDDEN_UNITS,
    name: str = "decoder",
) -> keras.Model:
    """Codes through GRU layers to all steps of a sequence at once.

    It is not autoregressive: a step sees the code and its own position, never the steps drawn before it. So p(x|z) is a
    product over steps, one pass decodes a sequence, and the code must hold everything the steps have in common.
    Sampled sequences are less coherent than the sequences of a language model.

    The code enters as the first state of each GRU, and at every step together with a learned vector for the position.

    Args:
        params_shape: `(steps, parameters)`, or `(steps,)`.
        latent_dim: int >= 1.
        hidden_units: tuple of ints. Widths of the GRU layers in the order of the encoder.
        name: str. Name of the model.

    Returns:
        `keras.Model`, `(batch, latent_dim)` -> `(batch, *params_shape)`, no activation.

    Raises:
        ValueError: for a shape that is no sequence, or an argument out of bounds.
    """
    hidden_units = check_sizes("hidden_units", hidden_units)
    params_shape = check_shape("params_shape", params_shape)
    _check_sequence("params_shape", params_shape, len(params_shape))
    n_steps, width = params_shape[0], hidden_units[-1]
    z = decoder_input(latent_dim)
    h = layers.RepeatVector(n_steps, name="every_step")(z)
    # One matrix for the code at all steps; the bias, one row per step, is the learned position.
    h = layers.EinsumDense(
        "btl,lw->btw",
        output_shape=(n_steps, width),
        bias_axes="tw",
        bias_initializer=initializers.RandomNormal(stddev=1.0),
        name="code_and_position",
    )(h)
    for i, width in enumerate(reversed(hidden_units), 1):
        state = layers.Dense(width, activation="tanh", name=f"state_{i}")(z)
        h = layers.GRU(width, return_sequences=True, name=f"gru_{i}")(h, initial_state=state)
    h = layers.Dense(math.prod(params_shape[1:]), dtype=OUTPUT_DTYPE, name="x_params")(h)
    return decoder_model(z, h, params_shape, name)


def _check_sequence(name, shape, rank):
    if len(shape) > 2 or rank > 2:
        behind = "" if rank == len(shape) else f", of rank {rank} behind `input_layers`"
        raise ValueError(
            f"`{name}` must be (steps,) or (steps, features) for network='recurrent'; use network='conv' for images, "
            f"'dense' for anything else. Received: {name}={tuple(shape)}{behind}"
        )
