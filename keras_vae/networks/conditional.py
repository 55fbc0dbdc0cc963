"""Encoders and decoders that are told a condition, made of those that are not, and the networks of the condition."""

import math
from collections.abc import Sequence

import keras
from keras import layers

from keras_vae._checks import check_int, check_shape
from keras_vae.layers.class_labels import ClassLabels
from keras_vae.networks.ends import OUTPUT_DTYPE, decoder_input, encoder_input
from keras_vae.networks.registry import make_decoder, make_encoder

# Numbers that an image of a condition is summed up in, and width of the network of a conditional prior.
SUMMARY_DIM, PRIOR_UNITS = 128, 128


def make_condition_network(n_classes: int | None = None, condition_shape: tuple[int, ...] | None = None) -> keras.Model:
    """Model from a condition to the vector that encoder, decoder and prior are told.

    Labels become one-hot vectors, vectors stay as they are, and images and other arrays are summed up in 128 numbers by
    a convolutional, or a dense, network.

    Args:
        n_classes: int >= 2, for labels `(batch,)`, whole numbers from 0; or None.
        condition_shape: tuple of ints, for arrays `(batch, *condition_shape)`; or None. One of the two is given.

    Returns:
        `keras.Model`, condition -> `(batch, condition_dim)`.

    Raises:
        ValueError: if both are given, or none, or one is out of bounds.
    """
    if (n_classes is None) == (condition_shape is None):
        raise ValueError(
            "`n_classes`, for labels, or `condition_shape`, for arrays, must be given, and not both. "
            f"Received: n_classes={n_classes}, condition_shape={condition_shape}"
        )
    if n_classes is not None:
        labels = keras.Input((), name="condition")
        return keras.Model(labels, ClassLabels(n_classes, name="one_hot")(labels), name="condition_network")
    condition_shape = check_shape("condition_shape", condition_shape)
    condition = keras.Input(condition_shape, name="condition")
    if len(condition_shape) == 1:
        return keras.Model(condition, layers.Identity(name="told")(condition), name="condition_network")
    network = "conv" if len(condition_shape) == 3 else "dense"
    summary = make_encoder(condition_shape, SUMMARY_DIM, network, n_outputs=1, name="summary")(condition)
    return keras.Model(condition, layers.Activation("relu", name="told")(summary), name="condition_network")


def make_conditional_encoder(
    event_shape: tuple[int, ...],
    latent_dim: int,
    condition_dim: int,
    network: str = "dense",
    hidden_units: tuple[int, ...] | None = None,
    n_outputs: int = 2,
    input_layers: Sequence[layers.Layer] = (),
    name: str = "encoder",
) -> keras.Model:
    """`make_encoder` for pairs of x and a vector, which is one more channel, or more columns, of the data.

    Args:
        condition_dim: int >= 1. Size of the vector.
        event_shape, latent_dim, network, hidden_units, n_outputs, input_layers, name: as in `make_encoder`.

    Returns:
        `keras.Model`, `[x, vector]` -> as `make_encoder`.

    Raises:
        ValueError: as `make_encoder`, or for a `condition_dim` below 1.
    """
    x, h = encoder_input(event_shape, input_layers)
    vector = keras.Input((check_int("condition_dim", condition_dim, 1),), name="condition")
    places = tuple(h.shape[1:-1])
    beside = vector
    if places:
        # One number for every place of an image or step: for labels, a picture of each class that is learned.
        beside = layers.Dense(math.prod(places), name="condition_map")(vector)
        beside = layers.Reshape((*places, 1), name="condition_channel")(beside)
    joint = layers.Concatenate(name="x_and_condition")([h, beside])
    inner = make_encoder(tuple(joint.shape[1:]), latent_dim, network, hidden_units, n_outputs, name=f"{name}_network")
    return keras.Model([x, vector], inner(joint), name=name)


def make_conditional_decoder(
    params_shape: tuple[int, ...],
    latent_dim: int,
    condition_dim: int,
    network: str = "dense",
    hidden_units: tuple[int, ...] | None = None,
    name: str = "decoder",
) -> keras.Model:
    """`make_decoder` for pairs of z and a vector, which stand side by side in front of it.

    Args:
        condition_dim: int >= 1. Size of the vector.
        params_shape, latent_dim, network, hidden_units, name: as in `make_decoder`.

    Returns:
        `keras.Model`, `[z, vector]` -> as `make_decoder`.

    Raises:
        ValueError: as `make_decoder`, or for a `condition_dim` below 1.
    """
    z, vector = (
        decoder_input(latent_dim),
        keras.Input((check_int("condition_dim", condition_dim, 1),), name="condition"),
    )
    inner = make_decoder(params_shape, latent_dim + condition_dim, network, hidden_units, name=f"{name}_network")
    joint = layers.Concatenate(name="z_and_condition")([z, vector])
    return keras.Model([z, vector], inner(joint), name=name)


def make_prior_network(condition_dim: int, latent_dim: int, units: int = PRIOR_UNITS) -> keras.Model:
    """Network for a `priors.ConditionalNormal`, which begins as N(0, I) under every condition.

    Args:
        condition_dim: int >= 1. Size of the vector that it is told.
        latent_dim: int >= 1.
        units: int >= 1. Width of its hidden layer.

    Returns:
        `keras.Model`, vector -> `[mean, log_var]`, each `(batch, latent_dim)` float32.

    Raises:
        ValueError: for a size below 1.
    """
    vector = keras.Input((check_int("condition_dim", condition_dim, 1),), name="condition")
    hidden = layers.Dense(check_int("units", units, 1), activation="relu", name="hidden")(vector)
    heads = [
        layers.Dense(check_int("latent_dim", latent_dim, 1), kernel_initializer="zeros", dtype=OUTPUT_DTYPE, name=name)(
            hidden
        )
        for name in ("prior_mean", "prior_log_var")
    ]
    return keras.Model(vector, heads, name="prior_network")
