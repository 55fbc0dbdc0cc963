"""U-shaped network: an image to an image of the same size and to the features of its pixels, fully convolutional."""

import keras
from keras import layers

from keras_vae._checks import check_int, check_shape, check_sizes
from keras_vae.networks.ends import OUTPUT_DTYPE

# Of the moving averages: a training of minutes has some hundred steps, and ends with those of its last ones.
MOMENTUM = 0.9


def unet(
    image_shape: tuple[int, ...], n_outputs: int, hidden_units: tuple[int, ...] = (16, 32, 48), name: str = "unet"
) -> keras.Model:
    """Image to an image of other channels and to the features that it was made of; weights fit images of any size.

    Every level has half the sides of the one before and two convolutions on the way down, two on the way up, where it
    is told what the way down had there. Sides that are no multiples of the stride are filled with zeros at their end,
    which are cut off again. The output begins at zero: what is added to an image begins with the image.

    There is batch normalisation: the network trains several times faster with it. In training an output depends on the
    other images of its batch, afterwards it does not.

    Args:
        image_shape: `(height, width, channels)`, any size.
        n_outputs: int >= 1. Channels of the image that comes out.
        hidden_units: tuple of ints. Channels of each level.
        name: str. Name of the model.

    Returns:
        `keras.Model` from `(batch, *image_shape)` to a dict: `image`, `(batch, height, width, n_outputs)`, and
        `features`, `(batch, height, width, hidden_units[0])`, >= 0.

    Raises:
        ValueError: for a shape that is no image, or an argument out of bounds.

    References:
        Ronneberger et al. 2015, figure 1. https://arxiv.org/abs/1505.04597
        Zhang et al. 2017, section 3, for batch normalisation in such networks. https://arxiv.org/abs/1608.03981
    """
    image_shape = check_shape("image_shape", image_shape)
    if len(image_shape) != 3:
        raise ValueError(f"`image_shape` must be (height, width, channels). Received: image_shape={image_shape}")
    n_outputs, hidden_units = check_int("n_outputs", n_outputs, 1), check_sizes("hidden_units", hidden_units)
    image = keras.Input(image_shape, name="image")
    h = _down_and_up(fill_to(image, 2 ** (len(hidden_units) - 1)), hidden_units)
    features = cut_to(h, image_shape, "features")
    out = layers.Conv2D(n_outputs, 1, kernel_initializer="zeros", dtype=OUTPUT_DTYPE, name="last")(features)
    return keras.Model(image, {"image": out, "features": features}, name=name)


def fill_to(h: keras.KerasTensor, stride: int) -> keras.KerasTensor:
    """A map whose sides are multiples of `stride`: zeros below and to the right."""
    missing = tuple((0, -n % stride) for n in h.shape[1:3])
    return layers.ZeroPadding2D(missing, name="fill")(h) if missing != ((0, 0), (0, 0)) else h


def cut_to(h: keras.KerasTensor, size: tuple[int, ...], name: str) -> keras.KerasTensor:
    """A map with the height and width of `size`: rows below and columns to the right are cut off."""
    more = tuple((0, n - wanted) for n, wanted in zip(h.shape[1:3], size, strict=False))
    return layers.Cropping2D(more, name=name)(h) if more != ((0, 0), (0, 0)) else h


def _down_and_up(h, hidden_units):
    passed = []
    for level, channels in enumerate(hidden_units, 1):
        if level > 1:
            passed.append(h)
            h = layers.MaxPooling2D(name=f"down_{level}_half")(h)
        h = _two_convolutions(h, channels, f"down_{level}")
    for level in range(len(hidden_units) - 1, 0, -1):
        h = layers.UpSampling2D(name=f"up_{level}_double")(h)
        h = layers.Concatenate(name=f"up_{level}_joined")([h, passed.pop()])
        h = _two_convolutions(h, hidden_units[level - 1], f"up_{level}")
    return h


def _two_convolutions(h, channels, name):
    for i in (1, 2):
        h = layers.Conv2D(
            channels, 3, padding="same", use_bias=False, kernel_initializer="he_normal", name=f"{name}_conv_{i}"
        )(h)
        h = layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_norm_{i}")(h)
        h = layers.Activation("relu", name=f"{name}_relu_{i}")(h)
    return h
