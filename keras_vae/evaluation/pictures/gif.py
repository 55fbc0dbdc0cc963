"""Images in a row as an animation in a file."""

import pathlib

import numpy as np

from keras_vae._checks import check_number
from keras_vae._files import atomic_path

# Shorter sides than this are enlarged by a whole factor: nobody sees a picture of 28 pixels.
MIN_SIDE = 224


def write_gif(path, frames, seconds, there_and_back=True):
    """Write an animation that starts again when it has ended; whole or not at all.

    Args:
        path: str or path that ends in ".gif". What stood there before is replaced.
        frames: array `(n, height, width, 1 or 3)`, values in [0, 1].
        seconds: float > 0. From the first frame to the last.
        there_and_back: bool. Go back to the first frame instead of jumping to it.

    Returns:
        `pathlib.Path` of the file.

    Raises:
        ValueError: for another suffix, fewer than two frames, or a time that is not > 0.
    """
    from PIL import Image

    path = pathlib.Path(path)
    if path.suffix.lower() != ".gif":
        raise ValueError(f"`path` must end in .gif. Received: path={str(path)!r}")
    check_number("seconds", seconds, 0.0, exclusive=True)
    if len(frames) < 2:
        raise ValueError(f"`frames` must be two or more. Received: {len(frames)}")
    factor = max(1, -(-MIN_SIDE // min(frames.shape[1:3])))
    values = np.round(np.clip(frames, 0.0, 1.0) * 255.0).astype(np.uint8)
    values = values.repeat(factor, axis=1).repeat(factor, axis=2)
    pictures = [Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image) for image in values]
    in_turn = [*pictures, *pictures[-2:0:-1]] if there_and_back else pictures
    # The format counts hundredths of a second, and browsers take less than two for ten.
    duration = max(20, round(100.0 * seconds / len(frames)) * 10)
    with atomic_path(path) as temporary:
        in_turn[0].save(temporary, save_all=True, append_images=in_turn[1:], duration=duration, loop=0)
    return path
