"""Image files with all that a restored one has to keep: levels of 8 or 16 bits, alpha, colour profile, upright."""

import pathlib
from typing import Any, NamedTuple

import numpy as np

from keras_vae._files import atomic_path
from keras_vae.data.images import MAX_PIXELS

# What can be written, and whether it can hold 16 bits and alpha.
_PNG, _TIFF = (".png",), (".tif", ".tiff")
_WITH_ALPHA = (*_PNG, *_TIFF, ".webp")
WRITTEN = (*_PNG, *_TIFF, ".webp", ".jpg", ".jpeg", ".bmp")
_SAVED_WITH = {".jpg": {"quality": 95}, ".jpeg": {"quality": 95}, ".webp": {"lossless": True}}


class Picture(NamedTuple):
    """The content of an image file.

    Attributes:
        values: uint8 or uint16 array `(height, width, 1 or 3)`, upright.
        alpha: array `(height, width)` of the same type, or None.
        profile: bytes or None. The colour profile.
    """

    values: np.ndarray
    alpha: np.ndarray | None = None
    profile: Any = None


def read_picture(path):
    """The picture in a file: the first frame of an animation is refused, CMYK becomes RGB, a palette its colours.

    Args:
        path: str or path.

    Returns:
        `Picture`.

    Raises:
        ValueError: for a file that is no whole image, an animation, or one too large to be decoded.
    """
    path = pathlib.Path(path)
    if path.is_file() and not path.stat().st_size:
        raise ValueError(f"{path} cannot be read: it is empty")
    try:
        picture = _sixteen_bit_png(path)
        return _by_pillow(path) if picture is None else picture
    except _Refused as error:
        raise ValueError(f"{path} {error}") from None
    except FileNotFoundError:
        raise
    except Exception as error:
        raise ValueError(
            f"{path} cannot be read: {str(error).replace(str(path), 'it') or type(error).__name__}"
        ) from None


class _Refused(Exception):
    """A file that is whole, but not for us."""


def _by_pillow(path):
    from PIL import Image, ImageOps

    with Image.open(path) as image:
        if image.width * image.height > MAX_PIXELS:
            raise _Refused(f"must have at most {MAX_PIXELS} pixels. Received: {image.width} x {image.height}")
        if getattr(image, "n_frames", 1) > 1:
            raise _Refused(f"must be one picture. Received: an animation of {image.n_frames} frames")
        profile = image.info.get("icc_profile") if image.mode != "CMYK" else None
        image = ImageOps.exif_transpose(image)
        if image.mode.startswith("I"):
            return Picture(_grey_levels(np.asarray(image)), None, profile)
        if image.mode == "F":
            raise _Refused("must have levels of 8 or 16 bits. Received: real numbers")
        if image.mode == "P" or "transparency" in image.info:
            image = image.convert("RGBA" if "transparency" in image.info else image.palette.mode)
        has_alpha = image.mode in ("LA", "La", "PA", "RGBA", "RGBa")
        is_grey = image.mode in ("1", "L", "LA", "La")
        values = np.asarray(image.convert(("L" if is_grey else "RGB") + "A" * has_alpha))
    values = np.atleast_3d(values)
    return Picture(values[..., :-1], values[..., -1], profile) if has_alpha else Picture(values, None, profile)


def _grey_levels(levels):
    """Grey levels of a file with more than 8 bits, uint16 `(height, width, 1)`."""
    if levels.min() < 0 or levels.max() > 65535:
        raise _Refused(f"must have levels of 8 or 16 bits. Received: {levels.min()} to {levels.max()}")
    return levels.astype(np.uint16)[..., None]


def _sixteen_bit_png(path):
    """A PNG of 16 bits a channel, of which Pillow would keep 8; None for other files."""
    from PIL import Image

    with path.open("rb") as file:
        head = file.read(26)
    if head[:8] != b"\x89PNG\r\n\x1a\n" or len(head) < 26 or head[24] != 16:
        return None
    width, height = (int.from_bytes(head[at : at + 4], "big") for at in (16, 20))
    if width * height > MAX_PIXELS:
        raise _Refused(f"must have at most {MAX_PIXELS} pixels. Received: {width} x {height}")
    import tensorflow as tf

    levels = tf.io.decode_png(path.read_bytes(), dtype=tf.uint16).numpy()
    with Image.open(path) as image:
        profile, orientation = image.info.get("icc_profile"), image.getexif().get(0x0112, 1)
    levels = upright(levels, orientation)
    has_alpha = levels.shape[-1] in (2, 4)
    return Picture(levels[..., :-1], levels[..., -1], profile) if has_alpha else Picture(levels, None, profile)


def upright(pixels, orientation):
    """Pixels as the camera was held, from those of a file and its Exif orientation, 1 to 8."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels[::-1] if orientation in (3, 4, 7, 8) else pixels


def check_can_hold(path, picture):
    """Check that a file with this ending can hold a picture as it is.

    Raises:
        ValueError: for an ending that is not written, and for one that would lose bits or alpha.
    """
    suffix = pathlib.Path(path).suffix.lower()
    if suffix not in WRITTEN:
        raise ValueError(f"`out` must end in {', '.join(WRITTEN)}. Received: out={str(path)!r}")
    if picture.values.dtype == np.uint16:
        fits = _PNG if picture.alpha is not None or picture.values.shape[-1] == 3 else (*_PNG, *_TIFF)
        if suffix not in fits:
            raise ValueError(f"`out` must end in {' or '.join(fits)} to keep 16 bits. Received: out={str(path)!r}")
    if picture.alpha is not None and suffix not in _WITH_ALPHA:
        raise ValueError(f"`out` must end in {', '.join(_WITH_ALPHA)} to keep alpha. Received: out={str(path)!r}")


def write_picture(path, picture):
    """Write a picture to a file, whole or not at all; the ending says in which format.

    Raises:
        ValueError: as `check_can_hold`.
        OSError: if it cannot be written.
    """
    check_can_hold(path, picture)
    path, values = pathlib.Path(path), picture.values
    if picture.alpha is not None:
        values = np.concatenate([values, picture.alpha[..., None]], axis=-1)
    with atomic_path(path) as temporary:
        if values.dtype == np.uint16 and path.suffix.lower() in _PNG:
            import tensorflow as tf

            temporary.write_bytes(tf.io.encode_png(values).numpy())
            return
        from PIL import Image

        image = Image.fromarray(values[..., 0] if values.shape[-1] == 1 else values)
        more = {} if picture.profile is None else {"icc_profile": picture.profile}
        image.save(temporary, **more, **_SAVED_WITH.get(path.suffix.lower(), {}))
