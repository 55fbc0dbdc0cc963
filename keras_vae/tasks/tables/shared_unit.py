"""Whether the columns of a table are numbers in one unit, such as the pixels of images."""

import numpy as np

# Fewer columns say little about each other.
MIN_COLUMNS = 8
MIN_SHARE = 0.5
NUMBERS = ("real", "count", "binary")


def share_a_unit(columns, x):
    """Whether numbers of all columns mean the same, so that one scale is right for all of them.

    It is so where there are eight columns or more, all of whole numbers from 0 on without a name for their unit or
    words, and at least half of those that vary reach from 0 to the same largest number, above 1, which none exceeds.

    Args:
        columns: `TableColumns`.
        x: array `(n, n_columns)`, as `columns.encode` gives it.

    Returns:
        bool.
    """
    of_numbers = all(c.kind in NUMBERS and not (c.unit or c.words or c.values) for c in columns.columns)
    if x.shape[1] < MIN_COLUMNS or not of_numbers or np.isnan(x).all(axis=0).any():
        return False
    lowest, highest = np.nanmin(x, axis=0), np.nanmax(x, axis=0)
    whole = np.all((x == np.floor(x)) | np.isnan(x))
    if not whole or lowest.min() < 0 or highest.max() <= 1:
        return False
    varies = highest > lowest
    full = (lowest == 0) & (highest == highest.max())
    return bool(full[varies].mean() >= MIN_SHARE)
