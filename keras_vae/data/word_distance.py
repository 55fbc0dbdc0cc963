"""How many words apart two texts are."""

from typing import Any

import numpy as np

from keras_vae._token_ids import END_ID
from keras_vae.data.token_rows import check_ids


def word_distance(a: Any, b: Any) -> np.ndarray:
    """The fewest words that must be put in, left out or replaced to make one text of another, for many pairs at once.

    Args:
        a, b: rows of tokens `(n, steps)`, padded with 0; the number of steps may differ. Ends do not count.

    Returns:
        int array `(n,)`.

    Raises:
        ValueError: if they are not as many rows of tokens.

    Examples:
        >>> kv.data.word_distance([[4, 5, 6, 3]], [[4, 6, 3, 0]])
        array([1])

    References:
        Wagner & Fischer 1974, algorithm X.
    """
    a, b = (np.where(rows == END_ID, 0, rows) for rows in (check_ids(a, name="a"), check_ids(b, name="b")))
    if len(a) != len(b):
        raise ValueError(f"`a` and `b` must be as many rows. Received: {len(a)} and {len(b)}")
    places = np.arange(b.shape[1] + 1)
    of_b = np.count_nonzero(b, axis=1)
    # Distance of what was read of a to every beginning of b.
    row = np.repeat(places[None], len(a), axis=0)
    for token in a.T:
        replaced = row[:, :-1] + (b != token[:, None])
        new = np.concatenate([row[:, :1] + 1, np.minimum(replaced, row[:, 1:] + 1)], axis=1)
        # A word of b put in costs one more than the beginning before it: a running minimum.
        new = np.minimum.accumulate(new - places, axis=1) + places
        row = np.where((token != 0)[:, None], new, row)
    return row[np.arange(len(a)), of_b]
