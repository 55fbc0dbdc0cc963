import numpy as np
import pytest

from keras_vae.data.column_cells import cells_of
from keras_vae.data.column_kinds import judge

pd = pytest.importorskip("pandas")


def judged(values, wanted=None):
    return judge("c", cells_of(pd.Series(list(values))), wanted)


def kind(values, wanted=None):
    column = judged(values, wanted).column
    return None if column is None else column.kind


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([True, False, True], "binary", id="bools"),
        pytest.param([True], "binary", id="one-bool"),
        pytest.param(["yes", "no"], "binary", id="yes-no"),
        pytest.param(["YES", "no", "yes", "No"], "binary", id="yes-no-in-any-case"),
        pytest.param(["round", "square"], "binary", id="two-words"),
        pytest.param(["Rome", "rome"], "binary", id="two-spellings"),
        pytest.param([0, 1] * 10, "binary", id="two-numbers"),
        pytest.param([2.5, -1] * 10, "binary", id="any-two-numbers"),
        pytest.param([0, 1] * 9, "real", id="two-numbers-in-few-rows"),
        pytest.param([3.0] * 30, "real", id="constant"),
        pytest.param(["a"] * 3, "category", id="one-word"),
        pytest.param(["a", "b", "c"] * 2, "category", id="words"),
        pytest.param(["a", "b", "c", "a", "b"], None, id="few-rows-for-each-word"),
        pytest.param([f"w{k % 50}" for k in range(100)], "category", id="fifty-words"),
        pytest.param([f"w{k % 51}" for k in range(102)], None, id="more-words-that-are-rare"),
        pytest.param([f"w{k % 51}" for k in range(510)], "category", id="more-words-that-are-common"),
        pytest.param([f"w{k}" for k in range(10_000)], None, id="names"),
        pytest.param(["2024-01-01", "2024-01-05", "2024-02-01"], "real", id="dates"),
        pytest.param([0, 0, 0, 0, 0, 1, 2, 15], "count", id="counts"),
        pytest.param([1, 1, 1, 1, 1, 2, 3, 16], "real", id="no-zero"),
        pytest.param([0, 1, 2, 3, 4, 5, 6, 7], "real", id="not-skewed"),
        pytest.param([0, 0, 0, 0, 0, 1, 2, 15.5], "real", id="not-whole"),
        pytest.param([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2], "real", id="not-spread"),
        pytest.param([0, 0, 0, 0, 0, 1, 2, 2**30], "real", id="too-large-for-float32"),
        pytest.param([None, None], None, id="empty"),
        pytest.param([[1], [2]], None, id="nested"),
    ],
)
def test_kinds_are_guessed_by_the_cells(values, expected):
    assert kind(values) == expected


def test_rare_words_are_pooled_where_there_are_too_many():
    words = [f"w{k:02d}" for k in range(60) for _ in range(5 + k)] + [f"rare{k}" for k in range(100)]
    found = judged(words)
    assert found.column.n_classes == 51
    assert found.column.words == tuple(f"w{k:02d}" for k in range(10, 60))
    n_pooled = sum(5 + k for k in range(10)) + 100
    assert (
        found.words == f"category of 50 words (w59, w58, w57, w56, ...), 110 rarer ones in {n_pooled} rows are 'other'"
    )


def test_words_that_come_less_often_than_one_in_a_thousand_are_rare():
    words = ["a"] * 6000 + [f"w{k % 800}" for k in range(4800)]
    assert judged(words).column.words == ("a",)
    assert judged(words, "category").column.n_classes == 802


def test_many_words_are_kept_if_it_is_asked_for():
    found = judged([f"w{k:05d}" for k in range(1200)], "category")
    assert found.column.n_classes == 1001
    assert "200 rarer ones in 200 rows are 'other'" in found.words


def test_categories_of_numbers_are_in_the_order_of_the_numbers():
    found = judged([10, 9, 2.5, None, 9], "category").column
    assert (found.words, found.dtype) == (("2.5", "9", "10"), "float64")
    assert judged([True, False], "category").column.words == ("False", "True")
    assert judged(["b", "a", "b"], "category").column.words == ("a", "b")


