"""What of the interactions is held out: some items of users, or what came last, or whole users."""

import numpy as np


def hide_items(x, share, seed, rows=None):
    """Take a share of the items of every user away, at least one, and never all.

    Args:
        x: SciPy matrix by rows.
        share: float in (0, 1).
        seed: int or list of int.
        rows: bool array `(n_users,)`, the users that give items up; None for all. Of one item none is taken.

    Returns:
        `(kept, hidden)`: matrices of the shape of `x`, whose sum it is.
    """
    n_items = np.diff(x.indptr)
    n_hidden = np.where(n_items > 1, np.clip(np.rint(share * n_items).astype(int), 1, np.maximum(1, n_items - 1)), 0)
    if rows is not None:
        n_hidden = np.where(rows, n_hidden, 0)
    user = np.repeat(np.arange(x.shape[0]), n_items)
    # A random place for every item among those of its user.
    order = np.lexsort((np.random.default_rng(seed).random(x.nnz), user))
    place = np.empty(x.nnz, np.int64)
    place[order] = np.arange(x.nnz) - np.repeat(x.indptr[:-1], n_items)
    return apart(x, place < n_hidden[user])


def apart(x, is_hidden):
    """A matrix in two, by a bool for each of its entries in order: `(kept, hidden)`."""
    from scipy import sparse

    def part(mask):
        begins = np.concatenate([[0], np.cumsum(mask)])[x.indptr]
        return sparse.csr_matrix((x.data[mask], x.indices[mask], begins), shape=x.shape)

    return part(~is_hidden), part(is_hidden)


def users_apart(x, share, seed):
    """Whole users held out: strong generalisation, for those who were never seen in training.

    Args:
        x: SciPy matrix by rows.
        share: float in (0, 1).
        seed: int or list of int.

    Returns:
        `(train, held_out)`: arrays of numbers of rows, each in order.
    """
    order = np.random.default_rng(seed).permutation(x.shape[0])
    n = max(1, round(share * x.shape[0]))
    return np.sort(order[n:]), np.sort(order[:n])


def time_cut(times, share):
    """The moment after which the last share of all interactions lies: `(moment, is_after)`, the latter by interaction.

    Args:
        times: float array.
        share: float in (0, 1).
    """
    moment = float(np.quantile(times, 1.0 - share))
    return moment, times > moment
