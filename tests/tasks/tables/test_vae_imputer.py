"""`VAEImputer`: tables of any columns come back without holes."""

import pickle

import numpy as np
import pandas
import pytest
from sklearn.base import clone

from keras_vae.tasks.tables import VAEImputer

QUICK = {"epochs": 1, "hidden_units": (8,), "random_state": 0, "n_samples": 20}


def numbers(seed=0, n=120):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 1)) @ rng.normal(size=(1, 4)) + 0.2 * rng.normal(size=(n, 4))
    return x, np.where(rng.random(x.shape) < 0.3, np.nan, x)


def frame(n=80):
    rng = np.random.default_rng(0)
    table = pandas.DataFrame(
        {
            "size": rng.normal(size=n),
            "city": rng.choice(["Rome", "Paris", "Oslo"], n),
            "day": pandas.Timestamp("2024-01-01") + pandas.to_timedelta(rng.integers(0, 300, n), unit="D"),
            "member": rng.random(n) < 0.5,
            "name": [f"person {i}" for i in range(n)],
        }
    )
    table["member"] = table["member"].astype("boolean")
    for j, column in enumerate(("size", "city", "day", "member")):
        table.loc[j::5, column] = None
    return table


@pytest.fixture(scope="module")
def imputer():
    return VAEImputer(**QUICK).fit(numbers()[1])


@pytest.fixture(scope="module")
def imputer_of_frames():
    return VAEImputer(**QUICK).fit(frame())


@pytest.mark.slow
def test_holes_are_filled_better_than_by_means(imputer):
    x, shown = numbers()
    filled, holes = imputer.transform(shown), np.isnan(shown)
    np.testing.assert_array_equal(filled[~holes], shown[~holes])
    # A factor and noise of 0.2: what is left is well below half of the deviation from the mean.
    of_means = np.nanmean(shown, axis=0) - x
    assert np.mean(np.square((filled - x)[holes])) < 0.5 * np.mean(np.square(of_means[holes]))


@pytest.mark.slow
def test_a_word_that_was_seen_tells_the_number_beside_it():
    rng = np.random.default_rng(0)
    species = rng.integers(0, 3, 150)
    sizes = np.array([2.0, -1.0, -1.0])[species] + 0.1 * rng.normal(size=150)
    shown = np.where(rng.random(150) < 0.3, np.nan, sizes)
    table = pandas.DataFrame({"species": np.array(["seal", "otter", "mink"])[species], "size": shown})
    imputer = VAEImputer(**QUICK).fit(table)
    error = (imputer.transform(table)["size"].to_numpy() - sizes)[np.isnan(shown)]
    # The spread within a species is 0.1, that of all 1.4.
    assert np.sqrt(np.mean(error**2)) < 0.3
    # One latent per column that the encoder sees: the number, three words and the others.
    assert imputer.model_.latent_dim == 5


@pytest.mark.slow
def test_the_same_state_gives_the_same_table_twice(imputer):
    shown = numbers()[1]
    np.testing.assert_array_equal(clone(imputer).fit(shown).transform(shown), imputer.transform(shown))


@pytest.mark.slow
def test_a_pickle_fills_as_the_original(imputer):
    shown = numbers()[1]
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(imputer)).transform(shown), imputer.transform(shown))


def test_draws_differ_where_there_are_holes_only(imputer):
    shown = numbers()[1]
    first, second = imputer.sample(shown, n_tables=2)
    differs = first != second
    assert differs[np.isnan(shown)].mean() > 0.9
    assert not differs[~np.isnan(shown)].any()


def test_rows_without_any_value_and_new_columns_of_holes(imputer):
    filled = imputer.transform(np.full((1, 4), np.nan))
    assert np.isfinite(filled).all()


@pytest.mark.slow
def test_frames_keep_their_words_and_dates(imputer_of_frames):
    table = frame()
    filled = imputer_of_frames.transform(table)
    assert list(filled.columns) == list(table.columns)
    assert filled.dtypes.equals(table.dtypes)
    assert not filled.isna().any().any()
    assert set(filled["city"]) <= {"Rome", "Paris", "Oslo"}
    pandas.testing.assert_series_equal(filled["name"], table["name"])


def test_frames_are_matched_by_name(imputer_of_frames):
    table = frame()
    expected = imputer_of_frames.transform(table)
    pandas.testing.assert_frame_equal(imputer_of_frames.transform(table[table.columns[::-1]])[table.columns], expected)
    with pytest.raises(ValueError, match="lacks columns"):
        imputer_of_frames.transform(table.rename(columns={"city": "town"}))


def test_an_infinite_value_is_refused(imputer):
    with pytest.raises(ValueError, match=r"column `x0` must hold finite float32 numbers. Received: inf in row 0"):
        imputer.transform(np.array([[np.inf, 0.0, 0.0, 0.0]]))


def test_one_row_is_no_table():
    with pytest.raises(ValueError, match="1 sample"):
        VAEImputer().fit(np.ones((1, 3)))
