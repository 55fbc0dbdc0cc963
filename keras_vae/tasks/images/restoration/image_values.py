"""Images as they are passed: one or many, of any type and size; as float32 in 0..1 with channels, and back again."""

from typing import Any, NamedTuple

import numpy as np

# Values of floats above this are not 0..1 with noise.
MAX_NOISY = 10.0


class Form(NamedTuple):
    """How images were passed, by which results are given back in the same way.

    Attributes:
        kind: "one" image, an "array" of them, or a "list".
        has_channels: bool. Whether they had an axis of channels.
        dtype: NumPy type: results are of it; float32 for floats.
    """

    kind: str
    has_channels: bool
    dtype: Any

    def given(self, images, scaled=True):
        """Images in the form of those that were passed.

        Args:
            images: list of float32 arrays `(..., height, width, channels)` in 0..1.
            scaled: bool. Whether they have the type of those that were passed; else float32 in 0..1.
        """
        dtype = self.dtype if scaled else np.float32
        images = [from_unit(x if self.has_channels else x[..., 0], dtype) for x in images]
        if self.kind == "one":
            return images[0]
        return images if self.kind == "list" else np.stack(images, images[0].ndim - (3 if self.has_channels else 2))


def to_unit(x, name="images", takes_holes=False, takes_noise=True):
    """Values as float32 in 0..1: whole numbers by the range of their type, bool as 0 and 1, floats as they are.

    Args:
        x: array.
        name: str. For messages.
        takes_holes: bool. Whether NaN may stand for a missing value.
        takes_noise: bool. Whether floats may lie outside of 0..1.

    Raises:
        ValueError: for other types, values that are not finite, and floats that are not on the scale 0..1.
    """
    x = np.asarray(x)
    if x.dtype == bool:
        return x.astype(np.float32)
    if x.dtype.kind == "u":
        return (x / np.float32(np.iinfo(x.dtype).max)).astype(np.float32)
    if x.dtype.kind == "i":
        return _whole_to_unit(x, name)
    if x.dtype.kind != "f":
        raise ValueError(f"`{name}` must be numbers. Received: dtype {x.dtype}")
    given, x = x.dtype, x.astype(np.float32)
    bad = np.isinf(x) if takes_holes else ~np.isfinite(x)
    if bad.any():
        hint = "" if takes_holes else " (missing pixels are for an Inpainter)" * bool(np.isnan(x).any())
        raise ValueError(f"`{name}` must be finite numbers{hint}. Received: NaN or inf")
    low, high = (float(f(x)) if np.isfinite(x).any() else 0.0 for f in (np.nanmin, np.nanmax))
    lowest, highest = (-MAX_NOISY, MAX_NOISY) if takes_noise else (0.0, 1.0)
    if low < lowest or high > highest:
        raise ValueError(
            f"`{name}` must be uint8, or floats in 0..1: divide grey values of 0 to 255 by 255. "
            f"Received: {given} from {low:g} to {high:g}"
        )
    return x


def check_levels(x, name="images"):
    """Refuse whole numbers that are all 0 or 1: images of two values, which as levels of 8 bits would all be black.

    Raises:
        ValueError: for such an array.
    """
    if x.dtype.kind in "ui" and x.size and x.max() == 1:
        raise ValueError(
            f"`{name}` of whole numbers must be levels from 0 to 255, or to 65535. Received: only 0 and 1, which are "
            "binary already; pass x.astype('float32')"
        )


def _whole_to_unit(x, name):
    """Signed whole numbers: those of 8 bits in another type."""
    if x.min() < 0 or x.max() > 255:
        raise ValueError(
            f"`{name}` of whole numbers must be uint8 or uint16. Received: {x.dtype} from {x.min()} to {x.max()}"
        )
    return (x / np.float32(255)).astype(np.float32)


def from_unit(x, dtype):
    """Float32 values, cut to 0..1, in a type: the inverse of `to_unit`."""
    x, dtype = np.clip(x, 0.0, 1.0), np.dtype(dtype)
    if dtype.kind in "fb":
        return x.astype(np.float32)
    highest = np.iinfo(dtype).max if dtype.kind == "u" else 255
    return np.round(x.astype(np.float64) * highest).astype(dtype)


def as_images(images, channels, name="images", takes_holes=False, in_list=False):
    """What was passed as a list of float32 arrays `(height, width, channels)`, and its `Form`.

    Args:
        images: array `(n, height, width)` or `(n, height, width, channels)`; one image, `(height, width)`, or
            `(height, width, channels)` for colours; or a list of images of any sizes.
        channels: int. Channels that they must have.
        name, takes_holes: as in `to_unit`.
        in_list: bool. Whether it is one of a list, where grey images may have an axis of channels too.

    Raises:
        ValueError: for other shapes, no images, or as `to_unit`.
    """
    if isinstance(images, (list, tuple)):
        if not images:
            raise ValueError(f"`{name}` must hold at least one image. Received: none")
        of_each = [as_images(one, channels, name, takes_holes, in_list=True) for one in images]
        if any(len(found) != 1 for found, _ in of_each):
            raise ValueError(f"`{name}` as a list must hold single images. Received: an array of several among them")
        first = of_each[0][1]
        return [found[0] for found, _ in of_each], first._replace(kind="list")
    values = np.asarray(images)
    shape = values.shape
    if values.size == 0 or not 2 <= values.ndim <= 4:
        raise ValueError(f"`{name}` must have shape (n, height, width, {channels}). Received: {shape}")
    is_one = values.ndim == 3 and shape[-1] == channels and (channels > 1 or in_list)
    if not in_list:
        check_levels(values, name)  # Of a list each may be a dark one.
    form = Form("one" if values.ndim == 2 or is_one else "array", values.ndim == 4 or is_one, values.dtype)
    x = values if form.has_channels else values[..., None]
    x = x[None] if form.kind == "one" else x
    if x.shape[-1] != channels:
        raise ValueError(f"`{name}` must have {channels} channel(s). Received: shape {shape}")
    return list(to_unit(x, name, takes_holes)), form
