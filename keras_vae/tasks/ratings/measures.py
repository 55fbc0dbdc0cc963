"""How good ranked lists are: recall, NDCG, MAP, coverage, novelty, with their errors over users."""

from typing import NamedTuple

import numpy as np

from keras_vae._checks import check_int

N_BOOTSTRAP = 1000
# Numbers drawn at once for the bootstrap.
CHUNK = 2**24


class ByUser(NamedTuple):
    """Measures of ranked lists, arrays `(n_users,)`, one entry per user with something to find.

    Attributes:
        recall: hits among the first k / items to find (LightGCN's).
        truncated_recall: hits / min(k, items to find) (Liang et al. 2018, eq. 13).
        ndcg: discounted gain of the hits / that of the best list (Liang et al. 2018, eq. 14).
        average_precision: mean over the hits of the precision at their place, times hits / min(k, items to find).
    """

    recall: np.ndarray
    truncated_recall: np.ndarray
    ndcg: np.ndarray
    average_precision: np.ndarray


def measure_lists(ranked, hidden, k):
    """Measures of the first k of every list.

    Args:
        ranked: int array `(n_users, >= k)`, columns of items, best first, no item twice; -1 for no item.
        hidden: SciPy matrix by rows, `(n_users, n_items)`. What is to be found; users without any are left out.
        k: int >= 1.

    Returns:
        `ByUser`.

    Raises:
        ValueError: for a k that is longer than the lists, or lists of another number of users.

    Examples:
        One user, who is to find the items 1 and 3; the list has one of them, at its second place:

        >>> from scipy import sparse
        >>> from keras_vae.tasks.ratings import measure_lists
        >>> found = measure_lists(np.array([[2, 3]]), sparse.csr_matrix([[0, 1, 0, 1]]), k=2)
        >>> float(found.recall[0]), float(found.ndcg[0].round(3))
        (0.5, 0.387)

    References:
        Liang et al. 2018, section 4.2. https://arxiv.org/abs/1802.05814
        He et al. 2020 (LightGCN), section 4.1.2. https://arxiv.org/abs/2002.02126
    """
    if check_int("k", k, 1) > ranked.shape[1]:
        raise ValueError(f"`k` must be at most the length of the lists, {ranked.shape[1]}. Received: k={k}")
    if len(ranked) != hidden.shape[0]:
        raise ValueError(f"`ranked` must have a list per user of {hidden.shape[0]}. Received: {len(ranked)}")
    n_hidden = np.diff(hidden.indptr)
    is_judged = n_hidden > 0
    hits, n_hidden = is_hit(ranked[is_judged, :k], hidden[is_judged]), n_hidden[is_judged]
    n_hits, n_possible = hits.sum(axis=1), np.minimum(n_hidden, k)
    gains = 1.0 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(gains)[n_possible - 1]
    precision = np.cumsum(hits, axis=1) / np.arange(1, k + 1)
    return ByUser(
        n_hits / n_hidden, n_hits / n_possible, hits @ gains / ideal, (precision * hits).sum(axis=1) / n_possible
    )


def is_hit(ranked, hidden):
    """Whether each entry of the lists is an item to find, bool array of their shape."""
    n_items = hidden.shape[1]
    user = np.repeat(np.arange(hidden.shape[0], dtype=np.int64), np.diff(hidden.indptr))
    wanted = user * n_items + hidden.indices
    found = np.arange(len(ranked), dtype=np.int64)[:, None] * n_items + ranked
    return np.isin(found, wanted, kind="sort") & (ranked >= 0)


def coverage(ranked, n_items):
    """Share of all items that stand in at least one list.

    Examples:
        >>> from keras_vae.tasks.ratings import coverage
        >>> coverage(np.array([[0, 1], [1, 2]]), n_items=6)
        0.5
    """
    return float(np.count_nonzero(np.bincount(ranked[ranked >= 0], minlength=n_items)) / n_items)


def novelty(ranked, popularity, n_users):
    """Mean of -log2 of the share of users who have an item, over the lists: bits; higher for less known items.

    Args:
        ranked: int array `(n_users, k)`, -1 for no item.
        popularity: array `(n_items,)`. Number of users of each item; one that has none counts as one.
        n_users: int. All users that the popularity was counted over.

    Examples:
        >>> from keras_vae.tasks.ratings import novelty
        >>> novelty(np.array([[0, 1]]), popularity=np.array([4, 2]), n_users=8)
        1.5

    References:
        Vargas & Castells 2011, eq. 9 (mean self-information). https://doi.org/10.1145/2043932.2043955
    """
    share = np.maximum(popularity, 1) / n_users
    return float(-np.log2(share[ranked[ranked >= 0]]).mean())


def interval(values, confidence=0.95, n_draws=N_BOOTSTRAP, seed=0):
    """Confidence interval of a mean over users, by the bootstrap.

    Args:
        values: array `(n_users,)`.
        confidence: float in (0, 1).
        n_draws: int >= 1. Times that users are drawn anew.
        seed: int >= 0.

    Returns:
        `(low, high)`: floats.

    Examples:
        >>> from keras_vae.tasks.ratings import interval
        >>> low, high = interval(np.random.default_rng(0).random(1000))
        >>> low < 0.5 < high
        True

    References:
        Efron 1979, section 2 (percentile interval). https://doi.org/10.1214/aos/1176344552
    """
    rng, n = np.random.default_rng(seed), len(values)
    step = max(1, CHUNK // n)
    means = [
        values[rng.integers(n, size=(min(step, n_draws - start), n))].mean(axis=1) for start in range(0, n_draws, step)
    ]
    tail = 0.5 * (1.0 - confidence)
    low, high = np.quantile(np.concatenate(means), [tail, 1.0 - tail])
    return float(low), float(high)


def by_activity(values, n_seen, n_groups=4):
    """Means of a measure over groups of users, by how many items were known of them.

    Args:
        values: array `(n_users,)`.
        n_seen: int array `(n_users,)`. Items known.
        n_groups: int >= 1. About equally many users each; fewer groups where many users have the same number.

    Returns:
        list of dicts: `from` and `to`, items known; `n_users`; `mean`.
    """
    edges = np.unique(np.quantile(n_seen, np.linspace(0, 1, n_groups + 1)[1:-1], method="higher"))
    group = np.searchsorted(edges, n_seen, side="right")
    found = []
    for number in np.unique(group):
        mine = group == number
        limits = int(n_seen[mine].min()), int(n_seen[mine].max())
        found.append(
            {"from": limits[0], "to": limits[1], "n_users": int(mine.sum()), "mean": float(values[mine].mean())}
        )
    return found
