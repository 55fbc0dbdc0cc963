"""`split_rows`, the random split of the rows of a data set into two parts."""

from collections.abc import Sequence

import numpy as np

from keras_vae._checks import check_number


def split_rows(n: int, test_fraction: float, seed: int | Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Random split of `n` rows; the same arguments give the same split.

    Args:
        n: int. Number of rows.
        test_fraction: float in [0, 1). Share of the test part. Above 0 each part gets at least one row, if there are
            two or more.
        seed: int, or several, as `numpy.random.default_rng` takes them.

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
