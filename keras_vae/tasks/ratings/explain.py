"""Why an item is recommended, and which items are alike: what is read out of a trained recommender."""

import numpy as np

from keras_vae._checks import check_int


def explain(ranker, x, column, k):
    """By how much the log probability of an item falls without each item of a user.

    Args:
        ranker: `Ranker`.
        x: SciPy matrix by rows of one row.
        column: int. The item that is explained.
        k: int >= 1. Items told, at most.

    Returns:
        `(columns, nats)`: arrays, those that speak most for it first.

    Raises:
        ValueError: for another number of rows, or a user who has chosen nothing.
    """
    from scipy import sparse

    if x.shape[0] != 1 or not x.nnz:
        raise ValueError(f"`row` must be one user who has chosen something. Received: {x.shape[0]} rows, {x.nnz} items")
    # The user with all items, and once without each.
    n = x.nnz
    is_there = ~np.eye(n + 1, n, k=-1, dtype=bool)
    row, place = np.nonzero(is_there)
    cases = sparse.csr_matrix((x.data[place], (row, x.indices[place])), shape=(n + 1, x.shape[1]))
    log_probs = ranker.log_probs(cases)[:, column]
    nats = log_probs[0] - log_probs[1:]
    order = np.argsort(-nats, kind="stable")[:k]
    return x.indices[order].astype(np.int64), nats[order]


def similar_items(model, columns, k):
    """Items whose vectors in the decoder have the largest cosine with those of others.

    Args:
        model: a recommender's model.
        columns: int array `(n,)`.
        k: int >= 1.

    Returns:
        `(columns, cosines)`: arrays `(n, k)`.

    Raises:
        ValueError: for a k that is larger than the number of other items.
    """
    vectors = np.asarray(model.decoder.layers[-1].vectors)
    if check_int("k", k, 1) > len(vectors) - 1:
        raise ValueError(f"`k` must be at most the number of other items, {len(vectors) - 1}. Received: k={k}")
    vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    cosines = vectors[columns] @ vectors.T
    cosines[np.arange(len(columns)), columns] = -np.inf
    found = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
    return found, np.take_along_axis(cosines, found, axis=1)
