"""Hidden cells, and how far their estimates are off."""

import numpy as np
import pytest
import tensorflow as tf

from keras_vae.tasks.tables.hidden_cells import HiddenError, hide_cells, with_hidden_cells


def test_what_is_hidden_was_seen_before(rng):
    x = np.where(rng.random((200, 5)) < 0.2, np.nan, 1.0).astype("float32")
    shown, hidden = hide_cells(x, 0.25, seed=0)
    np.testing.assert_array_equal(np.where(np.isnan(shown), hidden, shown), x)
    # 800 cells: 5 standard errors.
    assert np.mean(~np.isnan(hidden)[~np.isnan(x)]) == pytest.approx(0.25, abs=0.08)


def test_a_batch_is_its_own_target_with_fewer_holes():
    rows = tf.data.Dataset.from_tensors(tf.ones((400, 10))).repeat(2)
    (first, target), (second, _) = with_hidden_cells(rows, 0.2, seed=0)
    np.testing.assert_array_equal(target, np.ones((400, 10)))
    # Shares of rows are uniform from 0 to 0.4: the mean has a standard error of 0.009.
    assert np.isnan(first).mean() == pytest.approx(0.2, abs=0.045)
    assert (np.isnan(first) != np.isnan(second)).any()


class Means:
    """A model that knows means and the commonest class."""

    def impute(self, x, n_samples):
        return np.where(np.isnan(x), [0.0, 1.0], x)


def test_means_and_the_commonest_class_have_an_error_of_one(rng):
    x = np.column_stack([rng.normal(size=4000), (rng.random(4000) < 0.7)]).astype("float32")
    shown, hidden = hide_cells(x, 0.3, seed=0)
    error = HiddenError(shown, hidden, np.array([False, True]))
    # About 600 cells are judged.
    assert error.of(Means()) == pytest.approx(1.0, abs=0.1)


class Off:
    """A model whose estimates of numbers that are 0 are off by as much as it is told."""

    def __init__(self, by):
        self.by = by

    def impute(self, x, n_samples):
        return np.where(np.isnan(x), self.by, x)


def test_what_differs_from_the_start_is_judged_by_a_standard_error_more():
    # Two rows with two hidden cells each, in units of the standard deviation of what was seen, which is 1.
    shown = np.array([[np.nan, np.nan], [np.nan, np.nan], [-1.0, -1.0], [1.0, 1.0]], np.float32)
    hidden = np.where(np.isnan(shown), np.float32(0.0), np.float32(np.nan))
    error = HiddenError(shown, hidden, np.array([False, False]))
    assert error.begin(Off(1.0)) == pytest.approx(1.0)
    assert error.of(Off(1.0)) == pytest.approx(1.0)
    # Squares of 0.25 in place of 1: rows gain 1.5 each, and the root of the sum of their squares is 1.5 root 2.
    assert error.of(Off(0.5)) == pytest.approx(0.25 + 1.5 * np.sqrt(2.0) / 4.0)
