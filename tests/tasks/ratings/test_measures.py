"""Measures of ranked lists: by hand, by scikit-learn, and their errors."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.metrics import ndcg_score

from keras_vae.tasks.ratings.measures import by_activity, coverage, interval, is_hit, measure_lists, novelty

# Two users; the first is to find items 1, 3 and 5, the second item 0, the third nothing.
HIDDEN = sparse.csr_matrix(np.array([[0, 1, 0, 1, 0, 1], [1, 0, 0, 0, 0, 0], [0] * 6], "float32"))
RANKED = np.array([[3, 0, 1, 2], [2, 4, 0, -1], [1, 2, 3, 4]])


def test_measures_are_those_worked_out_by_hand():
    found = measure_lists(RANKED, HIDDEN, 3)
    # The first user: hits at places 1 and 3 of 3 wanted; the second: at place 3 of 1 wanted.
    np.testing.assert_allclose(found.recall, [2 / 3, 1.0])
    np.testing.assert_allclose(found.truncated_recall, [2 / 3, 1.0])
    best = 1.0 + 1.0 / np.log2(3) + 0.5
    np.testing.assert_allclose(found.ndcg, [1.5 / best, 0.5])
    np.testing.assert_allclose(found.average_precision, [(1.0 + 2 / 3) / 3, 1 / 3])
    shorter = measure_lists(RANKED, HIDDEN, 2)
    np.testing.assert_allclose(shorter.recall, [1 / 3, 0.0])
    np.testing.assert_allclose(shorter.truncated_recall, [1 / 2, 0.0])


def test_ndcg_is_that_of_scikit_learn(rng):
    wanted = (rng.random((30, 50)) < 0.1).astype("float32")
    wanted[:, 0] = 1.0
    scores = rng.normal(size=(30, 50))
    ranked = np.argsort(-scores, axis=1)
    for k in (5, 20, 50):
        expected = [ndcg_score(wanted[i : i + 1], scores[i : i + 1], k=k) for i in range(30)]
        np.testing.assert_allclose(measure_lists(ranked, sparse.csr_matrix(wanted), k).ndcg, expected, rtol=1e-6)


def test_nothing_is_no_hit_and_nothing_to_find_is_not_judged():
    assert not is_hit(np.array([[-1]]), sparse.csr_matrix((1, 3))).any()
    assert len(measure_lists(RANKED, HIDDEN, 1).recall) == 2


def test_coverage_and_novelty():
    assert coverage(RANKED[:, :2], 6) == pytest.approx(5 / 6)
    # Items of 4, 2 and 1 of 8 users: 1, 2 and 3 bits; one that nobody has counts as one user.
    lists = np.array([[0, 1], [2, 3], [-1, -1]])
    assert novelty(lists, np.array([4, 2, 1, 0]), 8) == pytest.approx((1 + 2 + 3 + 3) / 4)


def test_the_interval_holds_the_mean_about_as_often_as_it_says(rng):
    held = 0
    for seed in range(200):
        low, high = interval(rng.exponential(size=80), n_draws=300, seed=seed)
        held += low < 1.0 < high
    # 95 % of 200 are 190 with a standard deviation of 3; the percentile interval of so few skewed values is short.
    assert 175 <= held <= 199
    assert interval(np.ones(5)) == (1.0, 1.0)


def test_groups_by_activity_hold_every_user_once():
    n_seen = np.array([1, 1, 2, 3, 5, 8, 13, 40, 40, 40])
    groups = by_activity(n_seen.astype(float), n_seen)
    assert sum(group["n_users"] for group in groups) == 10
    assert groups[0]["from"] == 1
    assert groups[-1]["to"] == 40
    assert all(group["from"] <= group["mean"] <= group["to"] for group in groups)
    assert len(by_activity(np.ones(4), np.full(4, 40))) == 1
    assert [g["to"] for g in by_activity(np.ones(100), np.array([7] * 3 + [40] * 97))] == [7, 40]


def test_lists_that_are_too_short_or_of_other_users_are_refused():
    with pytest.raises(ValueError, match=r"`k` must be at most the length of the lists, 4. Received: k=5"):
        measure_lists(RANKED, HIDDEN, 5)
    with pytest.raises(ValueError, match=r"`ranked` must have a list per user of 3. Received: 2"):
        measure_lists(RANKED[:2], HIDDEN, 2)
