"""Pictures of new examples: what is shown on which scale."""

import numpy as np
import pytest
from helpers import small_vae

from keras_vae.data.columns import TableColumns
from keras_vae.layers.standardize import Standardize
from keras_vae.tasks.sample_figure import sample_figure, shown_as


@pytest.fixture
def table(rng):
    return (rng.normal(size=(40, 6)) * [1, 1, 1, 1, 1, 1000] + 5.0).astype("float32")


def scaled_vae(table, over):
    scaler = Standardize(over)
    scaler.adapt(table)
    return small_vae(preprocessing=scaler)


@pytest.mark.parametrize("like", [False, True])
def test_columns_of_a_table_are_shown_in_their_own_units(table, like):
    vae = scaled_vae(table, "columns")
    names = ["a", "b", "c", "d", "e", "price"]
    figure = sample_figure(vae, 4, seed=0, like=table if like else None, feature_names=names)
    assert [ax.get_title() for ax in figure.axes] == names
    low, high = figure.axes[5].get_xlim()
    samples = vae.sample(1000, seed=0)[:, 5]
    assert low < samples.mean() < high
    assert high - low > 30 * np.ptp(figure.axes[0].get_xlim()) * (1 if like else 0)


def test_given_draws_are_shown_as_they_are(table):
    draws = np.full((50, 6), 7.0) + np.linspace(0, 1, 50)[:, None]
    figure = sample_figure(scaled_vae(table, "columns"), 4, draws=draws)
    for ax in figure.axes:
        assert 6.5 < ax.get_xlim()[0] < ax.get_xlim()[1] < 8.5


def test_columns_are_shown_as_what_they_are():
    n = 12
    table = {
        "size": np.linspace(0.5, 3.0, n),
        "town": ["Rome", "Oslo", "Bonn"] * 4,
        "member": ["no", "yes"] * 6,
        "side": [1.0, 2.0] * 6,
        "visits": [0, 1, 2, 3, 1, 0, 5, 1, 2, 0, 1, 3],
        "joined": np.datetime64("2020-03-01") + np.arange(n),
    }
    kinds = {"town": "category", "member": "binary", "side": "binary", "visits": "count"}
    columns = TableColumns.learn(table, column_kinds=kinds)
    size, town, member, side, visits, joined = shown_as(columns)
    assert (size, visits, member, side) == (None, "count", ("no", "yes"), ("1", "2"))
    assert set(town) == {"Rome", "Oslo", "Bonn", "other"}
    # What the column holds are days from there.
    days = columns.encode(table)[:, 5]
    np.testing.assert_array_equal(joined + days.astype(int), table["joined"])
