"""The methods to beat, against their textbook forms."""

import numpy as np
import pytest
from scipy import sparse
from tasks.ratings.ratings_helpers import group_clicks

from keras_vae.tasks.ratings import EASE, ItemKNN, Popularity


def test_popularity_ranks_by_count_and_leaves_out_what_is_known(rng):
    x = group_clicks(rng)
    counts = np.asarray(x.sum(axis=0)).ravel()
    ids, scores = Popularity().fit(x).recommend(x, k=5)
    assert (np.diff(scores, axis=1) <= 0).all()
    np.testing.assert_array_equal(scores, counts[ids])
    assert not x[np.arange(120)[:, None], ids].sum()


@pytest.mark.parametrize("n_users", [30, 90], ids=["fewer-users", "fewer-items"])
def test_ease_is_the_closed_form(rng, n_users):
    x = group_clicks(rng, n_users)
    dense = x.toarray().astype(float)
    inverse = np.linalg.inv(dense.T @ dense + 7.0 * np.eye(40))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    rows = group_clicks(rng, 8)
    np.testing.assert_allclose(EASE(7.0).fit(x).scores(rows), rows.toarray() @ weights, rtol=1e-3, atol=1e-4)


def test_neighbours_are_the_cosine_with_shrinkage(rng):
    x = group_clicks(rng)
    dense = x.toarray()
    norms = np.linalg.norm(dense, axis=0)
    similarity = dense.T @ dense / (np.outer(norms, norms) + 3.0)
    np.fill_diagonal(similarity, 0.0)
    np.testing.assert_allclose(ItemKNN(40, 3.0).fit(x).scores(x), dense @ similarity, rtol=1e-4, atol=1e-5)
    few = np.where(similarity >= np.sort(similarity, axis=1)[:, [-4]], similarity, 0.0)
    found = ItemKNN(4, 3.0).fit(x).similarity_.toarray()
    # Each item is scored by its own neighbours: they stand in its column.
    assert (np.count_nonzero(found, axis=0) <= 4).all()
    np.testing.assert_allclose(found.sum(), few.sum(), rtol=0.05)


def test_a_user_with_everything_gets_nothing():
    ids, scores = Popularity().fit(sparse.csr_matrix(np.ones((2, 3)))).recommend(np.ones((1, 3)), k=2)
    np.testing.assert_array_equal(ids, [[-1, -1]])
    assert np.isinf(scores).all()


def test_a_matrix_that_cannot_be_inverted_is_refused():
    with pytest.raises(ValueError, match=r"`regularization` must be large enough to invert. Received: -1.0"):
        EASE(-1.0).fit(np.eye(3))
