"""A log of interactions as rows of users: what counts, who is left out, what is held out for the test."""

import warnings
from typing import NamedTuple

import numpy as np

from keras_vae.data.reading import ReadAs
from keras_vae.tasks.ratings.interactions import Held, Interactions, as_interactions, values_of_matrix
from keras_vae.tasks.ratings.splits import apart, hide_items, time_cut, users_apart
from keras_vae.tasks.ratings.times import in_words

STARS = 5.0
LIKED = 4.0
TEST_STREAM = 3


def make_interactions(log, reading, seed, splits=True):
    """The interactions of a log in parts.

    Args:
        log: `InteractionLog`.
        reading: dict with `threshold`, `min_user_items`, `min_item_users`, `split` and `test_share`.
        seed: int.
        splits: bool. Whether a test part is split off.

    Returns:
        `Interactions`.

    Raises:
        ValueError: for a log of nothing, or of no user with enough items; for a split by time without times.
    """
    if not len(log.users):
        raise ValueError(f"{log.name} must hold at least one interaction. Received: none")
    report = list(log.report)
    users, items, pairs = _pairs(log, that_count(log, reading, report), report)
    is_left = _frequent(pairs.user, pairs.item, reading["min_user_items"], reading["min_item_users"])
    if not is_left.any():
        raise ValueError(
            f"{log.name} must hold a user with {reading['min_user_items']} items that count (--min-user-items, "
            f"--min-item-users, --threshold). Received: none among {len(users)} users"
        )
    if not is_left.all():
        report.append(ReadAs("left out for too few", f"{int((~is_left).sum())} interactions", "--min-user-items 1"))
    pairs = pairs.only(is_left)
    kept_users, user = np.unique(pairs.user, return_inverse=True)
    kept_items, item = np.unique(pairs.item, return_inverse=True)
    x = _matrix(user, item, (len(kept_users), len(kept_items)))
    has_test = splits and reading["test_share"]
    parts = _split(log.name, x, pairs.times, reading, seed, report) if has_test else {"train": x}
    named = {"users": users[kept_users][parts.pop("rows", slice(None))], "items": items[kept_items]}
    return Interactions(log.name, parts["train"], parts.get("test"), **named, report=tuple(report))


class _Pairs(NamedTuple):
    """Users and items by number, sorted, no pair twice; their times, or None."""

    user: np.ndarray
    item: np.ndarray
    times: np.ndarray | None

    def only(self, mask):
        return _Pairs(self.user[mask], self.item[mask], None if self.times is None else self.times[mask])


def _pairs(log, counts, report):
    """Names of users and of items, and the pairs of them; of a pair that comes again the first time counts."""
    users, user = np.unique(log.users[counts], return_inverse=True)
    items, item = np.unique(log.items[counts], return_inverse=True)
    times = None if log.times is None else log.times[counts]
    order = np.lexsort((np.zeros(len(user)) if times is None else times, item, user))
    pairs = _Pairs(user, item, times).only(order)
    is_new = np.ones(len(user), bool)
    is_new[1:] = (np.diff(pairs.user) != 0) | (np.diff(pairs.item) != 0)
    if not is_new.all():
        report.append(ReadAs("pairs that come again", f"{int((~is_new).sum())}, counted once"))
    return users, items, pairs.only(is_new)


