"""What a recommender has to beat: popularity, nearest neighbours of items, and EASE, each fitted in closed form."""

import numpy as np
from sklearn.base import BaseEstimator

from keras_vae.tasks.ratings.interactions import as_interactions

# Rows scored at once: some hundred megabytes for a hundred thousand items.
NUMBERS_PER_CALL = 2**25


class Baseline(BaseEstimator):
    """Base of the baselines: ranks the items of rows by `scores(x)`, which the next class gives."""

    def recommend(self, rows, k=20, exclude_seen=True):
        """As `Recommender.recommend`, with columns for ids: `(columns, scores)`, each `(n, k)`."""
        x = as_interactions("rows", rows)
        step = max(1, NUMBERS_PER_CALL // x.shape[1])
        parts = [
            _best(self.scores(x[i : i + step]), x[i : i + step], k, exclude_seen) for i in range(0, x.shape[0], step)
        ]
        return tuple(np.concatenate([part[i] for part in parts]) for i in (0, 1))


def _best(scores, x, k, exclude_seen):
    if exclude_seen:
        scores[np.repeat(np.arange(x.shape[0]), np.diff(x.indptr)), x.indices] = -np.inf
    top = np.argpartition(-scores, min(k, scores.shape[1] - 1), axis=1)[:, :k]
    found = np.take_along_axis(scores, top, axis=1)
    order = np.argsort(-found, axis=1, kind="stable")
    top, found = (np.take_along_axis(part, order, axis=1) for part in (top, found))
    return np.where(np.isfinite(found), top, -1), found


class Popularity(Baseline):
    """The items that most users have chosen, the same for everybody.

    Examples:
        >>> from keras_vae.tasks.ratings import Popularity
        >>> chosen = np.array([[1, 1, 0], [0, 1, 1], [0, 1, 1]])
        >>> ids, scores = Popularity().fit(chosen).recommend(chosen[:1], k=1)
        >>> ids, scores
        (array([[2]]), array([[2.]], dtype=float32))
    """

    def fit(self, x, y=None):
        """Count; x is a SciPy matrix `(n_users, n_items)`."""
        self.counts_ = as_interactions("x", x).getnnz(axis=0).astype(np.float32)
        return self

    def scores(self, x):
        """Dense array `(n, n_items)`."""
        return np.tile(self.counts_, (x.shape[0], 1))


class ItemKNN(Baseline):
    """Items that were chosen by the same users: cosine with shrinkage, of the nearest neighbours of each item.

    Args:
        n_neighbors: int >= 1.
        shrinkage: float >= 0. Added to the product of the norms: what few users say counts for less.

    Examples:
        >>> from keras_vae.tasks.ratings import ItemKNN
        >>> chosen = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1]])
        >>> ids, _ = ItemKNN(shrinkage=0.0).fit(chosen).recommend([[1, 0, 0, 0], [0, 0, 0, 1]], k=1)
        >>> ids
        array([[1],
               [2]])

    References:
        Sarwar et al. 2001, section 3. https://doi.org/10.1145/371920.372071
    """

    def __init__(self, n_neighbors=200, shrinkage=10.0):
        self.n_neighbors = n_neighbors
        self.shrinkage = shrinkage

    def fit(self, x, y=None):
        """Find the neighbours; x is a SciPy matrix `(n_users, n_items)`."""
        from scipy import sparse

        x = as_interactions("x", x)
        together = (x.T @ x).tocsr()
        norms = np.sqrt(together.diagonal())
        item = np.repeat(np.arange(x.shape[1]), np.diff(together.indptr))
        values = together.data / (norms[item] * norms[together.indices] + self.shrinkage)
        values[item == together.indices] = 0.0
        order = np.lexsort((-values, item))
        place = np.arange(len(order)) - np.repeat(together.indptr[:-1], np.diff(together.indptr))
        kept = np.sort(order[place < self.n_neighbors])
        # By the item that is scored: a column of the matrix holds its neighbours.
        shape = (x.shape[1], x.shape[1])
        self.similarity_ = sparse.csr_matrix((values[kept], (together.indices[kept], item[kept])), shape=shape)
        return self

    def scores(self, x):
        """Dense array `(n, n_items)`."""
        return (x @ self.similarity_).toarray()


class EASE(Baseline):
    """Every item as a linear function of the others, by ridge regression in closed form.

    The inverse is one of the users where these are fewer than the items: the same numbers, in less time and memory.

    Args:
        regularization: float > 0.

    Examples:
        >>> from keras_vae.tasks.ratings import EASE
        >>> chosen = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1]])
        >>> ids, _ = EASE(1.0).fit(chosen).recommend([[1, 0, 0, 0], [0, 0, 0, 1]], k=1)
        >>> ids
        array([[1],
               [2]])

    Raises:
        ValueError: by `fit`, for a regularization that leaves nothing to invert.

    References:
        Steck 2019, eq. 8. https://arxiv.org/abs/1905.03375
        The form in the users is Woodbury's identity: `(X'X + l)^-1 = (1 - X'(XX' + l)^-1 X) / l`.
    """

    def __init__(self, regularization=200.0):
        self.regularization = regularization

    def fit(self, x, y=None):
        """Invert; x is a SciPy matrix `(n_users, n_items)`."""
        from scipy import linalg

        x = as_interactions("x", x)
        self.rows_, n_users, n_items = x, *x.shape
        gram = (x @ x.T if n_users < n_items else x.T @ x).toarray().astype(np.float32)
        gram[np.diag_indices_from(gram)] += self.regularization
        # In place: a second matrix of a hundred thousand items would not fit.
        inverse, info = linalg.lapack.spotrf(gram, lower=False, overwrite_a=True)
        if info:
            raise ValueError(f"`regularization` must be large enough to invert. Received: {self.regularization}")
        inverse, _ = linalg.lapack.spotri(inverse, lower=False, overwrite_c=True)
        for start in range(0, len(inverse), 1024):  # The other half, by blocks.
            stop = start + 1024
            inverse[stop:, start:stop] = inverse[start:stop, stop:].T
            block = inverse[start:stop, start:stop]
            inverse[start:stop, start:stop] = np.triu(block) + np.triu(block, 1).T
        self.inverse_ = inverse
        if n_users < n_items:
            found = np.zeros(n_items, np.float32)
            for start in range(0, n_items, 4096):
                part = x[:, start : start + 4096].toarray()
                found[start : start + 4096] = np.einsum("ui,ui->i", part, inverse @ part)
            self.diagonal_ = (1.0 - found) / self.regularization
        else:
            self.diagonal_ = np.diag(inverse).copy()
        return self

    def scores(self, x):
        """Dense array `(n, n_items)`."""
        if len(self.inverse_) == x.shape[1]:
            of_inverse = x @ self.inverse_
        else:
            through_users = (x @ self.rows_.T).toarray() @ self.inverse_
            of_inverse = (x.toarray() - (self.rows_.T @ through_users.T).T) / self.regularization
        return x.toarray() - of_inverse / self.diagonal_
