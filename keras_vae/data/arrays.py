"""Conversion of the arrays of a file to examples and labels in the form that `Dataset` holds."""

import pathlib

import numpy as np

from keras_vae._checks import check_number


def split_rows(n: int, test_fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Random split of `n` rows; the same arguments give the same split.

    Args:
        n: int. Number of rows.
        test_fraction: float in [0, 1). Share of the test part. Above 0 each part gets at least one row, if there are
            two or more.
        seed: int.

    Returns:
        (train, test): two arrays of row numbers, each ascending; together they hold 0 to n - 1.

    Raises:
        ValueError: if `test_fraction` is not in [0, 1).
    """
    check_number("test_fraction", test_fraction, minimum=0, maximum=1)
    if test_fraction == 1:
        raise ValueError("`test_fraction` must be < 1, or nothing is left to train on. Received: test_fraction=1")
    n_test = min(max(1, round(n * test_fraction)), n - 1) if test_fraction > 0 else 0
    order = np.random.default_rng(seed).permutation(n)
    return np.sort(order[n_test:]), np.sort(order[:n_test])


def as_examples(parts: dict[str, np.ndarray], source: str | pathlib.Path) -> tuple[dict[str, np.ndarray], str, str]:
    """Decide what kind of data the arrays of one file are, and convert them to the form that `Dataset` holds.

    | array | becomes |
    | --- | --- |
    | rank 2 | table, float32 as it comes |
    | rank 3, integers 0 to 255 | images `(n, height, width, 1)`, uint8 |
    | rank 4, integers 0 to 255 | images, uint8 |
    | rank 3, float | sequences `(n, time, features)`, float32 |
    | rank 4, float | images, float32 in the range they come in |

    Integer or boolean images that hold only 0 and 1 are black and white: they become 0 and 255.

    Args:
        parts: dict name -> array; the parts of one data set, which may differ in their length alone.
        source: Path or str, for the messages.

    Returns:
        (parts, kind, note): dict of arrays under the same names; `"image"`, `"table"` or `"sequence"`; and a note if
            values were changed, else "".

    Raises:
        ValueError: for arrays that are empty, not numeric, not finite, of another rank or of different event shapes,
            for integer images outside 0 to 255 and for images with the channel axis first.
    """
    for name, x in parts.items():
        _check_numbers(name, x, source)
    (first_name, first), *rest = parts.items()
    for name, x in rest:
        if x.shape[1:] != first.shape[1:] or (x.dtype.kind == "f") != (first.dtype.kind == "f"):
            raise ValueError(
                f"`{first_name}` and `{name}` of {source} must hold examples of one shape and kind. "
                f"Received: {first.dtype}{first.shape} and {x.dtype}{x.shape}"
            )
    if first.ndim == 4 and first.shape[1] in (1, 3) and first.shape[3] > 4:
        raise ValueError(
            f"`{first_name}` of {source} looks like images with the channel axis first; put it last with "
            f"np.moveaxis(x, 1, -1). Received: shape {first.shape}"
        )
    if first.ndim == 2:
        return {name: _as_float32(name, x, source) for name, x in parts.items()}, "table", ""
    if first.dtype.kind == "f":
        kind = "sequence" if first.ndim == 3 else "image"
        return {name: _as_float32(name, x, source) for name, x in parts.items()}, kind, ""
    return _as_grey(parts, source)


def as_labels(
    parts: dict[str, np.ndarray], source: str | pathlib.Path
) -> tuple[dict[str, np.ndarray], tuple[str, ...] | None]:
    """Labels of one data set as int64; names are numbered in alphabetical order over all parts.

    Args:
        parts: dict name -> array, shape `(n,)` or `(n, 1)`: whole numbers or text.
        source: Path or str, for the messages.

    Returns:
        (parts, class_names): dict of int64 arrays, shape `(n,)`; tuple of str, or None if the labels were numbers.

    Raises:
        ValueError: if an array has another rank, or holds anything but whole numbers or text.
    """
    if not parts:
        return {}, None
    flat = {}
    for name, y in parts.items():
        if y.ndim != 1 and not (y.ndim == 2 and y.shape[1] == 1):
            raise ValueError(f"`{name}` of {source} must have shape (n,), one label per row. Received: shape {y.shape}")
        flat[name] = y.reshape(-1)
    if all(y.dtype.kind in "US" for y in flat.values()):
        flat = {name: y.astype(str) for name, y in flat.items()}
        class_names = np.unique(np.concatenate(list(flat.values())))
        return {name: np.searchsorted(class_names, y) for name, y in flat.items()}, tuple(class_names.tolist())
    for name, y in flat.items():
        whole = y.dtype.kind in "bui" or (y.dtype.kind == "f" and bool(np.all(np.isfinite(y) & (y == np.round(y)))))
        if not whole:
            raise ValueError(f"`{name}` of {source} must hold whole numbers or names. Received: dtype {y.dtype}")
    return {name: y.astype(np.int64) for name, y in flat.items()}, None


def _check_numbers(name, x, source):
    if x.dtype.kind not in "buif":
        raise ValueError(f"`{name}` of {source} must be an array of numbers. Received: dtype {x.dtype}")
    if x.size == 0:
        raise ValueError(f"`{name}` of {source} is empty. Received: shape {x.shape}")
    if not 2 <= x.ndim <= 4:
        raise ValueError(
            f"`{name}` of {source} must have rank 2 (table), 3 (grey images or sequences) or 4 (images), with the "
            f"examples along the first axis. Received: shape {x.shape}"
        )


def _as_float32(name, x, source):
    with np.errstate(over="ignore"):
        x = np.ascontiguousarray(x, dtype=np.float32)
    # If any value is NaN or infinite, so is one of the extremes: this test makes no second array.
    if not (np.isfinite(x.min()) and np.isfinite(x.max())):
        row = int(np.argwhere(~np.isfinite(x))[0, 0])
        raise ValueError(
            f"`{name}` of {source} must hold finite float32 numbers. Received: NaN or inf, first in row {row}"
        )
    return x


def _as_grey(parts, source):
    highest = max(int(x.max()) for x in parts.values())
    lowest = min(int(x.min()) for x in parts.values())
    if lowest < 0 or highest > 255:
        raise ValueError(
            f"integer images of {source} must hold values 0 to 255; save other data as float or as a table of rank 2. "
            f"Received: values {lowest} to {highest}"
        )
    black_and_white = highest == 1
    grey = {}
    for name, x in parts.items():
        x = np.ascontiguousarray(x, dtype=np.uint8)
        x = x * np.uint8(255) if black_and_white else x
        grey[name] = x[..., np.newaxis] if x.ndim == 3 else x
    return grey, "image", "values 0 and 1 are held as 0 and 255" if black_and_white else ""
