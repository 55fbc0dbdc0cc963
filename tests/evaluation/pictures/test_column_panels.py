"""Pictures of tables whose columns are words, yes or no, counts and dates."""

import warnings

import numpy as np
import pytest

from keras_vae.evaluation.pictures.column_panels import MAX_WORDS, pooled, share_right
from keras_vae.evaluation.plots import plot_reconstructions, plot_samples, plot_traversals

TOWNS = ("Rome", "Oslo", "Bonn", "other")
COLUMNS = [None, TOWNS, ("no", "yes"), "count", np.datetime64("2015-01-01")]
NAMES = ["age", "town", "member", "visits", "joined"]


@pytest.fixture
def table(rng):
    """Rows with a hole in every column."""
    n = 60
    x = [
        rng.normal(size=n),
        rng.integers(3, size=n),
        rng.integers(2, size=n),
        rng.poisson(2.0, n),
        2000 * rng.random(n),
    ]
    x = np.stack(x, axis=1)
    x[np.arange(5), np.arange(5)] = np.nan
    return x


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def ticks(axis):
    return [tick.get_text() for tick in axis.get_ticklabels()]


def known(x):
    return np.where(np.isnan(x), 1.0, x)


def test_words_are_right_or_not(table):
    reconstructed = known(table)
    reconstructed[:, 1] = 0
    reconstructed[:, 2] = 0.2 + 0.6 * reconstructed[:, 2]
    figure = plot_reconstructions(table, reconstructed, feature_names=NAMES, columns=COLUMNS)
    commonest = np.bincount(table[~np.isnan(table[:, 2]), 2].astype(int)).max() / 59
    rome, most = np.nanmean(table[:, 1] == 0) * 60 / 59, np.bincount(known(table)[:, 1].astype(int)[2:]).max() / 58
    titles = [ax.get_title().split("\n")[1] for ax in figure.axes]
    assert titles[0] == titles[3] == titles[4] == "100% explained"
    assert titles[2] == f"100% right, commonest {commonest:.0%}"
    assert titles[1].startswith(f"{rome:.0%} right")
    assert abs(float(titles[1].split()[-1].rstrip("%")) / 100 - most) < 0.03
    figure.canvas.draw()
    assert sorted(ticks(figure.axes[1].xaxis)) == sorted(ticks(figure.axes[1].yaxis)) == sorted(TOWNS[:3])
    # All rows of every word are taken for Rome.
    shares, row = figure.axes[1].images[0].get_array(), ticks(figure.axes[1].yaxis).index("Rome")
    np.testing.assert_array_equal(shares[row], 1.0)
    assert ticks(figure.axes[2].xaxis) == ["no", "yes"]
    assert {"2016", "2018"} <= set(ticks(figure.axes[4].xaxis))


def test_counts_stand_beside_each_other(table):
    figure = plot_reconstructions(table, known(table), columns=COLUMNS)
    points = figure.axes[3].collections[0].get_offsets()
    along = points[:, 0][~np.isnan(table[:, 3])]
    assert 0 < np.abs(along - table[~np.isnan(table[:, 3]), 3]).max() <= 0.3


def test_samples_of_words_are_bars_with_the_words_below(table):
    samples = known(table[:30])
    samples[:, 1] = 3
    figure = plot_samples(samples, table, feature_names=NAMES, columns=COLUMNS)
    town = figure.axes[1]
    assert set(ticks(town.xaxis)) == set(TOWNS)
    heights = np.reshape([bar.get_height() for bar in town.patches], (2, 4))
    np.testing.assert_allclose(heights.sum(axis=1), 1.0)
    assert heights[1, ticks(town.xaxis).index("other")] == 1.0
    # A bar for every count.
    assert {bar.get_width() for bar in figure.axes[3].patches if hasattr(bar, "get_width")} == {1.0}
    assert [len(ax.patches) for ax in plot_samples(samples, columns=COLUMNS).axes][1] == 1


def test_of_many_columns_of_words_those_that_differ_most_are_shown(rng):
    data = rng.integers(3, size=(200, 20)).astype(float)
    samples = data.copy()
    samples[:, 7] = 0.0
    figure = plot_samples(samples, data, columns=[TOWNS] * 20)
    assert figure.axes[0].get_title() == "column 8"


def test_rare_words_stand_together():
    words = tuple(f"w{k}" for k in range(20))
    x = np.repeat(np.arange(20.0), np.arange(20, 0, -1))
    shown, (places,) = pooled(words, np.append(x, np.nan))
    assert shown == [*words[: MAX_WORDS - 1], "the rest"]
    np.testing.assert_array_equal(np.bincount(places), [20, 19, 18, 17, 16, 15, 14, sum(range(1, 14))])


def test_a_column_of_holes_is_an_empty_panel(table):
    table[:, :] = np.nan
    assert np.isnan(share_right(table[:, 1], known(table)[:, 1], TOWNS)).all()
    reconstructions = plot_reconstructions(table, known(table), columns=COLUMNS)
    reconstructions.canvas.draw()
    assert {ax.get_title().split("\n")[1] for ax in reconstructions.axes} == {"constant"}
    plot_samples(known(table), table, columns=COLUMNS).canvas.draw()


def test_a_traversal_shows_the_words_at_both_ends():
    z = np.where(np.arange(20) % 2, 1.0, -1.0)[:, None] * [2.0, 1.0]

    def decode(z):
        town = np.where(z[:, 0] > 0, 2, 1)
        return np.stack([z[:, 0], town, 1 / (1 + np.exp(-z[:, 1])), 0 * town, 100 * z[:, 1]], axis=1)

    figure = plot_traversals(decode, z, 0 * z, feature_names=NAMES, columns=COLUMNS, scale=np.ones(5))
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert "Oslo\n→ Bonn" in texts
    assert sum(text in TOWNS for text in texts) == 1
    assert ticks(figure.axes[0].xaxis) == ["age", "town", "member = yes", "visits", "joined"]


@pytest.mark.parametrize("plot", [plot_reconstructions, plot_samples])
def test_columns_must_be_as_many_as_columns(table, plot):
    with pytest.raises(ValueError, match=r"`columns` must have 5 entries, one per column\. Received: 2 entries"):
        plot(table, table, columns=[None, None])
