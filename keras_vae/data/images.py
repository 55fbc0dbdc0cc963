"""Single image files: the size of an image, and its pixels in a wanted shape."""

import functools
import os
import pathlib
import threading

import numpy as np
import tensorflow as tf

from keras_vae._checks import check_choice
from keras_vae.data.compiled import Compiled
from keras_vae.data.exif_orientation import SEARCHED, exif_orientation
from keras_vae.data.picture_fit import FITS, fit_pixels
from keras_vae.data.picture_graph import decode_picture

# Endings of the pictures that Pillow reads, some of them (AVIF, HEIF, QOI) only in some installations: in others such
# a file is reported as unreadable. Documents, films and measurements that it also opens are not among them.
SUFFIXES = (
    *(".apng", ".avif", ".avifs", ".bmp", ".bw", ".cur", ".dcx", ".dds", ".dib", ".gif", ".heic", ".heif", ".icb"),
    *(".icns", ".ico", ".im", ".j2c", ".j2k", ".jfif", ".jp2", ".jpc", ".jpe", ".jpeg", ".jpf", ".jpg", ".jpx", ".mpo"),
    *(".msp", ".pbm", ".pcd", ".pcx", ".pfm", ".pgm", ".png", ".pnm", ".ppm", ".psd", ".pxr", ".qoi", ".ras", ".rgb"),
    *(".rgba", ".sgi", ".tga", ".tif", ".tiff", ".vda", ".vst", ".webp", ".xbm", ".xpm"),
)

# As many as Pillow decodes before it suspects a bomb.
MAX_PIXELS = 178_956_970

# Tag 274 of a photograph says how the camera was held; for 5 to 8 it lay on a side.
_ORIENTATION, _LYING = 0x0112, range(5, 9)


def inspect_image(path: str) -> tuple[int, int, int]:
    """Size and number of channels of an image file, after all of it has been decoded once.

    Args:
        path: str.

    Returns:
        (height, width, channels): ints, of the upright picture; `channels` is 1 for grey images, 3 for all others.

    Raises:
        Exception: of any type, as the decoder raises it for a damaged file.
    """
    from PIL import Image

    with Image.open(path) as image:
        width, height = image.size
        # JPEG can be decoded at an eighth of the size, which reads the whole file and computes little.
        image.draft(None, (1, 1))
        image.load()
        if _orientation(path, image) in _LYING:
            width, height = height, width
        is_grey = image.mode in ("1", "L", "LA", "F") or image.mode.startswith("I")
    return height, width, 1 if is_grey else 3


def decode_image(path: str, event_shape: tuple[int, int, int], fit: str = "stretch") -> np.ndarray:
    """Pixels of an image file in the wanted size: the first frame of an animation, without alpha, upright.

    Files that `picture_graph.decode_picture` takes come out exactly as they do inside an exported model; Pillow decodes
    the others, and their pixels are brought to the wanted size by the same code.

    Args:
        path: str.
        event_shape: (height, width, channels), with 1 channel or 3.
        fit: `"stretch"`, `"crop"` or `"pad"`, see `picture_fit.fit_pixels`.

    Returns:
        Array, shape `event_shape`, uint8.

    Raises:
        ValueError: if the file cannot be read, or for another `fit`.
    """
    check_choice("fit", fit, FITS)
    event_shape = tuple(map(int, event_shape))
    try:
        file = pathlib.Path(path).read_bytes()
        try:
            return _decoder(event_shape, fit)(file)
        except tf.errors.OpError:
            return _fitter(event_shape, fit)(_pixels_by_pillow(path, event_shape))
    except Exception as error:
        raise ValueError(f"the image {os.fspath(path)} cannot be read: {error}") from error


def _orientation(path, image):
    """How the camera was held, 1 to 8: as `decode_image` finds it."""
    if image.format not in ("JPEG", "MPO", "PNG"):
        # TIFF is turned by Pillow when it is loaded, and then no longer says so.
        return image.getexif().get(_ORIENTATION)
    with open(path, "rb") as file:
        head = file.read(SEARCHED)
    return int(_orienter()(head)) if b"exif" in head.lower() else 1


# Building takes about a second: threads that begin at once wait for the first.
_BUILDING = threading.Lock()


def _decoder(event_shape, fit):
    with _BUILDING:
        return _built(decode_picture, tf.string, (), event_shape, fit, MAX_PIXELS)


def _fitter(event_shape, fit):
    with _BUILDING:
        return _built(fit_pixels, tf.uint8, (None, None, None), event_shape, fit)


def _orienter():
    with _BUILDING:
        return _built(exif_orientation, tf.string, ())


@functools.lru_cache(maxsize=32)
def _built(function, dtype, shape, *arguments):
    return Compiled(lambda value: function(value, *arguments), dtype, shape)


def _pixels_by_pillow(path, event_shape):
    """Pixels of a file as Pillow decodes it, uint8 `(height, width, 1 or 3)`."""
    from PIL import Image, ImageOps

    with Image.open(path) as image:
        # As much as the resizing needs, where the format can be decoded at less than its size.
        image.draft(None, (2 * max(event_shape[:2]),) * 2)
        image = _eight_bits(ImageOps.exif_transpose(image)).convert("L" if event_shape[-1] == 1 else "RGB")
        return np.atleast_3d(np.asarray(image, dtype=np.uint8))


def _eight_bits(image):
    """Grey images of 16 bits scaled to 8 bits; Pillow would clip all values at 255 instead."""
    if not image.mode.startswith("I"):
        return image
    from PIL import Image

    levels = np.asarray(image).astype(np.int64)
    return Image.fromarray(np.clip(np.round(levels / 257), 0, 255).astype(np.uint8))
