"""Scaled rows: numbers in standard deviations, categories that weigh as one column, holes at the middle."""

import numpy as np
import pytest
import tensorflow as tf

from keras_vae.tasks.tables.anomaly.scaled_rows import CLIP, RowScaler, by_column, per_seen, shares_of


def scaler_of(x, kinds):
    return RowScaler.learn(x, kinds, np.nanmax(x, axis=0) - np.nanmin(x, axis=0))


def scaled(scaler, x):
    return scaler(tf.constant(x, tf.float32)).numpy()


def with_holes(n=2000, n_classes=4):
    rng = np.random.default_rng(1)
    classes = rng.choice(n_classes, n, p=[0.4, 0.3, 0.2, 0.1])
    x = np.stack([rng.normal(100.0, 25.0, n), classes, rng.exponential(size=n)], axis=1)
    x[rng.random(x.shape) < 0.2] = np.nan
    return x


def test_numbers_are_standardised_by_the_cells_that_are_there():
    x = with_holes()
    z = scaled(scaler_of(x, (None, 4, None)), x)
    for column, place in ((0, 0), (2, 5)):
        there = ~np.isnan(x[:, column])
        assert abs(z[there, place].mean()) < 1e-3
        assert abs(z[there, place].std() - 1.0) < 0.02  # Clipped at ten.
        np.testing.assert_array_equal(z[~there, place], 0.0)


def test_a_category_weighs_as_much_as_a_column_of_numbers():
    x = with_holes()
    z = scaled(scaler_of(x, (None, 4, None)), x)
    there = ~np.isnan(x[:, 1])
    np.testing.assert_allclose(np.sum(z[there, 1:5] ** 2, axis=1).mean(), 1.0, rtol=0.01)
    np.testing.assert_array_equal(z[~there, 1:5], 0.0)


def test_a_rarer_class_is_farther_from_the_middle():
    x = with_holes()
    z = scaled(scaler_of(x, (None, 4, None)), [[100.0, k, 1.0] for k in range(4)])
    assert np.all(np.diff(np.sum(z[:, 1:5] ** 2, axis=1)) > 0.0)


def test_a_value_far_out_is_as_far_as_ten_scales():
    z = scaled(scaler_of(with_holes(), (None, 4, None)), [[1e9, 0.0, -1e9]])
    assert (z[0, 0], z[0, -1]) == (CLIP, -CLIP)


def test_a_column_that_hardly_ever_varies_is_scaled_by_its_range():
    x = np.zeros((10_000, 1))
    x[0] = 5.0
    np.testing.assert_allclose(scaler_of(x, (None,)).scale, 5.0 / 50.0)


@pytest.mark.parametrize("value", [3.0, np.nan], ids=["constant", "all-missing"])
def test_a_column_that_never_varies_says_nothing(value):
    x = np.stack([np.full(20, value), np.arange(20.0)], axis=1)
    scaler = RowScaler.learn(x, (None, None), np.array([0.0, 19.0]))
    z = scaled(scaler, [[3.0, 1.0], [99.0, 1.0], [np.nan, 1.0]])
    np.testing.assert_array_equal(z[:, 0], 0.0)


def test_shares_have_half_a_row_for_every_class():
    np.testing.assert_allclose(shares_of(np.array([0.0, 0.0, 2.0, np.nan]), 3), np.array([2.5, 0.5, 1.5]) / 4.5)


def test_scaled_numbers_are_added_up_by_their_columns():
    scaler = scaler_of(with_holes(), (None, 4, None))
    np.testing.assert_array_equal(scaler.column_of, [0, 1, 1, 1, 1, 2])
    sums = by_column(tf.constant([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]), scaler).numpy()
    np.testing.assert_array_equal(sums, [[1.0, 14.0, 6.0]])


def test_what_was_seen_of_a_row_stands_for_all_of_it():
    x = tf.constant([[1.0, 1.0, 1.0, 1.0], [1.0, np.nan, 1.0, np.nan], [np.nan] * 4])
    sums = per_seen(tf.constant([[1.0, 2.0, 3.0, 4.0]] * 3), x).numpy()
    np.testing.assert_allclose(sums, [10.0, 8.0, 0.0])
