"""Networks by name, without TensorFlow until one is made."""

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from keras_vae._checks import check_choice

if TYPE_CHECKING:
    import keras

# A new network is one file NAME.py with the functions NAME_encoder and NAME_decoder, and its name here.
NETWORKS = ("dense", "skip", "conv", "resnet", "recurrent")


def make_encoder(
    event_shape: tuple[int, ...],
    latent_dim: int,
    network: str = "dense",
    hidden_units: tuple[int, ...] | None = None,
    n_outputs: int = 2,
    input_layers: "Sequence[keras.layers.Layer]" = (),
    name: str = "encoder",
) -> "keras.Model":
    """Functional model from data to the parameters of its posterior.

    Args:
        event_shape: tuple of ints. Shape of one example, without the batch axis.
        latent_dim: int >= 1.
        network: "dense" (any shape), "skip" (any shape, a linear map plus a network), "conv" or "resnet" (images
            `(height, width, channels)` of any size), or "recurrent" (sequences `(steps,)` or `(steps, features)`).
        hidden_units: tuple of ints, in the order of the encoder, or None for the default of the network: widths of
            hidden layers ("dense", "skip"), channels per stage ("conv", "resnet"), widths of recurrent layers.
        n_outputs: 2 for `[z_mean, z_log_var]`, 1 for the code `z` of a plain autoencoder.
        input_layers: Keras layers applied to the data first (rescaling, one-hot). They may change the last axis or add
            one; `network` has to fit their output.
        name: str. Name of the model.

    Returns:
        `keras.Model`, `(batch, *event_shape)` -> list of two tensors (or one tensor) `(batch, latent_dim)`, float32
        also under mixed precision.

    Raises:
        ValueError: for an unknown network, a shape that it cannot take, or an argument out of bounds.
    """
    build = _builder(network, "encoder")
    widths = {} if hidden_units is None else {"hidden_units": hidden_units}
    return build(event_shape, latent_dim, n_outputs=n_outputs, input_layers=input_layers, name=name, **widths)


def make_decoder(
    params_shape: tuple[int, ...],
    latent_dim: int,
    network: str = "dense",
    hidden_units: tuple[int, ...] | None = None,
    name: str = "decoder",
) -> "keras.Model":
    """Functional model from codes to the raw parameters of p(x|z), the mirror image of `make_encoder`.

    Args:
        params_shape: tuple of ints. Shape of the parameters that the likelihood wants for one example, without the
            batch axis.
        latent_dim: int >= 1.
        network: "dense", "skip", "conv", "resnet" or "recurrent", as in `make_encoder`.
        hidden_units: tuple of ints, in the order of the *encoder*: the same tuple makes a matching pair. None for the
            default of the network.
        name: str. Name of the model.

    Returns:
        `keras.Model`, `(batch, latent_dim)` -> `(batch, *params_shape)`, linear (no activation), float32 also under
        mixed precision. The layer that holds its last weights is called "x_params".

    Raises:
        ValueError: for an unknown network, a shape that it cannot put out, or an argument out of bounds.
    """
    build = _builder(network, "decoder")
    widths = {} if hidden_units is None else {"hidden_units": hidden_units}
    return build(params_shape, latent_dim, name=name, **widths)


def _builder(network, half):
    # Not at the top of the file, so that the shell gets the names without waiting for TensorFlow.
    module = importlib.import_module(f"keras_vae.networks.{check_choice('network', network, NETWORKS)}")
    return getattr(module, f"{network}_{half}")
