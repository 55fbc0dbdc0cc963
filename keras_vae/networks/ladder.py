"""Encoder and decoder of a ladder VAE, which has several stochastic layers: dense for any data, resnet for images."""

import math
from collections.abc import Sequence

import keras
from keras import layers

from keras_vae._checks import check_choice, check_shape, check_sizes
from keras_vae.networks.ends import OUTPUT_DTYPE, decoder_model, encoder_input
from keras_vae.networks.feature_maps import (
    as_image,
    check_image_params_shape,
    image_output,
    map_sizes,
    step_down,
    step_up,
)
from keras_vae.networks.resnet import residual_blocks
from keras_vae.networks.top_down_decoder import TopDownDecoder

LADDER_NETWORKS = ("dense", "resnet")


def make_ladder(
    event_shape: tuple[int, ...],
    params_shape: tuple[int, ...],
    latent_dims: tuple[int, ...],
    network: str = "dense",
    hidden_units: tuple[int, ...] | None = None,
    input_layers: Sequence[layers.Layer] = (),
) -> tuple[keras.Model, TopDownDecoder]:
    """Encoder and decoder of a ladder VAE.

    Args:
        event_shape: tuple of ints. Shape of one example.
        params_shape: tuple of ints. Shape of the parameters of p(x|z) of one example.
        latent_dims: tuple of ints >= 1, one per stochastic layer, the layer next to the data first: sizes of the
            latents for "dense", channels of the latent maps for "resnet", where every layer halves the map below.
        network: "dense" or "resnet".
        hidden_units: tuple of as many ints, or None for 512, 256, 128 ... (dense) or 32, 64, 64 ... (resnet). Width
            (dense) or channels (resnet) of the layers beside each latent.
        input_layers: Keras layers applied to the data first.

    Returns:
        `(encoder, decoder)`: a model `x -> [z_mean, z_log_var]`, the evidence of the data about all latents, the top
        layer first; and a `TopDownDecoder`.

    Raises:
        ValueError: for an unknown network, or sizes that do not fit.
    """
    check_choice("network", network, LADDER_NETWORKS)
    latent_dims = check_sizes("latent_dims", latent_dims)
    if hidden_units is None:
        hidden_units = [max(512 >> i, 64) if network == "dense" else min(32 << i, 64) for i in range(len(latent_dims))]
    hidden_units = check_sizes("hidden_units", hidden_units)
    if len(hidden_units) != len(latent_dims):
        raise ValueError(
            f"`hidden_units` must have one entry per stochastic layer, {len(latent_dims)}. "
            f"Received: hidden_units={hidden_units}"
        )
    steps = _DenseSteps if network == "dense" else _ConvolutionalSteps
    steps = steps(check_shape("event_shape", event_shape), check_shape("params_shape", params_shape), hidden_units)
    return _encoder(event_shape, latent_dims, steps, input_layers), _decoder(params_shape, latent_dims, steps)


def _encoder(event_shape, latent_dims, steps, input_layers):
    x, h = encoder_input(event_shape, input_layers)
    h = steps.enter(h, x.shape[1:])
    means, log_vars = [], []
    for i, latent_dim in enumerate(latent_dims):
        h = steps.up(h, i)
        means.append(steps.latent_head(h, latent_dim, f"z_mean_{i + 1}"))
        log_vars.append(steps.latent_head(h, latent_dim, f"z_log_var_{i + 1}"))
    # The top layer first, as the decoder takes them.
    joined = [_joined(heads[::-1], name) for heads, name in ((means, "z_mean"), (log_vars, "z_log_var"))]
    return keras.Model(x, joined, name="encoder")


def _joined(heads, name):
    return layers.Concatenate(dtype=OUTPUT_DTYPE, name=name)(heads) if len(heads) > 1 else heads[0]


