"""Densities of columns on their own against scipy, NumPy and counts by hand."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from keras_vae.tasks.tables.anomaly.marginal_terms import BINS, DF, HistogramMarginals, StudentMarginals
from keras_vae.tasks.tables.anomaly.scaled_rows import RowScaler


def learned(x, kinds=None):
    """Both marginals of rows."""
    kinds = kinds or (None,) * x.shape[1]
    low, ranges = np.nanmin(x, axis=0), np.nanmax(x, axis=0) - np.nanmin(x, axis=0)
    scaler = RowScaler.learn(x, kinds, ranges)
    return StudentMarginals.learn(x, scaler, ranges), HistogramMarginals.learn(x, scaler, low, ranges)


def nats(marginals, x):
    return marginals(tf.constant(x, tf.float32)).numpy()


def test_student_is_that_of_scipy_but_for_a_constant(rng):
    x = rng.normal([0.0, 50.0], [1.0, 7.0], (400, 2))
    student, _ = learned(x)
    low, median, high = np.quantile(x, [0.25, 0.5, 0.75], axis=0)
    density = stats.t(DF, loc=median, scale=(high - low) / 1.349)
    rows = np.array([[0.0, 50.0], [3.0, 20.0], [-40.0, 300.0]])
    np.testing.assert_allclose(nats(student, rows), density.logpdf(median) - density.logpdf(rows), rtol=1e-5, atol=1e-6)


def test_where_most_values_are_one_the_scale_is_the_standard_deviation(rng):
    x = np.zeros((100, 1))
    x[:10, 0] = rng.normal(size=10)
    student, _ = learned(x)
    np.testing.assert_allclose(student.scale, x.std(axis=0))


def test_histogram_is_the_mean_of_the_shares_that_numpy_counts(rng):
    x = rng.exponential(size=(300, 1))
    _, histogram = learned(x)
    expected = 0.0
    for n_bins in BINS:
        counts, edges = np.histogram(x[:, 0], n_bins)
        bins = np.clip(np.searchsorted(edges, x[:, 0], side="right") - 1, 0, n_bins - 1)
        expected -= np.log((counts[bins] + 0.5) / (300 + 0.5 * n_bins)) / len(BINS)
    np.testing.assert_allclose(nats(histogram, x)[:, 0], expected, rtol=1e-5)


def test_beyond_the_range_of_the_training_the_bin_is_the_last(rng):
    x = rng.normal(size=(200, 1))
    _, histogram = learned(x)
    np.testing.assert_array_equal(nats(histogram, [[1e6], [-1e6]]), nats(histogram, [[x.max()], [x.min()]]))


@pytest.mark.parametrize("which", [0, 1], ids=["student", "histogram"])
def test_a_category_counts_by_its_shares_and_a_hole_not_at_all(which):
    # Class 2 was never seen: half a row.
    x = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 1.0], [3.0, np.nan]])
    marginals = learned(x, (None, 3))[which]
    found = nats(marginals, [[1.0, 0.0], [1.0, 1.0], [1.0, 2.0], [np.nan, np.nan]])
    np.testing.assert_allclose(found[:3, 1], -np.log(np.array([2.5, 1.5, 0.5]) / 4.5), rtol=1e-5)
    np.testing.assert_array_equal(found[3], 0.0)


@pytest.mark.parametrize("which", [0, 1], ids=["student", "histogram"])
def test_a_column_that_never_varies_tells_training_rows_nothing(which):
    x = np.stack([np.full(50, 4.0), np.arange(50.0)], axis=1)
    found = nats(learned(x)[which], x)
    assert np.ptp(found[:, 0]) == 0.0
    assert np.isfinite(found).all()
