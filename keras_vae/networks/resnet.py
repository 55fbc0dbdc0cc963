"""Residual convolutional encoder and decoder, for images of any size."""

from collections.abc import Sequence

import keras
from keras import layers

from keras_vae._checks import check_sizes
from keras_vae.networks.ends import decoder_input, decoder_model, dense_to_shape, encoder_input, encoder_model
from keras_vae.networks.feature_maps import (
    KERNEL_SIZE,
    as_image,
    check_image_params_shape,
    image_output,
    map_sizes,
    step_down,
    step_up,
)

DEFAULT_HIDDEN_UNITS = (32, 64, 128)
N_BLOCKS_PER_STAGE = 2


def resnet_encoder(
    event_shape: tuple[int, ...],
    latent_dim: int,
    hidden_units: tuple[int, ...] = DEFAULT_HIDDEN_UNITS,
    n_outputs: int = 2,
    input_layers: Sequence[layers.Layer] = (),
    name: str = "encoder",
) -> keras.Model:
    """Image through stages of one stride-2 convolution and two residual blocks to the latent heads.

    There is no batch normalisation: the code of an example, its ELBO and its gradient must not depend on the other
    examples of the batch, and training and scoring must compute the same function. There is no other normalisation
    either: the blocks start as the identity (their last convolution at zero), which keeps deep networks trainable.

    Args:
        event_shape: `(height, width, channels)`, of any size; an axis of one pixel is not halved any more.
            `(height, width)` if `input_layers` add the channels.
        latent_dim: int >= 1.
        hidden_units: tuple of ints. Channels per stage.
        n_outputs: 2 for `[z_mean, z_log_var]`, 1 for `z`.
        input_layers: Keras layers applied first.
        name: str. Name of the model.

    Returns:
        `keras.Model`, `(batch, *event_shape)` -> `(batch, latent_dim)`, twice or once.

    Raises:
        ValueError: for data that are no images, or an argument out of bounds.

    References:
        He et al. 2016, Identity mappings in deep residual networks, section 3. https://arxiv.org/abs/1603.05027
        Goyal et al. 2017, section 5.1, for blocks that start as the identity. https://arxiv.org/abs/1706.02677
    """
    hidden_units = check_sizes("hidden_units", hidden_units)
    x, h = encoder_input(event_shape, input_layers)
    h = as_image(h, x.shape[1:], "resnet")
    for i, channels in enumerate(hidden_units, 1):
        if i > 1:
            h = _swish(h, f"down_{i}_swish")
        h = step_down(h, channels, f"down_{i}")
        h = residual_blocks(h, channels, f"stage_{i}")
    h = layers.Flatten(name="flat")(_swish(h, "last_swish"))
    return encoder_model(x, h, latent_dim, n_outputs, name)


def resnet_decoder(
    params_shape: tuple[int, ...],
    latent_dim: int,
    hidden_units: tuple[int, ...] = DEFAULT_HIDDEN_UNITS,
    name: str = "decoder",
) -> keras.Model:
    """Codes through residual blocks and transposed convolutions to an image, the mirror of `resnet_encoder`.

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
    params_shape = check_image_params_shape(params_shape, "resnet")
    *larger, smallest = map_sizes(*params_shape[:2], len(hidden_units))
    z = decoder_input(latent_dim)
    # Unit variance in, unit variance out, so that codes drawn from the prior reach the first stage at unit scale.
    h = dense_to_shape(z, (*smallest, hidden_units[-1]), kernel_initializer="lecun_normal")
    for i in range(len(hidden_units), 0, -1):
        h = residual_blocks(h, hidden_units[i - 1], f"stage_{i}")
        h = _swish(h, f"up_{i}_swish")
        if i > 1:
            h = step_up(h, larger[i - 1], hidden_units[i - 2], f"up_{i}")
    return decoder_model(z, image_output(h, params_shape), params_shape, name)


def residual_blocks(
    h: keras.KerasTensor, channels: int, name: str, n_blocks: int = N_BLOCKS_PER_STAGE
) -> keras.KerasTensor:
    """A stage of blocks, each `h` plus two convolutions of it; the shape stays."""
    for block in range(1, n_blocks + 1):
        prefix = f"{name}_block_{block}"
        r = h
        for i, initializer in ((1, "he_normal"), (2, "zeros")):
            r = _swish(r, f"{prefix}_swish_{i}")
            r = layers.Conv2D(
                channels, KERNEL_SIZE, padding="same", kernel_initializer=initializer, name=f"{prefix}_conv_{i}"
            )(r)
        h = layers.Add(name=f"{prefix}_sum")([h, r])
    return h


def _swish(h, name):
    return layers.Activation("swish", name=name)(h)