def _decoder(params_shape, latent_dims, steps):
    networks, features_shape = [], None
    for i in range(len(latent_dims) - 1, -1, -1):
        z = keras.Input((steps.latent_size(i, latent_dims[i]),), name="z")
        h = steps.from_latent(z, i, latent_dims[i])
        inputs = z
        if features_shape is not None:
            features = keras.Input(features_shape, name="features")
            h, inputs = layers.Add(name="sum")([features, h]), [features, z]
        name = f"top_down_{i + 1}"
        if i == 0:
            networks.append(steps.data_model(inputs, h, params_shape, name))
            continue
        h = steps.down(h, i)
        features_shape = h.shape[1:]
        p = [steps.latent_head(h, latent_dims[i - 1], f"p_{part}", "zeros") for part in ("mean", "log_var")]
        networks.append(keras.Model(inputs, [h, *p], name=name))
    return TopDownDecoder(networks, name="decoder")


class _DenseSteps:
    """The dense kind: every latent is a vector, and so are the features beside it."""

    def __init__(self, event_shape, params_shape, hidden_units):
        self.hidden_units = hidden_units

    def enter(self, h, event_shape):
        return layers.Flatten(name="flat")(h) if len(h.shape) > 2 else h

    def up(self, h, i):
        return _dense_block(h, self.hidden_units[i], f"up_{i + 1}")

    def latent_size(self, i, latent_dim):
        return latent_dim

    def latent_head(self, h, latent_dim, name, initializer="glorot_uniform"):
        return layers.Dense(latent_dim, dtype=OUTPUT_DTYPE, kernel_initializer=initializer, name=name)(h)

    def from_latent(self, z, i, latent_dim):
        return layers.Dense(self.hidden_units[i], name="from_z")(z)

    def down(self, h, i):
        return _dense_block(h, self.hidden_units[i - 1], "down")

    def data_model(self, inputs, h, params_shape, name):
        h = _dense_block(h, self.hidden_units[0], "down")
        h = layers.Dense(math.prod(params_shape), dtype=OUTPUT_DTYPE, name="x_params")(h)
        return decoder_model(inputs, h, tuple(params_shape), name)


def _dense_block(h, width, name):
    """Two swish layers, the second with a residual connection."""
    h = layers.Dense(width, activation="swish", kernel_initializer="he_normal", name=f"{name}_1")(h)
    r = layers.Dense(width, activation="swish", kernel_initializer="he_normal", name=f"{name}_2")(h)
    return layers.Add(name=f"{name}_sum")([h, r])


class _ConvolutionalSteps:
    """The convolutional kind: every latent is a map, half as large as the map below."""

    def __init__(self, event_shape, params_shape, hidden_units):
        self.hidden_units = hidden_units
        self.params_shape = check_image_params_shape(params_shape, "resnet")
        self.sizes = map_sizes(*params_shape[:2], len(hidden_units))

    def enter(self, h, event_shape):
        return as_image(h, event_shape, "resnet")

    def up(self, h, i):
        h = step_down(h, self.hidden_units[i], f"up_{i + 1}")
        return residual_blocks(h, self.hidden_units[i], f"up_{i + 1}", 1)

    def latent_size(self, i, latent_dim):
        return math.prod(self.sizes[i + 1]) * latent_dim

    def latent_head(self, h, latent_dim, name, initializer="glorot_uniform"):
        h = layers.Conv2D(latent_dim, 1, dtype=OUTPUT_DTYPE, kernel_initializer=initializer, name=f"{name}_map")(h)
        return layers.Flatten(dtype=OUTPUT_DTYPE, name=name)(h)

    def from_latent(self, z, i, latent_dim):
        h = layers.Reshape((*self.sizes[i + 1], latent_dim), name="z_map")(z)
        return layers.Conv2D(self.hidden_units[i], 1, name="from_z")(h)

    def down(self, h, i):
        h = residual_blocks(h, self.hidden_units[i], "down", 1)
        return step_up(h, self.sizes[i], self.hidden_units[i - 1], "down")

    def data_model(self, inputs, h, params_shape, name):
        # No activation behind the last block: as long as the blocks are the identity, all is linear.
        h = residual_blocks(h, self.hidden_units[0], "down", 1)
        return decoder_model(inputs, image_output(h, self.params_shape), self.params_shape, name)
