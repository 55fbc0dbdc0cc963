"""What each latent dimension does, as an animation."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from keras_vae._checks import check_int, check_number
from keras_vae.evaluation.latent import kl_per_dim
from keras_vae.evaluation.pictures.figure import is_image, value_range_of
from keras_vae.evaluation.pictures.gif import write_gif
from keras_vae.evaluation.pictures.plot_grid import tiled
from keras_vae.evaluation.pictures.plot_traversals import active_dims, runs_along


def animate_traversals(
    path,
    decode: Callable,
    z_mean: ArrayLike,
    z_log_var: ArrayLike,
    steps: int = 24,
    limit: float = 2.5,
    max_dims: int = 12,
    seconds: float = 2.0,
    n_cols: int = 4,
):
    """Write a GIF with one tile for each active latent dimension, which runs from -limit to +limit and back.

    Args:
        path: str or path that ends in ".gif".
        decode: Callable. Codes `(n, latent_dim)` to images `(n, height, width, 1 or 3)`, such as `vae.decode`.
        z_mean: array `(n, latent_dim)`.
        z_log_var: array, same shape.
        steps: int >= 2. Frames of a run.
        limit: float > 0. End of the run, in standard deviations of the prior.
        max_dims: int >= 1. How many dimensions are shown at most: those of largest KL, in rows, the largest first.
        seconds: float > 0. Time of a run, one way.
        n_cols: int >= 1. Tiles in a row.

    Returns:
        `pathlib.Path` of the file.

    Raises:
        ValueError: if `decode` gives no images, the path has another suffix, or a number is out of bounds.
    """
    check_int("steps", steps, 2)
    check_int("max_dims", max_dims, 1)
    n_cols = check_int("n_cols", n_cols, 1)
    limit = check_number("limit", limit, 0.0, exclusive=True)
    z_mean = np.asarray(z_mean, np.float32)
    kl = kl_per_dim(z_mean, z_log_var)
    chosen = active_dims(z_mean, kl)[:max_dims] or [int(np.argmax(kl))]
    decoded = np.asarray(decode(runs_along(z_mean, chosen, np.linspace(-limit, limit, steps, dtype=np.float32))))
    if not is_image(decoded.shape[1:]):
        raise ValueError(f"`decode` must give images of 1 or 3 channels. Received: shape {decoded.shape}")
    runs = decoded.reshape(len(chosen), steps, *decoded.shape[1:])
    n_cols, value_range = min(n_cols, len(chosen)), value_range_of(decoded)
    frames = np.stack([tiled(list(runs[:, k]), n_cols, value_range) for k in range(steps)])
    return write_gif(path, frames, seconds)
