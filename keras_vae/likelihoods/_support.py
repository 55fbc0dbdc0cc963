"""Checks of data arrays against a likelihood's support: one message form, no temporary as large as the data."""

import numpy as np

# Elements looked at in one go by the element-wise tests: a few megabytes, and an early way out.
CHUNK = 2**20


def check_values(x, name, owner, support, low=None, high=None, integer=False, hint=None):
    """Return `x` as an array if its values are finite, within the bounds and, if asked, whole numbers.

    Args:
        x: Array of numbers, any shape.
        name: str. Name of the argument, for the message.
        owner: str. Name of the likelihood, for the message.
        support: str. What is wanted, in words.
        low: Smallest value allowed, or None.
        high: Largest value allowed, or None.
        integer: bool. Whether only whole numbers are allowed.
        hint: Callable `(minimum, maximum) -> str` with a remedy for values that are refused, or None.

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
    # A NaN makes both extremes NaN and an infinity is one of them: two passes see everything but fractions.
    minimum, maximum = x.min(), x.max()
    if not (np.isfinite(minimum) and np.isfinite(maximum)):
        found = find_first(x, lambda chunk: ~np.isfinite(chunk))
    elif low is not None and minimum < low:
        found = find_first(x, lambda chunk: chunk < low)
    elif high is not None and maximum > high:
        found = find_first(x, lambda chunk: chunk > high)
    elif integer and x.dtype.kind == "f":
        found = find_first(x, lambda chunk: np.rint(chunk) != chunk)
    else:
        found = None
    if found is None:
        return x
    index, value = found
    advice = hint(minimum, maximum) if hint is not None and np.isfinite(minimum) and np.isfinite(maximum) else ""
    advice = f" {advice}" if advice else ""
    raise ValueError(
        f"`{name}` does not fit the likelihood {owner}, whose values must be {support}.{advice} "
        f"Received: {name} of shape {x.shape}, min={minimum}, max={maximum}, "
        f"first offending value {name}[{', '.join(map(str, index))}]={value}"
    )


def find_first(x, is_bad):
    """Index and value of the first element for which `is_bad` holds, or None.

    Args:
        x: NumPy array, any shape.
        is_bad: Callable from an array to a bool array of its shape. It sees the data in chunks of rows.

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
