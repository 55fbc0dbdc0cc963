"""What is held out: shares, seeds, nothing lost."""

import numpy as np
import pytest
from scipy import sparse
from tasks.ratings.ratings_helpers import group_clicks

from keras_vae.tasks.ratings.splits import apart, hide_items, time_cut, users_apart


def test_every_user_gives_up_a_share_and_nothing_is_lost(rng):
    x = group_clicks(rng)
    kept, hidden = hide_items(x, 0.4, seed=3)
    np.testing.assert_array_equal((kept + hidden).toarray(), x.toarray())
    assert kept.multiply(hidden).nnz == 0
    n = np.diff(x.indptr)
    np.testing.assert_array_equal(np.diff(hidden.indptr), np.rint(0.4 * n).astype(int))


def test_the_seed_decides_and_every_item_is_as_likely(rng):
    x = sparse.csr_matrix(np.ones((2000, 5), "float32"))
    one, other, again = (hide_items(x, 0.2, seed)[1] for seed in (0, 1, 0))
    assert (one != again).nnz == 0
    assert (one != other).nnz > 0
    # 2,000 draws of one in five: a standard deviation of 18.
    assert np.abs(one.getnnz(axis=0) - 400).max() < 90


def test_of_one_item_none_is_taken_and_of_some_users_none():
    x = sparse.csr_matrix(np.array([[1, 0, 0], [1, 1, 0], [1, 1, 1]], "float32"))
    _, hidden = hide_items(x, 0.9, 0)
    np.testing.assert_array_equal(np.diff(hidden.indptr), [0, 1, 2])
    _, hidden = hide_items(x, 0.5, 0, rows=np.array([True, True, False]))
    np.testing.assert_array_equal(np.diff(hidden.indptr), [0, 1, 0])


def test_users_apart_are_all_users_once(rng):
    train, held = users_apart(group_clicks(rng), 0.25, 0)
    assert len(held) == 30
    np.testing.assert_array_equal(np.sort(np.concatenate([train, held])), np.arange(120))


def test_the_last_share_in_time_is_after_the_cut():
    times = np.arange(100.0)
    moment, is_after = time_cut(times, 0.2)
    assert is_after.sum() == 20
    assert times[is_after].min() > moment >= times[~is_after].max()
    x = sparse.csr_matrix(np.ones((10, 10), "float32"))
    before, after = apart(x, is_after)
    np.testing.assert_array_equal(after.toarray()[-2:], np.ones((2, 10)))
    assert before.nnz == 80


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_never_all_items_of_a_user_are_hidden(rng, share):
    kept, _ = hide_items(group_clicks(rng), share, 0)
    assert np.diff(kept.indptr).min() >= 1
