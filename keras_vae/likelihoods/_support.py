"""Checks of data against the support of a likelihood, without a temporary array as large as the data."""

from collections.abc import Callable
from typing import Any

import numpy as np

# Elements that an element-wise test sees at a time: a few megabytes, and it can stop early.
CHUNK = 2**20
# Four steps of float32, in which the models compute: a scaler of float64 ends at 1.0000000000000002 for 1.
ROUNDING = 4 * 2.0**-23
# Data in [0, 255] whose largest value is above this are taken for grey values.
GREY_FROM = 16.0


def check_values(
    x: Any,
    name: str,
    owner: str,
    support: str,
    low: float | None = None,
    high: float | None = None,
    integer: bool = False,
    hint: Callable[[float, float], str] | None = None,
) -> np.ndarray:
    """Return `x` as an array if its values are finite, within the bounds and, if asked, whole numbers.

    Values that miss a bound or a whole number by a few roundings of float32 pass as they are.

    Args:
        x: Array of numbers, any shape.
        name, owner: str. Names of the argument and of the likelihood, for the message.
        support: str. The values allowed, in words.
        low, high: Smallest and largest value allowed, or None.
        integer: bool. Whether only whole numbers are allowed.
        hint: Callable `(minimum, maximum) -> str`, advice about values that are refused; or None.

    Returns:
        NumPy array.

    Raises:
        ValueError: if `x` is not numeric, is empty or holds a value that is not allowed.
    """
    x = np.asarray(x)
    if x.dtype.kind not in "buif":
        raise ValueError(f"`{name}` must be an array of real numbers. Received: {name} of dtype {x.dtype}")
    if x.size == 0:
        raise ValueError(f"`{name}` must hold at least one value. Received: {name} of shape {x.shape}")
    # A NaN makes both extremes NaN, and an infinity is one of them: two passes see everything but fractions.
    minimum, maximum = x.min(), x.max()
    found = _first_refused(x, minimum, maximum, low, high, integer)
    if found is None:
        return x
    index, value = found
    advice = f" {hint(minimum, maximum)}".rstrip() if hint is not None and np.isfinite(minimum + maximum) else ""
    raise ValueError(
        f"`{name}` does not fit the likelihood {owner}, whose values must be {support}.{advice} "
        f"Received: {name} of shape {x.shape}, min={minimum}, max={maximum}, "
        f"first offending value {name}[{', '.join(map(str, index))}]={value}"
    )


def _first_refused(x, minimum, maximum, low, high, integer):
    """Index and value of the first element that is not allowed, or None."""
    if not (np.isfinite(minimum) and np.isfinite(maximum)):
        return find_first(x, lambda chunk: ~np.isfinite(chunk))
    if low is not None and minimum < low - _noise(low):
        return find_first(x, lambda chunk: chunk < low - _noise(low))
    if high is not None and maximum > high + _noise(high):
        return find_first(x, lambda chunk: chunk > high + _noise(high))
    if not integer or x.dtype.kind != "f":
        return None
    return find_first(x, lambda chunk: np.abs(np.rint(chunk) - chunk) > _noise(chunk))


def _noise(value):
    """By how much arithmetic may miss a value that float32 does not tell from it, or hardly."""
    return ROUNDING * np.maximum(np.abs(value), 1.0)


def find_first(x: np.ndarray, is_bad: Callable[[np.ndarray], np.ndarray]) -> tuple[tuple[int, ...], Any] | None:
    """Index and value of the first element for which `is_bad` holds, or None.

    Args:
        x: NumPy array, any shape.
        is_bad: Callable from an array to a bool array of the same shape. It sees the data in chunks of rows.

    Returns:
        Tuple `(index, value)`, `index` being a tuple of ints, or None.
    """
    if x.ndim == 0:
        return ((), x[()]) if is_bad(x) else None
    rows = max(1, CHUNK * len(x) // x.size)
    for start in range(0, len(x), rows):
        bad = is_bad(x[start : start + rows])
        if bad.any():
            row, *rest = (int(i) for i in np.unravel_index(np.argmax(bad), bad.shape))
            index = (start + row, *rest)
            return index, x[index]
    return None


def unit_interval_hint(minimum: float, maximum: float, then: str = "") -> str:
    """Advice for values that should lie in [0, 1], by their extremes.

    Args:
        minimum: float. Smallest value.
        maximum: float. Largest value.
        then: str. What else to do with grey values, in words.
    """
    # A grey value of 1 or 2 as the largest of all would be a black image.
    if minimum >= 0 and GREY_FROM < maximum <= 255:
        return f"These look like grey values from 0 to 255: divide by 255{f', {then}' if then else ''}."
    return "Scale them to [0, 1], by the smallest and largest value of the training data for one."
