"""What the values of arrays are (bytes, black and white, tokens, numbers), and their conversion to what is held."""

import pathlib

import numpy as np

from keras_vae.data.reading import ReadAs

# Whole numbers below this in a sequence number the characters or words of a vocabulary.
MAX_TOKENS = 5000
# From here on float32 has no place for every whole number.
EXACT = 2**24
# One of these says how the values of a source are held; a later file is then held in the same way.
VALUES = ("bytes", "black and white", "16 bits", "tokens", "unit", "signed", "numbers")
BYTES_OF = {"bytes", "black and white", "16 bits"}


def is_whole(parts: dict[str, np.ndarray]) -> bool:
    """Whether all values are whole numbers, whatever their type."""
    for x in parts.values():
        if x.dtype.kind == "f":
            # Most arrays of real numbers are known by their first rows.
            if not np.array_equal(x[:1], np.round(x[:1])):
                return False
            if not np.array_equal(x, np.round(x)):
                return False
    return True


def range_of(parts: dict[str, np.ndarray]) -> tuple[float, float]:
    """Smallest and largest value over all parts."""
    return float(min(x.min() for x in parts.values())), float(max(x.max() for x in parts.values()))


def values_of_images(parts: dict[str, np.ndarray]) -> str:
    """Which of `VALUES` the pixels of images are."""
    (lowest, highest), first = range_of(parts), next(iter(parts.values()))
    if first.dtype.kind != "f":
        if first.dtype == np.uint16 and highest > 255:
            return "16 bits"
        return "black and white" if lowest >= 0 and highest == 1 else "bytes"
    if lowest >= 0 and highest <= 1:
        return "unit"
    if lowest >= -1 and highest <= 1:
        return "signed"
    return "bytes" if lowest >= 0 and highest <= 255 and is_whole(parts) else "numbers"


def hold(
    parts: dict[str, np.ndarray], values: str, source: str | pathlib.Path
) -> tuple[dict[str, np.ndarray], list[ReadAs]]:
    """Convert arrays to uint8, int32 or float32.

    Args:
        parts: dict name -> array of numbers.
        values: one of `VALUES`.
        source: Path or str, for the messages.

    Returns:
        (parts, report): the arrays under the same names; lines about values that were changed.

    Raises:
        ValueError: for values outside 0 to 255 that should be bytes, for others than whole numbers below 5,000 that
            should be tokens, for NaN, inf and values too large for float32.
    """
    if values in BYTES_OF:
        return _as_bytes(parts, values, source)
    if values == "tokens":
        _check_range(parts, MAX_TOKENS - 1, f"tokens of {source} must be whole numbers 0 to {MAX_TOKENS - 1}")
        return {name: x.astype(np.int32) for name, x in parts.items()}, []
    if values == "unit" and next(iter(parts.values())).dtype == np.uint8 and range_of(parts)[1] > 1:
        line = ReadAs("values 0 to 255", "divided by 255, as the values of the first data were in [0, 1]")
        return {name: x.astype(np.float32) / np.float32(255) for name, x in parts.items()}, [line]
    report = []
    if max(map(abs, range_of(parts))) > EXACT and is_whole(parts):
        report = [ReadAs("whole numbers", f"beyond {EXACT:,}: float32 keeps their first 7 digits")]
    return {name: as_float32(name, x, source) for name, x in parts.items()}, report


def as_float32(name: str, x: np.ndarray, source: str | pathlib.Path) -> np.ndarray:
    """An array as float32, in the memory of the array where it is float32 already.

    Raises:
        ValueError: if it holds NaN, inf or values too large for float32.
    """
    with np.errstate(over="ignore"):
        x = np.ascontiguousarray(x, dtype=np.float32)
    # If any value is NaN or infinite, so is one of the extremes: this test makes no second array.
    if not (np.isfinite(x.min()) and np.isfinite(x.max())):
        row = int(np.argwhere(~np.isfinite(x))[0, 0])
        raise ValueError(
            f"`{name}` of {source} must hold finite float32 numbers. Received: NaN or inf, first in row {row}"
        )
    return x


def _as_bytes(parts, values, source):
    first = next(iter(parts.values()))
    if values == "16 bits" and first.dtype.itemsize == 1:
        values = "bytes"
    if (
        values == "black and white"
        and range_of(parts)[1] == 255
        and all(np.isin(x, (0, 255)).all() for x in parts.values())
    ):
        values = "bytes"
    if values == "16 bits":
        # 65,535 is 255 times 257: the brightest of both scales are the same.
        held = {name: np.round(x / np.float32(257)).astype(np.uint8) for name, x in parts.items()}
        return held, [ReadAs("values of 16 bits", "scaled to 8 bits: divided by 257, 0 to 255")]
    _check_range(
        parts,
        255,
        f"integer images of {source} must hold values 0 to 255; save other data as float or as a table of rank 2, or "
        f'read them as a sequence (kind="sequence")',
    )
    held = {name: np.ascontiguousarray(x, dtype=np.uint8) for name, x in parts.items()}
    if values == "black and white":
        _check_range(parts, 1, f"black and white images of {source} must hold 0 and 1")
        line = ReadAs("values 0 and 1", "black and white: values 0 and 1 are held as 0 and 255")
        return {name: x * np.uint8(255) for name, x in held.items()}, [line]
    if first.dtype.kind == "f":
        return held, [ReadAs("float values", "whole numbers 0 to 255: held as 8 bits")]
    return held, []


def _check_range(parts, highest, wanted):
    low, high = range_of(parts)
    if not (low >= 0 and high <= highest and is_whole(parts)):
        raise ValueError(f"{wanted}. Received: values {low:.6g} to {high:.6g}")
