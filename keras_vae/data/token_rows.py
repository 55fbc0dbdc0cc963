"""Tokens as one array of rows, padded with 0 on the right, and the check of tokens that come from outside."""

from typing import Any

import numpy as np


def padded_rows(flat: np.ndarray, lengths: np.ndarray, width: int | None = None) -> np.ndarray:
    """Rows of different lengths as one array.

    Args:
        flat: Array, shape `(sum of lengths,)`. The tokens of all rows end to end.
        lengths: Array, shape `(n,)`. Number of tokens of each row.
        width: int or None. Number of columns; None for the length of the longest row.

    Returns:
        Array, shape `(n, width)`, int32, 0 behind the end of a row.

    Raises:
        ValueError: if a row is longer than `width`.
    """
    lengths = np.asarray(lengths, np.int64)
    longest = int(lengths.max(initial=0))
    width = longest if width is None else width
    if longest > width:
        raise ValueError(f"`width` must be at least {longest}, the tokens of the longest row. Received: width={width}")
    rows = np.zeros((len(lengths), width), np.int32)
    rows[np.arange(width) < lengths[:, np.newaxis]] = flat
    return rows


def check_ids(ids: Any, n_tokens: int | None = None, name: str = "ids") -> np.ndarray:
    """Tokens as one array of rows.

    Args:
        ids: Array or tensor of whole numbers, shape `(n, steps)`, or a list of such rows of different lengths.
        n_tokens: int or None. One more than the largest token; None if that is not known.
        name: str. Name of the argument, for the message.

    Returns:
        Array, shape `(n, steps)`, int32; shorter rows padded with 0.

    Raises:
        ValueError: if they are no rows of whole numbers, or a number is below 0 or not below `n_tokens`.
    """
    return padded_rows(*flat_ids(ids, n_tokens, name))


def flat_ids(ids: Any, n_tokens: int | None = None, name: str = "ids") -> tuple[np.ndarray, np.ndarray]:
    """Tokens of all rows end to end, int32, and the length of each row, int64; otherwise as `check_ids`."""
    if isinstance(ids, (list, tuple)):
        rows = [np.asarray(row) for row in ids]
        # A sentence without tokens is an empty list, which NumPy takes for one of floats.
        rows = [row if row.size else row.astype(np.int64) for row in rows]
        wrong = next((row for row in rows if row.ndim != 1 or row.dtype.kind not in "iu"), None)
        if wrong is not None:
            _raise_no_rows(name, f"a row of {wrong.dtype} and shape {wrong.shape}")
        flat, lengths = np.concatenate([np.zeros(0, np.int64), *rows]), [len(row) for row in rows]
    else:
        array = np.asarray(ids)
        if array.ndim != 2 or array.dtype.kind not in "iu":
            _raise_no_rows(name, f"{array.dtype} of shape {array.shape}")
        flat, lengths = array.reshape(-1), np.full(*array.shape)
    lowest, highest = int(flat.min(initial=0)), int(flat.max(initial=0))
    largest = np.iinfo(np.int32).max if n_tokens is None else n_tokens - 1
    if lowest < 0 or highest > largest:
        raise ValueError(
            f"`{name}` must be tokens from 0 to {largest}. Received: {lowest if lowest < 0 else highest}; "
            f"were they made by another tokenizer?"
        )
    return flat.astype(np.int32), np.asarray(lengths, np.int64)


def without_padding(flat: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows of `flat_ids` without the zeros at their ends; a row of zeros alone has the length 0.

    Returns:
        (flat, lengths): arrays of the same types.
    """
    place = np.arange(len(flat)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    kept = np.zeros_like(lengths)
    np.maximum.at(kept, np.repeat(np.arange(len(lengths)), lengths), np.where(flat != 0, place + 1, 0))
    return flat[place < np.repeat(kept, lengths)], kept


def _raise_no_rows(name, received):
    raise ValueError(
        f"`{name}` must be rows of whole numbers, shape (n, steps), or a list of such rows. Received: {received}"
    )
