"""What a source can be read as, by name, for the shell, whose help does not wait for NumPy."""

import numbers
from collections.abc import Iterable

from keras_vae._checks import check_int

KINDS = ("image", "table", "sequence")
FITS = ("stretch", "crop", "pad")
IMPUTES = ("median", "drop")


def check_image_size(name: str, size: int | tuple[int, int] | None) -> tuple[int, int] | None:
    """An image size as (height, width), or None.

    Raises:
        ValueError: if it is neither a whole number >= 1 nor a pair of them.
    """
    if size is None:
        return None
    if isinstance(size, numbers.Integral):
        size = (size, size)
    if not isinstance(size, Iterable) or isinstance(size, str) or len(tuple(size)) != 2:
        raise ValueError(f"`{name}` must be a number or (height, width). Received: {name}={size!r}")
    return tuple(check_int(name, side, 1) for side in size)
