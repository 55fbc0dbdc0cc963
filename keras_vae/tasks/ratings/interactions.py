"""`Interactions`, who had to do with what: rows of users, and parts of them that are held out."""

import dataclasses
import hashlib
from typing import Any, NamedTuple

import numpy as np

from keras_vae._sparse import as_csr, is_sparse
from keras_vae.data.reading import ReadAs
from keras_vae.tasks.ratings.splits import hide_items

# Users that say which epoch was the best: enough to tell them apart, few enough to be ranked in seconds.
MAX_VALIDATION = 2000
HIDDEN_SHARE = 0.2
# Users of fewer items have none to spare.
MIN_ITEMS = 5


class Held(NamedTuple):
    """Users whose items are known in part: what is ranked from, and what should be found.

    Attributes:
        seen: SciPy matrix by rows, `(n, n_items)`. Input of the model.
        hidden: the same. Items that are to be ranked high, none of them in `seen`.
    """

    seen: Any
    hidden: Any


@dataclasses.dataclass(frozen=True, eq=False)
class Interactions:
    """Interactions of users with items, in parts.

    Args:
        name: str.
        x_train: SciPy matrix by rows, `(n_users, n_items)`, float32. What is trained on; all values > 0.
        test: `Held` or None. Where users, and not items, were held out, these users are in no row of `x_train`.
        validation: `Held` or None. By which the best epoch is chosen.
        users: array of str, names of the rows of `x_train`, or None for their numbers.
        items: array of str, names of the columns, or None for their numbers.
        note: str. What a reader of the figures must know.
        report: tuple of `ReadAs`. What was read as what.
    """

    name: str
    x_train: Any = dataclasses.field(repr=False)
    test: Held | None = dataclasses.field(default=None, repr=False)
    validation: Held | None = dataclasses.field(default=None, repr=False)
    users: np.ndarray | None = dataclasses.field(default=None, repr=False)
    items: np.ndarray | None = dataclasses.field(default=None, repr=False)
    note: str = ""
    report: tuple[ReadAs, ...] = dataclasses.field(default=(), repr=False)

    @property
    def event_shape(self):
        """`(n_items,)`."""
        return (self.x_train.shape[1],)

    @property
    def n_train(self):
        """Users that are trained on: those with an item."""
        return int(np.count_nonzero(np.diff(self.x_train.indptr)))

    @property
    def n_validation(self):
        """Users by whom the best epoch is chosen."""
        return 0 if self.validation is None else self.validation.seen.shape[0]

    @property
    def n_test(self):
        """Users that the recommender is judged by."""
        return 0 if self.test is None else self.test.seen.shape[0]

    # What the commands ask of the data of any use: rows by part, names of the rows, no labels.

    def size(self, part):
        """Rows of a part: "train", "validation" or "test"."""
        x = getattr(self, f"x_{part}")
        return 0 if x is None else x.shape[0]

    @property
    def x_validation(self):
        """What is known of the users by whom the best epoch is chosen, or None."""
        return None if self.validation is None else self.validation.seen

    @property
    def x_test(self):
        """What is known of the users that the recommender is judged by, or None."""
        return None if self.test is None else self.test.seen

    @property
    def ids_train(self):
        """Names of the rows of `x_train`, or None."""
        return self.users

    y_train = y_validation = y_test = ids_validation = ids_test = None
    train_files = validation_files = test_files = class_names = label_name = None

    def fingerprint(self):
        """Checksum, str, of everything that training and judging see."""
        digest = hashlib.sha256()
        for held in (self.test, self.validation):
            for rows in held or ():
                _add(digest, rows)
        _add(digest, self.x_train)
        return digest.hexdigest()[:16]

    def with_validation(self, share, seed):
        """The same with users who give up a fifth of their items to say which epoch is the best.

        Args:
            share: float. Of the users; at most 2,000 of them.
            seed: int.

        Returns:
            `Interactions`; itself where no user has items to spare.
        """
        n_items = np.diff(self.x_train.indptr)
        able = np.flatnonzero(n_items >= MIN_ITEMS)
        n = min(round(share * self.n_train), MAX_VALIDATION, len(able))
        if self.validation is not None or n < 1:
            return self
        rows = np.sort(np.random.default_rng([seed, 1]).choice(able, n, replace=False))
        is_row = np.zeros(self.x_train.shape[0], bool)
        is_row[rows] = True
        train, hidden = hide_items(self.x_train, HIDDEN_SHARE, [seed, 2], is_row)
        return dataclasses.replace(self, x_train=train, validation=Held(train[rows], hidden[rows]))


def _add(digest, rows):
    for part in (np.array(rows.shape), rows.indptr.astype(np.int64), rows.indices.astype(np.int64), rows.data):
        digest.update(np.ascontiguousarray(part).tobytes())


def as_interactions(name, x):
    """Rows of a matrix as they are trained on: what is there counts as 1.

    Args:
        name: str. Name of the argument, for messages.
        x: SciPy matrix, `tf.SparseTensor`, or dense array, `(n_users, n_items)`.

    Returns:
        SciPy matrix by rows, float32, without entries of zero.

    Raises:
        ValueError: for another number of axes, no rows or items, and values that are negative, not finite or no
            numbers.
    """
    x = _checked(name, x)
    x.data[:] = 1.0
    return x


def values_of_matrix(name, x):
    """The values that `as_interactions` makes ones of, in the order of its entries, float32 array."""
    return _checked(name, x).data


def _checked(name, x):
    """A matrix by rows of finite values > 0, float32; not x itself."""
    if not is_sparse(x):
        x = _dense(name, x)
    if len(x.shape) != 2 or not x.shape[0] or not x.shape[1]:
        raise ValueError(f"`{name}` must have the shape (n_users, n_items). Received: {name}.shape={tuple(x.shape)}")
    x = as_csr(name, x)
    if x.dtype.kind == "f" and not np.isfinite(x.data).all():
        raise ValueError(f"`{name}` must hold finite numbers, 0 for no interaction. Received: NaN or infinity")
    if x.nnz and x.data.min() < 0:
        raise ValueError(
            f"`{name}` must hold counts >= 0; what speaks against an item is no interaction: leave it out. "
            f"Received: {x.data.min()}"
        )
    x = x.astype(np.float32, copy=True)
    x.eliminate_zeros()
    return x


def _dense(name, x):
    from scipy import sparse

    from keras_vae.training.containers import as_array

    array = as_array(name, x)
    if array.ndim != 2:
        raise ValueError(f"`{name}` must have the shape (n_users, n_items). Received: {name}.shape={array.shape}")
    return sparse.csr_matrix(array)
