"""Checks of arrays that are to be compressed: whole numbers, of which every bit can come back."""

import math

import numpy as np

# Elements that are looked at together.
CHUNK = 2**20


def check_array(x, event_shape):
    """The array, if it is one of numbers whose rows have the shape of a model's examples.

    Args:
        x: array-like `(n, *event_shape)`; a last axis of length 1 may be missing, or be one too many.
        event_shape: tuple of int.

    Returns:
        NumPy array.

    Raises:
        ValueError: if it is not.
    """
    x = as_array(x)
    if x.dtype.kind not in "buif" or x.dtype.itemsize > 8:
        raise ValueError(
            f"`x` must be an array of booleans, integers or floats of at most 64 bits. Received: x of dtype {x.dtype}"
        )
    if x.ndim < 1 or not fits(x.shape[1:], event_shape):
        wanted = ", ".join(["n", *map(str, event_shape)])
        raise ValueError(f"`x` must have the shape ({wanted}), as the model has it. Received: x of shape {x.shape}")
    return x


def as_array(x):
    """An array-like as an array of which nothing is lost.

    Raises:
        ValueError: for a frame, whose names would not come back, and for an array with masked values, whose mask would
            not.
    """
    if isinstance(x, np.ndarray):
        if np.ma.is_masked(x):
            raise ValueError("`x` must be an array without masked values: the mask would be lost. Received: a mask")
        return np.asarray(x)
    if hasattr(x, "columns") and hasattr(x, "to_numpy"):
        raise ValueError(
            "`x` must be an array: the names and types of columns would be lost; pass `x.to_numpy()`. "
            f"Received: {type(x).__name__}"
        )
    return np.asarray(x)


def fits(shape, event_shape):
    """Whether examples of one shape can be those of another: but for a last axis of length 1 they are the same."""
    pair = [tuple(s[:-1] if len(s) > 1 and s[-1] == 1 else s) for s in (shape, event_shape)]
    return pair[0] == pair[1]


def check_whole_numbers(x, levels):
    """Check that all values can be coded.

    Args:
        x: array `(n, ...)` of dtype bool, int, uint or float.
        levels: int. Values must be 0 to levels - 1; None for counts below 2^31.

    Raises:
        ValueError: with the first value that cannot, and where it is.
    """
    highest = (2**31 if levels is None else levels) - 1
    n_rows = max(1, CHUNK // max(1, math.prod(x.shape[1:])))
    for start in range(0, len(x), n_rows):
        chunk = x[start : start + n_rows]
        wrong = ~((chunk >= 0) & (chunk <= highest))
        if x.dtype.kind == "f":
            # Minus zero is a zero whose sign would be lost.
            wrong |= (chunk != np.floor(chunk)) | ((chunk == 0) & np.signbit(chunk))
        if wrong.any():
            row, *place = (int(i) for i in np.argwhere(wrong)[0])
            value = chunk[(row, *place)]
            where = ", ".join(map(str, (row + start, *place)))
            raise ValueError(
                f"`x` must hold whole numbers from 0 to {highest}, as the model has them. "
                f"Received: x[{where}] = {value}"
            )