def test_binary_columns_know_their_two_outcomes():
    assert judged(["no", "YES", "YES", "yes"]).column.words == ("no", "YES")
    assert judged(["round", "square"]).column.words == ("round", "square")
    assert judged([2, 5] * 10).column.values == (2.0, 5.0)
    assert judged([0, 1] * 10).column.values is None
    assert judged([0] * 10, "binary").column.values is None
    assert judged([2, 5] * 10).words == "binary: 5 is 1, 2 is 0"
    assert judged([0, 1] * 10).words == "binary: 0 and 1"
    assert judged([True]).words == "binary: true is 1, false is 0"


@pytest.mark.parametrize(
    ("values", "wanted", "problem"),
    [
        (["a", "b"], "real", "must hold numbers to be 'real'. Received: a, b"),
        (["a", "b"], "count", "must hold numbers to be 'count'"),
        ([-1, 2], "count", "must hold whole numbers >= 0 to be 'count'. Received: -1"),
        ([0.5, 2], "count", "must hold whole numbers >= 0 to be 'count'. Received: 0.5"),
        ([1, 2, 3], "binary", "must hold two different values to be 'binary'. Received: 3"),
        ([2, 2], "binary", "must hold two different values to be 'binary'. Received: 1"),
        (["a", "b", "c"], "binary", "must hold two different words to be 'binary'. Received: a, b, c"),
        ([None], "real", "can be no 'real': every cell is empty"),
        ([[1]], "category", "can be no 'category': lists or other objects"),
        (pd.to_datetime(["2024-01-01", "2024-01-02"]), "count", "must hold numbers to be 'count'. Received: dates"),
        (pd.to_datetime(["2024-01-01", "2024-01-02"]), "binary", "must hold two different values to be 'binary'"),
        (pd.to_datetime(["2024-01-01"]), "category", "must hold words or numbers to be 'category'. Received: dates"),
    ],
)
def test_what_a_column_cannot_be_is_a_problem(values, wanted, problem):
    found = judged(values, wanted)
    assert found.column is None
    assert problem in found.problem


def test_what_is_asked_for_is_taken():
    assert kind([0, 1] * 10, "real") == "real"
    assert kind([3, 4, 5], "count") == "count"
    assert kind([True, False], "count") == "count"
    assert kind(["2024-01-01", "2024-01-02"], "category") == "category"


def test_dates_count_from_1970_unless_they_have_times():
    assert judged(pd.to_datetime(["2024-01-01", "2024-01-05"])).column.unit == "days since 1970-01-01"
    found = judged(pd.to_datetime(["2024-01-01 10:00", "2024-01-05 11:00"]))
    assert found.column.unit == "days since 2024-01-01"
    assert found.words == "dates 2024-01-01 to 2024-01-05, in days since 2024-01-01"
    assert judged(["14:05", "07:00"]).column.unit == "hours"
    assert judged(pd.to_timedelta([1, 2], unit="h")).column.unit == "days"


def test_the_report_says_what_there_is_to_know_of_numbers():
    assert judged([1.5, 2, 20]).words == "real, 1.5 to 20"
    assert judged([3, 3, 3]).words == "real, the same value in every row, 3"
    assert judged(["10 %", "20 %", "15 %"]).words == "real, 10 to 20 (per cent)"
    assert judged([2**24 + 1, 5, 9]).words.endswith(
        "whole numbers beyond 16,777,216: float32 keeps their first 7 digits"
    )
    assert judged([f"n{k}" for k in range(10_000)]).words == "10,000 different words in 10,000 rows: names of things"
    assert judged([0, 0, 0, 0, 0, 1, 2, 15]).words == "count from 0 to 15"


def test_whole_numbers_are_known_as_such():
    assert judged([1, 2, 5]).column.whole
    assert not judged([1, 2, 5.5]).column.whole
    assert judged(np.array([1.0, np.nan, 5])).column.whole
