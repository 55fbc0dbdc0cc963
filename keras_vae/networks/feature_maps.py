"""Feature maps of convolutional networks: their sizes from stage to stage, and the steps between them."""

import math
from typing import Any

import keras
from keras import initializers, layers

from keras_vae._checks import check_shape
from keras_vae.networks.ends import OUTPUT_DTYPE

KERNEL_SIZE = 3


def map_sizes(height: int, width: int, n_stages: int) -> list[tuple[int, int]]:
    """Sizes of the maps from the image down: the image, then one map per stage.

    At every stage an axis of n pixels becomes ceil(n / 2), down to one, so that any number of stages fits any image.

    Args:
        height: int >= 1.
        width: int >= 1.
        n_stages: int >= 1.

    Returns:
        list of `(height, width)`, from the image to the smallest map.
    """
    sizes = [(height, width)]
    for _ in range(n_stages):
        sizes.append(tuple(-(-n // _stride(n)) for n in sizes[-1]))
    return sizes


def _stride(n):
    return 2 if n > 1 else 1


def strides_for(size: tuple[int, int]) -> tuple[int, int]:
    """Strides of the stage that starts from a map of this `(height, width)`."""
    return tuple(_stride(n) for n in size)


def first_tap(n: int) -> int:
    """Which tap of the kernel of a step meets the first of two pixels that become one, on an axis of `n` > 1 pixels.

    TensorFlow pads at the end first: one pixel for an even n, one at both ends for an odd one.
    """
    return n % 2


def step_down(h: keras.KerasTensor, channels: int, name: str, **kwargs: Any) -> keras.KerasTensor:
    """Convolution to the next smaller map, `(batch, height, width, c)` -> `(batch, height', width', channels)`."""
    return layers.Conv2D(
        channels,
        KERNEL_SIZE,
        strides=strides_for(h.shape[1:3]),
        padding="same",
        kernel_initializer="he_normal",
        name=name,
        **kwargs,
    )(h)


def step_up(
    h: keras.KerasTensor,
    size: tuple[int, int],
    channels: int,
    name: str,
    kernel_initializer: Any = None,
    **kwargs: Any,
) -> keras.KerasTensor:
    """Transposed convolution back to a map of exactly `size`, the mirror image of `step_down` from that size.

    Args:
        h: KerasTensor `(batch, height, width, c)`.
        size: `(height, width)` of the larger map.
        channels: int. Channels of the larger map.
        name: str. Name of the layer.
        kernel_initializer: Keras initializer, or None for the one of He et al. 2015, eq. 14.
        **kwargs: as in `keras.layers.Conv2DTranspose`.

    Returns:
        KerasTensor `(batch, *size, channels)`.
    """
    strides = strides_for(size)
    # With kernel 3 an axis of n pixels grows to 2n - 1 + output_padding: even and odd sizes need no cropping.
    output_padding = tuple(int(stride == 2 and n % 2 == 0) for n, stride in zip(size, strides, strict=True))
    if kernel_initializer is None:
        # Keras counts the input channels of a transposed kernel as fan-out. It also counts all taps of the kernel, but
        # with a stride of s each output pixel gets one in s of them.
        kernel_initializer = initializers.VarianceScaling(2.0 * math.prod(strides), mode="fan_out")
    return layers.Conv2DTranspose(
        channels,
        KERNEL_SIZE,
        strides=strides,
        padding="same",
        output_padding=output_padding,
        kernel_initializer=kernel_initializer,
        name=name,
        **kwargs,
    )(h)


def image_output(h: keras.KerasTensor, params_shape: tuple[int, ...]) -> keras.KerasTensor:
    """The last `step_up`, linear, to all parameters of a pixel: `(batch, *params_shape[:2], product of the rest)`."""
    n_params = math.prod(params_shape[2:])
    return step_up(h, params_shape[:2], n_params, "x_params", kernel_initializer="glorot_uniform", dtype=OUTPUT_DTYPE)


def as_image(h: keras.KerasTensor, event_shape: tuple[int, ...], network: str) -> keras.KerasTensor:
    """`h` as `(batch, height, width, channels)`; a further axis (one-hot values) is merged into the channels.

    Raises:
        ValueError: if it is no image.
    """
    rank, event_rank = len(h.shape) - 1, len(event_shape)
    if event_rank > 3 or rank not in (3, 4):
        raise ValueError(_wants_images("event_shape", event_shape, network))
    if rank == 4:
        h = layers.Reshape((h.shape[1], h.shape[2], h.shape[3] * h.shape[4]), name="merged_channels")(h)
    return h


def check_image_params_shape(params_shape: tuple[int, ...], network: str) -> tuple[int, ...]:
    """Return `params_shape` as a tuple if it is `(height, width, channels)` or `(height, width, channels, values)`.

    Raises:
        ValueError: if it is not.
    """
    params_shape = check_shape("params_shape", params_shape)
    if len(params_shape) not in (3, 4):
        raise ValueError(_wants_images("params_shape", params_shape, network))
    return params_shape


def _wants_images(name, shape, network):
    hint = "give images without channels a last axis of 1, or " if len(shape) == 2 else ""
    other = " or 'recurrent'" if len(shape) <= 2 else ""
    return (
        f"`{name}` must be (height, width, channels) for network={network!r}; {hint}use network='dense'{other}. "
        f"Received: {name}={tuple(shape)}"
    )
