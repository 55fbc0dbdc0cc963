"""What a source can be read as, by name, for the shell, whose help does not wait for NumPy."""

import numbers
from collections.abc import Iterable, Mapping

from keras_vae._checks import check_int

KINDS = ("image", "table", "sequence", "text")
FITS = ("stretch", "crop", "pad")
IMPUTES = ("median", "drop")
COLUMN_KINDS = ("real", "count", "binary", "category")


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


def check_column_kinds(name: str, kinds: Mapping[str, str] | Iterable[tuple[str, str]]) -> dict[str, str]:
    """Kinds of columns, by the names of the columns, as a dict.

    Args:
        name: str. Name of the argument, for the message.
        kinds: dict, or pairs, from names of columns to `COLUMN_KINDS`.

    Raises:
        ValueError: if it is no such dict, or there is no such kind.
    """
    try:
        checked = dict(kinds)
    except (TypeError, ValueError):
        checked = {None: None}
    if not all(isinstance(column, str) for column in checked):
        raise ValueError(f"`{name}` must be a dict from names of columns to kinds. Received: {name}={kinds!r}")
    for column, kind in checked.items():
        if kind not in COLUMN_KINDS:
            raise ValueError(f"`{name}` must be one of {', '.join(COLUMN_KINDS)} for {column!r}. Received: {kind!r}")
    return checked
