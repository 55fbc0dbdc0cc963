import numpy as np
import pytest
from scipy import stats

from keras_vae.tasks.compression.lossy.tables import (
    MAX_HALF_WIDTH,
    WHOLE,
    gaussian_table,
    logistic_mixture_table,
    scales_of,
)

WEIGHTS, LOCS, SCALES = np.array([3.0, 1.0]), np.array([-2.2, 4.0]), np.array([0.4, 2.5])


def check_counts(table):
    counts = table.probabilities * WHOLE
    np.testing.assert_array_equal(counts, np.rint(counts))
    assert counts.min() >= 1
    assert counts.sum() == WHOLE


@pytest.mark.parametrize("scale", [0.11, 1.0, 13.0, 270.0])
@pytest.mark.parametrize("mean", [0.0, 0.5, 0.9375])
def test_a_gaussian_table_has_the_masses_of_scipy(scale, mean):
    table = gaussian_table(scale, mean)
    check_counts(table)
    k = table.low + np.arange(table.n_values)
    assert k[0] == -k[-1]
    wanted = stats.norm.cdf((k + 0.5 - mean) / scale) - stats.norm.cdf((k - 0.5 - mean) / scale)
    # In multiples of 2^-24, of which each number gets one at least.
    np.testing.assert_allclose(table.probabilities[:-1], wanted, atol=2.0 / WHOLE, rtol=len(k) / WHOLE)
    outside = stats.norm.cdf((k[0] - 0.5 - mean) / scale) + stats.norm.sf((k[-1] + 0.5 - mean) / scale)
    np.testing.assert_allclose(table.probabilities[-1], outside, atol=2.0 / WHOLE)


def test_a_table_of_a_mixture_has_the_masses_of_scipy():
    table = logistic_mixture_table(WEIGHTS, LOCS, SCALES)
    check_counts(table)
    edges = table.low + np.arange(table.n_values + 1) - 0.5
    cdf = 0.75 * stats.logistic.cdf(edges, -2.2, 0.4) + 0.25 * stats.logistic.cdf(edges, 4.0, 2.5)
    np.testing.assert_allclose(table.probabilities[:-1], np.diff(cdf), atol=2.0 / WHOLE, rtol=len(edges) / WHOLE)


def test_tables_stay_small_where_training_went_astray():
    for table in (
        gaussian_table(1e6),
        logistic_mixture_table(WEIGHTS, np.array([-1e7, 0.0]), SCALES),
        logistic_mixture_table(WEIGHTS, np.array([1e7, 1e7]), SCALES),
        logistic_mixture_table(WEIGHTS, LOCS, np.array([1e8, 1.0])),
    ):
        check_counts(table)
        assert 1 <= table.n_values <= 2 * MAX_HALF_WIDTH + 2


def test_what_has_no_place_has_the_symbol_of_the_escape():
    table = gaussian_table(1.0)
    last = -table.low
    values = np.array([table.low, 0, last, last + 1, table.low - 1, 2**40])
    np.testing.assert_array_equal(table.symbols(values), [0, last, 2 * last, *[table.escape] * 3])


def test_scales_grow_by_one_factor_over_the_whole_range():
    scales = scales_of(0.11)
    assert scales[0] == 0.11
    np.testing.assert_allclose(scales[1:] / scales[:-1], np.exp(0.124), rtol=1e-12)
    assert scales[-1] > 255.0
