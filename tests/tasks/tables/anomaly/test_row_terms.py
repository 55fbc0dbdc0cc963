"""Densities of rows learned together, and again without the rows that they find unlikely."""

import numpy as np
import pytest
import tensorflow as tf

from keras_vae.tasks.tables.anomaly.row_terms import ROWS_PER_CALL, WEIGHTS, RowTerms, combined, learn_robustly

NAMES = {"student", "histogram", "linear", "exemplar"}


def planted(n=400, n_planted=40):
    """Rows along a line, and planted ones at the beginning that are far from it."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(n, 1)) * [1.0, 2.0, -1.0, 0.5] + 0.2 * rng.normal(size=(n, 4))
    x[:n_planted] = rng.uniform(-8.0, 8.0, (n_planted, 4))
    return x


def numbers(x):
    return (None,) * x.shape[1]


def learned(x, kinds=None):
    return RowTerms.learn(x, kinds or numbers(x), np.ones(len(x), bool), np.random.default_rng(0))


def values(terms, x):
    return {name: v.numpy() for name, v in terms.values(tf.constant(x, tf.float32)).items()}


def test_columns_of_terms_add_up_to_their_values():
    x = planted()
    x[:, 3] = np.digitize(x[:, 3], [-0.5, 0.0, 0.5])
    terms = learned(x, (None, None, None, 4))
    columns = terms.of_columns(tf.constant(x, tf.float32))
    assert set(columns) == NAMES
    for name, value in values(terms, x).items():
        assert columns[name].shape == x.shape
        if name != "exemplar":  # A logarithm of distances, which columns do not add up to.
            np.testing.assert_allclose(columns[name].numpy().sum(axis=1), value, rtol=1e-4, atol=1e-4)


def test_every_term_finds_rows_beyond_the_others_less_likely():
    x = planted(n_planted=0)
    terms = learned(x)
    usual, strange = values(terms, x), values(terms, [[9.0, -9.0, 9.0, 9.0]])
    assert all(strange[name][0] > usual[name].max() for name in NAMES - {"histogram"})
    # The last bins have a few of the training rows.
    assert strange["histogram"][0] > np.quantile(usual["histogram"], 0.98)


def test_rows_that_break_a_pattern_are_found_by_the_terms_that_know_patterns():
    x = planted(n_planted=0)
    terms = learned(x)
    usual, broken = values(terms, x), values(terms, [[1.5, -3.0, 1.5, 0.7]])
    assert all(broken[name][0] > np.quantile(usual[name], 0.99) for name in ("linear", "exemplar"))
    assert all(broken[name][0] < np.quantile(usual[name], 0.99) for name in ("student", "histogram"))


def test_the_mean_is_weighted_and_of_the_surprises_that_there_are():
    one = tf.constant([1.0])
    surprises = {"student": 2.0 * one, "histogram": 4.0 * one, "linear": one, "exemplar": 0.0 * one}
    np.testing.assert_allclose(combined(surprises), [(0.5 * 2.0 + 0.5 * 4.0 + 1.0) / 3.0], rtol=1e-6)
    surprises["vae"] = 8.0 * one
    np.testing.assert_allclose(combined(surprises), [12.0 / sum(WEIGHTS.values())], rtol=1e-6)


def test_planted_rows_are_left_out():
    x = planted()
    _, _, is_kept = learn_robustly(x, numbers(x), 0.2, seed=0)
    assert is_kept.sum() == 320
    assert is_kept[:40].sum() <= 3
    for trim in (0.1, 0.3, 0.5):
        assert learn_robustly(x, numbers(x), trim, seed=0)[2].sum() == 400 - trim * 400


def test_what_is_left_out_is_not_learned_from():
    x = planted()
    clean, _, _ = learn_robustly(x, numbers(x), 0.2, seed=0)
    of_all, _, _ = learn_robustly(x, numbers(x), 0.0, seed=0)
    assert clean.linear.noise < 0.2 * of_all.linear.noise
    assert clean.scaler.scale[3] < 0.5 * of_all.scaler.scale[3]


def test_without_a_trim_all_rows_are_kept():
    assert learn_robustly(planted(), (None,) * 4, 0.0, seed=0)[2].all()


def test_of_equal_rows_no_more_than_the_share_go():
    x = np.tile([[1.0, 2.0, 3.0]], (50, 1))
    terms, surprises, is_kept = learn_robustly(x, numbers(x), 0.2, seed=0)
    assert is_kept.sum() == 40
    total = combined({name: surprises[name](tf.constant(v)) for name, v in values(terms, x).items()})
    assert np.isfinite(total).all()


def test_the_same_seed_learns_the_same():
    x = planted()
    first, second = (learn_robustly(x, numbers(x), 0.2, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first[2], second[2])
    assert all(np.array_equal(values(first[0], x)[name], values(second[0], x)[name]) for name in NAMES)


def test_more_rows_than_one_call_are_calibrated():
    x = planted(ROWS_PER_CALL + 10, 100)
    _, surprises, is_kept = learn_robustly(x, numbers(x), 0.2, seed=0)
    assert set(surprises) == NAMES
    assert is_kept[:100].mean() < 0.1


@pytest.mark.parametrize("n", [2, 3, 7])
@pytest.mark.parametrize("width", [1, 3, 210])
def test_few_rows_are_enough(n, width):
    x = np.random.default_rng(0).normal(size=(n, width))
    terms, surprises, is_kept = learn_robustly(x, numbers(x), 0.5, seed=0)
    assert is_kept.sum() == n - n // 2
    assert all(np.isfinite(surprises[name](tf.constant(v))).all() for name, v in values(terms, x).items())


def test_holes_alone_make_no_row_unlikely():
    x = planted(2000, 0)
    holes = x.copy()
    holes[np.random.default_rng(2).random(x.shape) < 0.4] = np.nan
    terms, surprises, _ = learn_robustly(holes, numbers(x), 0.1, seed=0)
    nats = combined({name: surprises[name](tf.constant(v)) for name, v in values(terms, holes).items()}).numpy()
    n_holes = np.isnan(holes).sum(axis=1)
    assert nats[n_holes >= 2].mean() < nats[n_holes == 0].mean() + 0.3
    assert nats[n_holes == 4].max() < np.quantile(nats, 0.9)


def test_a_column_of_holes_says_nothing():
    x = np.concatenate([planted(200, 0), np.full((200, 1), np.nan)], axis=1)
    terms, _, _ = learn_robustly(x, numbers(x), 0.2, seed=0)
    assert all(np.isfinite(v).all() for v in values(terms, x).values())


def test_its_representation_is_short():
    assert repr(learned(planted())) == "RowTerms of 4 columns"
