"""Drift of scores: what is planted is found, what is not is not told."""

import matplotlib.figure
import numpy as np
import pytest
from scipy import stats

from keras_vae.tasks.tables.anomaly.drift import plot_drift, score_drift


def test_a_shift_is_found_where_it_begins(rng):
    known, scores = rng.normal(size=2000), rng.normal(size=2000)
    scores[1000:] += 1.0
    drift = score_drift(known, scores, threshold=2.0)
    assert (drift.window, len(drift.starts), drift.first) == (100, 20, 1000)
    np.testing.assert_array_equal(drift.has_drifted, drift.starts >= 1000)
    # Shares of 100 rows, five standard errors.
    expected = np.where(drift.has_drifted, stats.norm.sf(1.0), stats.norm.sf(2.0))
    assert np.all(np.abs(drift.flagged - expected) < 5.0 * np.sqrt(expected / 100))


def test_a_wider_spread_is_a_drift_too(rng):
    drift = score_drift(rng.normal(size=2000), 3.0 * rng.normal(size=4000), threshold=2.0)
    assert drift.has_drifted.all()


def test_false_alarms_are_as_rare_as_they_are_said_to_be(rng):
    n_tables, significance = 150, 0.05
    alarms = [
        score_drift(rng.normal(size=200), rng.normal(size=150), 2.0, 30, significance).first is not None
        for _ in range(n_tables)
    ]
    assert np.mean(alarms) <= significance + 5.0 * np.sqrt(significance * (1.0 - significance) / n_tables)


def test_windows_hold_their_rows_and_the_last_one_the_rest(rng):
    known, scores = rng.normal(size=100), rng.normal(size=130)
    drift = score_drift(known, scores, 0.0, window=40)
    np.testing.assert_array_equal(drift.starts, [0, 40, 80])
    for k, rows in enumerate((scores[:40], scores[40:80], scores[80:])):
        found = drift.lows[k], drift.medians[k], drift.highs[k]
        np.testing.assert_allclose(found, np.quantile(rows, [0.25, 0.5, 0.75]))
        test = stats.ks_2samp(rows, known)
        assert drift.statistics[k] == test.statistic
        assert drift.p_values[k] == min(1.0, 3.0 * test.pvalue)


def test_fewer_rows_than_a_window_are_one_window(rng):
    drift = score_drift(rng.normal(size=100), rng.normal(size=25), 0.0, window=50)
    np.testing.assert_array_equal(drift.starts, [0])
    assert drift.first is None


@pytest.mark.parametrize("name", ["known", "scores"])
def test_few_rows_are_refused(name, rng):
    rows = {"known": rng.normal(size=100), "scores": rng.normal(size=100)} | {name: np.zeros(19)}
    with pytest.raises(ValueError, match=f"`{name}` must be of at least 20 rows. Received: 19"):
        score_drift(**rows, threshold=0.0)


@pytest.mark.parametrize("significance", [0.0, 1.0, -0.1])
def test_a_significance_out_of_bounds_is_refused(significance, rng):
    with pytest.raises(ValueError, match="`significance` must be"):
        score_drift(rng.normal(size=50), rng.normal(size=50), 0.0, significance=significance)


@pytest.mark.parametrize("window", [19, 20.5])
def test_a_window_out_of_bounds_is_refused(window, rng):
    with pytest.raises(ValueError, match="`window` must be a whole number >= 20"):
        score_drift(rng.normal(size=50), rng.normal(size=50), 0.0, window)


@pytest.mark.parametrize("shift", [0.0, 0.8, 5.0], ids=["none", "some", "all"])
def test_the_picture_has_every_window(shift, rng):
    scores = rng.normal(size=600) + shift
    drift = score_drift(rng.normal(size=600), scores, 2.0)
    figure = plot_drift(drift)
    assert isinstance(figure, matplotlib.figure.Figure)
    above, below = figure.axes
    assert sum(len(line.get_xdata()) for line in below.lines) == len(drift.starts)
    labels = [text.get_text() for text in above.get_legend().get_texts()]
    assert ("drifted" in labels) == drift.has_drifted.any()
