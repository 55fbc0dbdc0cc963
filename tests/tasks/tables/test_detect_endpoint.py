"""The served detector against the one in Python, on raw rows."""

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from sklearn.exceptions import NotFittedError

from keras_vae.data.columns import TableColumns
from keras_vae.tasks.tables import VAEOutlierDetector
from keras_vae.tasks.tables.detect_endpoint import MAX_INPUTS, input_names, is_one_input

SMALL = {"epochs": 1, "hidden_units": (4,), "n_samples": 4, "random_state": 0}


def frame(n, seed=0):
    """Numbers, words, words that are numbers, dates, truth values and holes; names that no identifier can have."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"the amount": rng.normal(50.0, 9.0, n), "city": rng.choice(["Rome", "Paris", "Oslo"], n)})
    table["day"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D")
    table["sex"] = rng.choice(["m", "f"], n)
    table["2nd"] = rng.choice([10, 20, 30], n)
    table.loc[rng.random(n) < 0.15, "city"] = None
    table.loc[rng.random(n) < 0.15, "the amount"] = np.nan
    return table


def signature(path):
    return tf.saved_model.load(str(path)).signatures["detect"]


def assert_same(served, detector, table):
    """A served answer is that of the detector."""
    score, outlier, parts = (served[name].numpy() for name in ("score", "is_outlier", "contributions"))
    np.testing.assert_allclose(score, -detector.score_samples(table), rtol=1e-4, atol=1e-5)
    sure = np.abs(detector.decision_function(table)) > 1e-4
    np.testing.assert_array_equal(outlier[sure], (detector.decision_function(table) < 0.0)[sure])
    np.testing.assert_allclose(parts, detector.explain(table), rtol=1e-3, atol=1e-4)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A detector of a frame, and its signature."""
    kinds = {"2nd": "category"}
    detector = VAEOutlierDetector(**SMALL, column_kinds=kinds).fit(frame(200))
    return detector, signature(detector.export(tmp_path_factory.mktemp("served") / "clients"))


def inputs(detector, table):
    """Raw cells of a table by the names of the inputs."""
    days = detector.columns_.encode(table)
    cells = {}
    for j, (column, name) in enumerate(zip(detector.columns_.columns, input_names(detector.columns_), strict=True)):
        if column.name in ("city", "sex"):
            cells[name] = tf.constant([word if isinstance(word, str) else "" for word in table[column.name]])
        elif column.name == "day":
            cells[name] = tf.constant(days[:, j])
        else:
            cells[name] = tf.constant(table[column.name].to_numpy("float32"))
    return cells


@pytest.mark.slow
def test_named_inputs_take_words_and_numbers_as_they_are(served):
    detector, detect = served
    given = detect.structured_input_signature[1]
    assert set(given) == {"the_amount", "city", "day", "sex", "column_2nd"}
    assert {name for name, spec in given.items() if spec.dtype == tf.string} == {"city", "sex"}
    for table in (frame(200), frame(70, seed=1)):
        assert_same(detect(**inputs(detector, table)), detector, table)


@pytest.mark.slow
def test_a_word_that_was_never_seen_is_read_as_in_python(served):
    detector, detect = served
    table = frame(30, seed=1)
    table["city"] = "Atlantis"
    table["2nd"] = 99
    with pytest.warns(UserWarning, match="column `city`"):
        score = -detector.score_samples(table)
    np.testing.assert_allclose(detect(**inputs(detector, table))["score"], score, rtol=1e-4)


@pytest.mark.slow
def test_blanks_around_a_word_and_an_outcome_that_is_not_known(served):
    detector, detect = served
    table = frame(30, seed=1)
    cells = inputs(detector, table)
    plain = detect(**cells)["score"]
    cells["city"] = tf.strings.join([" ", cells["city"], "  "])
    np.testing.assert_allclose(detect(**cells)["score"], plain, rtol=1e-5)
    unknown, hole = ({**cells, "sex": tf.fill([30], word)} for word in ("x", ""))
    np.testing.assert_allclose(detect(**unknown)["score"], detect(**hole)["score"], rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("score", ["combined", pytest.param("elbo", marks=pytest.mark.slow)])
def test_a_table_of_numbers_is_one_input(score, tmp_path):
    x = np.random.default_rng(0).normal(size=(150, 3))
    x[::7, 1] = np.nan
    detector = VAEOutlierDetector(**SMALL, score_by=score).fit(x)
    detect = signature(detector.export(tmp_path / "numbers"))
    answer = detect(x=tf.constant(x, tf.float32))
    if score == "combined":
        assert_same(answer, detector, x)
    else:
        np.testing.assert_allclose(answer["score"], -detector.score_samples(x), rtol=1e-4, atol=1e-5)


def test_names_of_inputs_are_identifiers_and_no_two_the_same():
    columns = TableColumns.of_numbers(["a b", "a-b", "a_b", "3rd", "€", "x"])
    assert input_names(columns) == ["a_b", "a_b_", "a_b__", "column_3rd", "column_4", "x"]


def test_what_is_one_input():
    assert is_one_input(TableColumns.of_numbers(3))
    words = {"city": ["Rome", "Oslo"] * 10, "size": np.arange(20.0)}
    assert not is_one_input(TableColumns.learn(words))
    many = words | {f"x{j}": np.arange(20.0) for j in range(MAX_INPUTS)}
    assert is_one_input(TableColumns.learn(many))


def test_before_fit_there_is_nothing_to_export(tmp_path):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        VAEOutlierDetector().export(tmp_path / "none")
