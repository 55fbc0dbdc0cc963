"""What users have chosen, read for a recommender that is trained already: rows of the items that it knows."""

from typing import Any, NamedTuple

import numpy as np

from keras_vae.tasks.ratings.make_interactions import that_count
from keras_vae.tasks.ratings.read_interactions import read_log


class UserItems(NamedTuple):
    """Users and their rows.

    Attributes:
        users: str array `(n,)`, in the order in which they come.
        rows: SciPy matrix by rows, `(n, n_items)`, of 0 and 1.
        unknown: list of str. Items that the recommender does not know; they are passed over.
    """

    users: np.ndarray
    rows: Any
    unknown: list


def read_user_items(source, reading, ids):
    """The items of users in a log.

    Args:
        source: as `read_log` takes it.
        reading: dict of the settings in `settings.READING`: columns and threshold.
        ids: `ItemIds`.

    Returns:
        `UserItems`.

    Raises:
        ValueError, FileNotFoundError: as `read_log`, or for a log without an interaction.
    """
    from scipy import sparse

    log = read_log(source, reading)
    counts = that_count(log, reading, [])
    users, first = np.unique(log.users, return_index=True)
    if not len(users):
        raise ValueError(f"{log.name} must hold at least one interaction. Received: none")
    users = users[np.argsort(first)]
    in_order = np.argsort(users)
    row = in_order[np.searchsorted(users, log.users[counts], sorter=in_order)]
    # Each item once, however often it was chosen.
    items, place = np.unique(log.items[counts], return_inverse=True)
    columns = np.array([ids.column_of.get(item, -1) for item in items.tolist()], np.int64)
    unknown, column = items[columns < 0].tolist(), columns[place]
    row, column = row[column >= 0], column[column >= 0]
    x = sparse.csr_matrix((np.ones(len(row), np.float32), (row, column)), shape=(len(users), ids.n_items))
    x.data[:] = 1.0
    return UserItems(users, x, unknown)