def of_matrix(name, x, threshold=None):
    """The interactions of a matrix: what is there, or with a threshold what is not below it.

    Args:
        name: str. Name of the data.
        x: as in `as_interactions`.
        threshold: float or None.

    Returns:
        `Interactions` without a test part. Values that look like stars are warned about where no threshold is given: in
        a matrix they may be counts.

    Raises:
        ValueError: as `as_interactions`.
    """
    rows, values = as_interactions(name, x), values_of_matrix(name, x)
    if not len(values):
        return Interactions(name, rows)
    told = f"{values.min():g} to {values.max():g}: {len(values)}"
    if threshold is not None:
        rows, _ = apart(rows, values < threshold)
        told = f"{told} of which {rows.nnz} are at least {threshold:g} and count as 1"
    else:
        told = f"{told}, all of which count as 1"
        # Halves and ones up to 5, and more than one of them.
        if LIKED <= values.max() <= STARS and values.min() >= 0.5 and len(np.unique(values)) >= LIKED:
            warnings.warn(
                f"The values of {name} look like stars, {values.min():g} to {values.max():g}, and all of them count as "
                "liked: pass threshold=4 if they are.",
                stacklevel=2,
            )
    return Interactions(name, rows, report=(ReadAs("values", told, "--threshold"),))


def that_count(log, reading, report):
    """Which entries are interactions: those whose rating is not below the threshold."""
    if log.ratings is None:
        return np.ones(len(log.users), bool)
    low, high = log.ratings.min(), log.ratings.max()
    is_stars = low >= 0.0 and LIKED <= high <= STARS
    threshold, asked = reading["threshold"], reading["threshold"] is not None
    if not asked:
        threshold = LIKED if is_stars else 0.0
    counts = log.ratings >= threshold if asked or is_stars else log.ratings > 0.0
    told = f"{low:g} to {high:g}, {'stars' if is_stars else 'counts'}: {int(counts.sum())} of {len(counts)} "
    told += f"are {'at least' if asked or is_stars else 'above'} {threshold:g} and count as 1"
    report.append(ReadAs("values of ratings", told, "--threshold"))
    if low < 0 and not asked:
        raise ValueError(
            f"{log.name} must have ratings >= 0, or a threshold that says which are interactions (--threshold). "
            f"Received: {low:g} to {high:g}"
        )
    return counts


def _frequent(user, item, min_user_items, min_item_users):
    """Which entries are left once users and items with too few of them are out, again and again."""
    is_left = np.ones(len(user), bool)
    while True:
        of_user, of_item = np.bincount(user[is_left]), np.bincount(item[is_left])
        enough = (of_user >= min_user_items)[user[is_left]] & (of_item >= min_item_users)[item[is_left]]
        if enough.all():
            return is_left
        is_left[np.flatnonzero(is_left)[~enough]] = False


def _matrix(user, item, shape):
    from scipy import sparse

    return as_interactions("data", sparse.csr_matrix((np.ones(len(user), np.float32), (user, item)), shape=shape))


def _split(name, x, times, reading, seed, report):
    """Training rows and `Held`, and for users that are held out the numbers of the other ones."""
    split, share = reading["split"], reading["test_share"]
    if split == "time" and times is None:
        raise ValueError(f"{name} must have times for `split` time: say which column by --time. Received: none")
    if split == "strong":
        rows, others = users_apart(x, share, [seed, TEST_STREAM])
        seen, hidden = hide_items(x[others], share, [seed, TEST_STREAM])
        report.append(
            ReadAs(
                "test",
                f"{len(others)} users of {x.shape[0]}, {share:.0%} of their items hidden, seed {seed}",
                "--split",
            )
        )
        return {"train": x[rows], "test": _held(seen, hidden), "rows": rows}
    if split == "time":
        moment, is_after = time_cut(times, share)
        train, hidden = apart(x, is_after)
        told = f"what is after {in_words(moment)}: {hidden.nnz} of {x.nnz} interactions"
    else:
        train, hidden = hide_items(x, share, [seed, TEST_STREAM])
        told = f"{share:.0%} of the items of every user, {hidden.nnz} of {x.nnz} interactions, seed {seed}"
    report.append(ReadAs("test", told, "--split"))
    return {"train": train, "test": _held(train, hidden)}


def _held(seen, hidden):
    """`Held` of the users of whom something is known and something is to be found; None without any."""
    rows = np.flatnonzero((np.diff(seen.indptr) > 0) & (np.diff(hidden.indptr) > 0))
    return Held(seen[rows], hidden[rows]) if len(rows) else None
