"""Pictures of new examples: what is shown on which scale."""

import numpy as np
import pytest
from helpers import small_vae

from keras_vae.layers.standardize import Standardize
from keras_vae.tasks.sample_figure import on_one_scale, sample_figure


@pytest.fixture
def table(rng):
    return (rng.normal(size=(40, 6)) * [1, 1, 1, 1, 1, 1000] + 5.0).astype("float32")


def scaled_vae(table, over):
    scaler = Standardize(over)
    scaler.adapt(table)
    return small_vae(preprocessing=scaler)


def test_columns_in_their_own_units_are_shown_on_one_scale(table):
    shown = on_one_scale(scaled_vae(table, "columns"), table)
    np.testing.assert_allclose(shown.std(axis=0), 1.0, rtol=1e-3)
    np.testing.assert_allclose(shown.mean(axis=0), 0.0, atol=1e-3)


def test_values_of_one_unit_are_shown_as_they_are(table):
    assert on_one_scale(small_vae(), table) is table
    assert on_one_scale(scaled_vae(table, "all"), table) is table


@pytest.mark.parametrize("like", [False, True])
def test_no_column_drowns_the_others_in_the_picture(table, like):
    figure = sample_figure(scaled_vae(table, "columns"), 4, seed=0, like=table if like else None)
    low, high = figure.axes[0].get_ylim()
    assert -10.0 < low < high < 10.0
    heights = np.array([[bar.get_height() for bar in ax.patches] for ax in figure.axes])
    assert np.abs(heights[:, :5]).mean() > 0.2 * np.abs(heights[:, 5]).mean()
