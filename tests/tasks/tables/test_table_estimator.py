"""What the three estimators of tables share, as their users meet it: containers, pipelines, kept files, bad input."""

import io

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from keras_vae.tasks.tables import VAEImputer, VAEOutlierDetector, VAETransformer

QUICK = {"epochs": 1, "hidden_units": (4,), "latent_dim": 2, "n_samples": 4, "random_state": 0}
ESTIMATORS = [VAETransformer(**QUICK), VAEOutlierDetector(**QUICK), VAEImputer(**QUICK)]
NAMES = ["transformer", "detector", "imputer"]
each = pytest.mark.parametrize("estimator", ESTIMATORS, ids=NAMES)
each_fitted = pytest.mark.parametrize("which", range(3), ids=NAMES)


def frame(n=120, seed=0, holes=True):
    """People: numbers, words, counts and truth values, some of them missing."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"size": rng.normal(170.0, 10.0, n), "weight": rng.normal(70.0, 9.0, n)})
    table["city"] = rng.choice(["Rome", "Paris", "Oslo"], n)
    table["visits"] = rng.negative_binomial(1, 0.3, n)
    table["paid"] = rng.random(n) < 0.5
    if holes:
        table.loc[::5, "weight"] = np.nan
        table.loc[1::6, "city"] = None
    return table


def numbers(n=60):
    return frame(n, holes=False)[["size", "weight"]].to_numpy()


def answer(estimator, X):
    """What an estimator makes of a table, as an array."""
    return np.asarray(estimator.transform(X) if hasattr(estimator, "transform") else estimator.decision_function(X))


def assert_answers(estimator, X, n=None):
    """Check that every row has an answer, which holds no hole."""
    found = answer(estimator, X)
    assert len(found) == (len(X) if n is None else n)
    assert not pd.isna(found).any()


@pytest.fixture(scope="module")
def fitted():
    return [clone(estimator).fit(frame()) for estimator in ESTIMATORS]


@pytest.fixture(scope="module")
def of_numbers():
    """An imputer of an array."""
    return VAEImputer(**QUICK).fit(numbers())


# As other estimators of scikit-learn.


@pytest.mark.parametrize("container", ["pandas", "polars"])
@pytest.mark.parametrize("given", ["transformer", "imputer", "imputer of an array"])
def test_set_output_gives_frames_with_names(fitted, of_numbers, container, given):
    pytest.importorskip(container)
    estimator = {"transformer": fitted[0], "imputer": fitted[2]}.get(given, of_numbers)
    X = numbers() if estimator is of_numbers else frame()
    expected = answer(estimator, X)
    try:
        found = estimator.set_output(transform=container).transform(X)
    finally:
        estimator.set_output(transform="default")
    assert type(found).__module__.startswith(container)
    assert list(found.columns) == list(estimator.get_feature_names_out())
    np.testing.assert_array_equal(found.to_numpy(), expected)


def test_feature_names_are_those_of_the_codes_or_of_the_columns(fitted, of_numbers):
    assert list(fitted[0].get_feature_names_out()) == ["vaetransformer0", "vaetransformer1"]
    assert list(fitted[2].get_feature_names_out()) == ["size", "weight", "city", "visits", "paid"]
    assert list(of_numbers.get_feature_names_out()) == ["x0", "x1"]


@pytest.mark.slow
@each_fitted
def test_a_file_of_joblib_gives_equal_answers(fitted, which):
    file = io.BytesIO()
    joblib.dump(fitted[which], file)
    file.seek(0)
    again = joblib.load(file)
    np.testing.assert_array_equal(answer(again, frame(30, 1)), answer(fitted[which], frame(30, 1)))


@each
def test_a_notebook_shows_the_estimator(estimator):
    html = estimator._repr_html_()
    assert type(estimator).__name__ in html
    assert "latent_dim" in html


@pytest.mark.slow
def test_columns_are_parted_by_a_column_transformer():
    parts = make_column_transformer(
        (VAETransformer(**QUICK), ["size", "weight", "city"]),
        (VAEImputer(**QUICK), ["visits", "weight"]),
        remainder="drop",
    )
    found = parts.set_output(transform="pandas").fit_transform(frame())
    assert list(found.columns) == [
        "vaetransformer__vaetransformer0",
        "vaetransformer__vaetransformer1",
        "vaeimputer__visits",
        "vaeimputer__weight",
    ]
    assert found.notna().all(axis=None)


@pytest.mark.slow
def test_a_pipeline_fills_holes_before_features_and_is_searched():
    labels = (frame()["size"] > 170.0).astype(int)
    pipeline = make_pipeline(VAEImputer(**QUICK), VAETransformer(**QUICK), LogisticRegression())
    search = GridSearchCV(pipeline, {"vaetransformer__beta": [0.5, 1.0]}, cv=2, error_score="raise")
    assert search.fit(frame(), labels).predict(frame()).shape == (120,)


@each_fitted
def test_frames_of_polars_are_taken_and_give_the_answers_of_pandas(fitted, which):
    pl = pytest.importorskip("polars")
    table = frame(40, 1)
    found = answer(fitted[which], pl.from_pandas(table))
    np.testing.assert_array_equal(found, answer(fitted[which], table))


# Columns that are not as they should be.


@each_fitted
def test_the_order_of_the_columns_does_not_matter_and_another_name_is_told(fitted, which):
    estimator, table = fitted[which], frame()
    again = estimator.transform if which == 2 else lambda X: pd.DataFrame(answer(estimator, X))
    turned, straight = again(table[table.columns[::-1]]), again(table)
    pd.testing.assert_frame_equal(turned[straight.columns], straight)
    with pytest.raises(ValueError, match=r"it lacks columns: city. Received: size, weight, town"):
        answer(estimator, table.rename(columns={"city": "town"}))


def test_a_frame_after_an_array_is_matched_by_places(of_numbers):
    holes = np.where(np.arange(120).reshape(60, 2) % 7 == 0, np.nan, numbers())
    with pytest.warns(UserWarning, match="X has feature names, but VAEImputer was fitted without"):
        filled = of_numbers.transform(pd.DataFrame(holes, columns=["a", "b"]))
    np.testing.assert_array_equal(filled, of_numbers.transform(holes))
    with (
        pytest.warns(match="feature names"),
        pytest.raises(ValueError, match="X has 3 features, but VAEImputer is expecting 2"),
    ):
        of_numbers.transform(pd.DataFrame(np.ones((2, 3)), columns=["a", "b", "c"]))


@each_fitted
def test_an_unseen_word_is_told_and_answered(fitted, which):
    table = frame(5)
    table.loc[2, "city"] = "Atlantis"
    with pytest.warns(UserWarning, match="column `city`: 'Atlantis' is no known word: read as 'other' in 1 row"):
        assert_answers(fitted[which], table)


@each_fitted
def test_columns_that_are_empty_later_are_answered(fitted, which):
    assert_answers(fitted[which], frame().assign(weight=np.nan, city=None))


@pytest.mark.slow
@each
def test_columns_that_say_nothing_are_told_and_answered_in_a_table_smaller_than_a_batch(estimator):
    table = frame(30, holes=False).assign(nothing=np.nan, of_numbers=3.0, of_words="a")
    with pytest.warns(UserWarning, match="Columns 'of_numbers' do not vary") as told:
        fitted = clone(estimator).set_params(batch_size=512).fit(table)
    empty = "columns left out (`nothing`: every cell is empty); drop them from the table"
    assert empty in [str(warning.message) for warning in told]
    report = {line.what: line.read_as for line in fitted.columns_.report}
    assert report["column `of_numbers`"] == "real, the same value in every row, 3"
    assert report["column `of_words`"] == "category of 1 word (a)"
    assert report["column `nothing`"] == "left out: every cell is empty"
    found = answer(fitted, table)
    # An imputer gives what it does not know as it was.
    at_nothing = table.columns.get_loc("nothing")
    assert not pd.isna(np.delete(found, at_nothing, axis=1) if isinstance(estimator, VAEImputer) else found).any()


@each_fitted
@pytest.mark.parametrize(
    ("cells", "match"),
    [
        (["tall"] * 120, r"column `size` must hold numbers. Received: 'tall' in row 0 \(from 0\)"),
        (
            [170.0] * 3 + ["tall"] + [170.0] * 116,
            r"column `size` must hold numbers. Received: 'tall' in row 3 \(from 0\)",
        ),
        ([pd.Timestamp("2024-01-01")] * 120, "column `size` must hold numbers. Received: dates in row 0"),
        (
            [170.0] * 4 + [np.inf] + [170.0] * 115,
            r"column `size` must hold finite .* Received: inf in row 4 \(from 0\)",
        ),
    ],
    ids=["words", "one-word", "dates", "infinite"],
)
def test_cells_of_a_new_type_are_refused_with_column_and_row(fitted, which, cells, match):
    with pytest.raises(ValueError, match=match):
        answer(fitted[which], frame().assign(size=pd.Series(cells)))


def test_numbers_where_words_were_are_unknown_words(fitted):
    with pytest.warns(UserWarning, match=r"column `city`: '0', '1' ... '118', '119' \(120\) are no known words"):
        assert_answers(fitted[1], frame().assign(city=range(120)))


@pytest.mark.slow
def test_ten_thousand_different_words_are_no_category_of_ten_thousand():
    table = pd.DataFrame({"a": np.random.default_rng(0).normal(size=10_000), "key": [f"k{i}" for i in range(10_000)]})
    told = r"`key`: 10,000 different words in 10,000 rows: names of things\); drop them from the table"
    with pytest.warns(UserWarning, match=told):
        fitted = VAETransformer(**QUICK).fit(table)
    assert [column.name for column in fitted.columns_.columns] == ["a"]


# Tables that are none, or hardly.


@each
@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e39])
def test_infinite_cells_of_an_array_are_refused_with_column_and_row(estimator, value):
    X = numbers().copy()
    X[4, 1] = value
    told = rf"column `x1` must hold finite float32 numbers. Received: {value:g}".replace("+", r"\+")
    with pytest.raises(ValueError, match=rf"{told} in row 4 \(from 0\)"):
        clone(estimator).fit(X)


def test_infinite_cells_of_a_later_array_are_refused_with_column_and_row(of_numbers):
    X = numbers().copy()
    X[4, 1] = -np.inf
    with pytest.raises(ValueError, match=r"column `x1` must hold finite .* Received: -inf in row 4 \(from 0\)"):
        answer(of_numbers, X)


@each
def test_one_axis_is_no_table(of_numbers, estimator):
    for X in (numbers()[:, 0], numbers()[0]):
        with pytest.raises(ValueError, match="Expected 2D array, got 1D array"):
            answer(of_numbers, X)
        with pytest.raises(ValueError, match="Expected 2D array, got 1D array"):
            clone(estimator).fit(X)
    with pytest.raises(ValueError, match=r"Expected a 2-dimensional container but got .*Series"):
        clone(estimator).fit(frame()["size"])


@each
def test_one_row_and_no_row_are_nothing_to_learn_from(estimator):
    with pytest.raises(ValueError, match=r"`X` must have at least 2 rows to learn from. Received: 1"):
        clone(estimator).fit(frame(1))
    with pytest.raises(ValueError, match="minimum of 2 is required"):
        clone(estimator).fit(numbers(1))
    with pytest.raises(ValueError, match=r"`table` must have rows and columns. Received: shape \(0, 5\)"):
        clone(estimator).fit(frame().iloc[:0])


@each
def test_a_name_that_two_columns_have_is_refused(estimator):
    twice = pd.concat([frame(), frame()[["size"]]], axis=1)
    with pytest.raises(ValueError, match=r"every column must have a name of its own. Received twice or more: size"):
        clone(estimator).fit(twice)


@each_fitted
def test_one_row_is_answered_as_among_others(fitted, which):
    for i in (0, 5):
        alone, among = (answer(fitted[which], table) for table in (frame().iloc[[i]], frame()))
        if which == 2:
            assert_answers(fitted[2], frame().iloc[[i]])
        else:
            np.testing.assert_allclose(alone, among[[i]], rtol=1e-4, atol=1e-5)
