"""Single image files: the size of an image, and its pixels in a wanted shape."""

import os

import numpy as np

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")

# Tag 274 of a photograph says how the camera was held; for 5 to 8 it lay on a side.
_ORIENTATION, _LYING = 0x0112, range(5, 9)


def inspect_image(path: str) -> tuple[int, int, int]:
    """Size and number of channels of an image file, after all of it has been decoded once.

    Args:
        path: str.

    Returns:
        (height, width, channels): ints; `channels` is 1 for grey images, 3 for all others.

    Raises:
        Exception: of any type, as the decoder raises it for a damaged file.
    """
    from PIL import Image

    with Image.open(path) as image:
        width, height = image.size
        if image.getexif().get(_ORIENTATION) in _LYING:
            width, height = height, width
        # JPEG can be decoded at an eighth of the size, which reads the whole file and computes little.
        image.draft(None, (1, 1))
        image.load()
        is_grey = image.mode in ("1", "L", "LA", "F") or image.mode.startswith("I")
    return height, width, 1 if is_grey else 3


def decode_image(path: str, event_shape: tuple[int, int, int]) -> np.ndarray:
    """Pixels of an image file, stretched to the wanted size: the first frame of an animation, no transparency.

    Args:
        path: str.
        event_shape: (height, width, channels), with 1 channel or 3.

    Returns:
        Array, shape `event_shape`, uint8.

    Raises:
        ValueError: if the file cannot be read.
    """
    from PIL import Image, ImageOps

    height, width, channels = event_shape
    try:
        with Image.open(path) as image:
            # Twice the longer side, so that the resampling below can average pixels, whichever way the image lies.
            image.draft(None, (2 * max(height, width),) * 2)
            image = _eight_bits(ImageOps.exif_transpose(image)).convert("L" if channels == 1 else "RGB")
            if image.size != (width, height):
                image = image.resize((width, height), Image.Resampling.BILINEAR)
            return np.asarray(image, dtype=np.uint8).reshape(event_shape)
    except Exception as error:
        raise ValueError(f"the image {os.fspath(path)} cannot be read: {error}") from error


def _eight_bits(image):
    """Grey images of 16 bits scaled to 8 bits; Pillow would clip all values at 255 instead."""
    if not image.mode.startswith("I"):
        return image
    from PIL import Image

    levels = np.asarray(image).astype(np.int64)
    return Image.fromarray(np.clip(np.round(levels / 257), 0, 255).astype(np.uint8))
