"""The way from one image to another, as an animation."""

import numpy as np
from numpy.typing import ArrayLike

from keras_vae._checks import check_int
from keras_vae.evaluation.pictures.figure import is_image, value_range_of
from keras_vae.evaluation.pictures.gif import write_gif
from keras_vae.evaluation.pictures.plot_grid import tiled


def animate_interpolation(path, images: ArrayLike, seconds: float = 2.0, n_cols: int = 4):
    """Write a GIF that goes through images such as those of `vae.interpolate(a, b, steps=24)`, and back.

    Args:
        path: str or path that ends in ".gif".
        images: array `(steps, height, width, 1 or 3)`, or `(n, steps, ...)` for several ways beside each other.
        seconds: float > 0. Time of the way, one direction.
        n_cols: int >= 1. Ways in a row.

    Returns:
        `pathlib.Path` of the file.

    Raises:
        ValueError: for an array of another shape, fewer than two steps, another suffix, or a number out of bounds.
    """
    images, n_cols = np.asarray(images), check_int("n_cols", n_cols, 1)
    ways = images[None] if images.ndim == 4 else images
    if ways.ndim != 5 or not len(ways) or not is_image(ways.shape[2:]):
        raise ValueError(
            "`images` must have the shape (steps, height, width, 1 or 3), or one more axis in front for several ways. "
            f"Received: images.shape={images.shape}"
        )
    value_range = value_range_of(ways[0]) if len(ways) == 1 else value_range_of(*ways)
    n_cols = min(n_cols, len(ways))
    return write_gif(path, np.stack([tiled(list(step), n_cols, value_range) for step in ways.swapaxes(0, 1)]), seconds)
