"""Thresholds: the share that they promise, measured on rows of known distributions."""

import numpy as np
import pytest
from scipy import stats

from keras_vae.tasks.tables.anomaly.thresholds import (
    contamination_threshold,
    extreme_value_threshold,
    quantile_threshold,
)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.25, 0.5])
def test_contamination_is_the_share_of_the_training_rows(share, rng):
    scores = rng.normal(size=1000)
    assert np.sum(scores > contamination_threshold(scores, share)) == 1000 * share


def test_the_quantile_bound_is_the_order_statistic_of_wilks(rng):
    # 0.99 ** 299 < 0.05 <= 0.99 ** 298: the largest of 299 scores is just enough.
    scores = rng.normal(size=299)
    assert quantile_threshold(scores, 0.01) == scores.max()


def test_the_quantile_bound_holds_in_nineteen_of_twenty_tables(rng):
    rate, n_tables = 0.05, 1000
    passed = [stats.expon.sf(quantile_threshold(rng.exponential(size=300), rate)) for _ in range(n_tables)]
    held = np.mean(np.array(passed) <= rate)
    # Five standard errors of a share of 95 %.
    assert held >= 0.95 - 5.0 * np.sqrt(0.95 * 0.05 / n_tables)
    # The bound is as tight as whole rows allow.
    assert held <= 0.98


def test_more_confidence_gives_a_higher_threshold(rng):
    scores = rng.normal(size=500)
    low, middle, high = (quantile_threshold(scores, 0.05, confidence) for confidence in (0.5, 0.95, 0.999))
    assert low < middle < high


def test_too_few_rows_for_a_confidence_are_refused(rng):
    with pytest.raises(ValueError, match=r"`X` must have at least 299 rows .*0.01 .*0.95. Received: 298 rows"):
        quantile_threshold(rng.normal(size=298), 0.01)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 1.5, "much"])
def test_a_confidence_out_of_bounds_is_refused(confidence, rng):
    with pytest.raises(ValueError, match="`confidence` must be"):
        quantile_threshold(rng.normal(size=500), 0.05, confidence)


@pytest.mark.parametrize(
    "density",
    [stats.expon(), stats.norm(), stats.t(4), stats.beta(2, 3)],
    ids=["exponential", "normal", "t", "bounded"],
)
def test_the_tail_is_extrapolated_beyond_the_rows(density):
    # 2000 rows, and a share of one in 10,000 of which most tables have none.
    thresholds = [extreme_value_threshold(density.rvs(2000, random_state=seed), 1e-4) for seed in range(12)]
    shares = density.sf(thresholds)
    # The fitted shape has a standard error of about 0.07, by which the share is off several times over.
    assert 1e-4 / 5.0 < np.median(shares) < 1e-4 * 5.0


def test_within_the_rows_the_tail_is_as_long_as_it_is(rng):
    thresholds = [extreme_value_threshold(rng.exponential(size=2000), 0.01) for _ in range(20)]
    # The quantile itself has a relative standard error of sqrt(1 / 20) in its share, 20 tables together a quarter.
    np.testing.assert_allclose(stats.expon.sf(thresholds).mean(), 0.01, rtol=5.0 / np.sqrt(20 * 20))


def test_large_shares_are_those_of_the_training_rows(rng):
    scores = rng.normal(size=500)
    assert extreme_value_threshold(scores, 0.2) == contamination_threshold(scores, 0.2)


@pytest.mark.parametrize("scores", [np.arange(190.0), np.ones(1000)], ids=["few", "equal"])
def test_a_tail_of_few_scores_is_refused(scores):
    with pytest.raises(ValueError, match="`X` must have at least 200 rows of different scores"):
        extreme_value_threshold(scores, 0.01)
