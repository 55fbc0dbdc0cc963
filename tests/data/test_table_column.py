import json

import numpy as np
import pytest

from keras_vae.data.column_cells import cells_of
from keras_vae.data.column_kinds import judge
from keras_vae.data.table_column import TableColumn, encode_column, origin_of, unit_of_days

pd = pytest.importorskip("pandas")


def learned(values, wanted=None):
    return judge("c", cells_of(pd.Series(list(values))), wanted).column


def encoded(column, values):
    return encode_column(column, cells_of(pd.Series(list(values))))


def test_json_holds_a_column():
    column = TableColumn("a", "binary", values=(2.0, 5.0), whole=True)
    assert TableColumn.of_json(json.loads(json.dumps(column.to_json()))) == column
    assert TableColumn.of_json(TableColumn("b", "category", ("u",)).to_json()).words == ("u",)


def test_numbers_of_classes_and_the_word_for_others():
    assert TableColumn("a", "category", ("u", "v")).n_classes == 3
    assert TableColumn("a", "binary").n_classes == 2
    assert TableColumn("a", "count").n_classes == TableColumn("a", "real").n_classes == 0
    assert TableColumn("a", "category", ("u",)).other == "other"
    assert TableColumn("a", "category", ("other", "any other")).other == "any any other"


@pytest.mark.parametrize(
    ("first", "later", "x"),
    [
        pytest.param(["yes", "no"], ["No", "YES", None], [0, 1, np.nan], id="words-in-any-case"),
        pytest.param(["Rome", "rome"], ["Rome", "rome", "ROME"], [0, 1, np.nan], id="words-that-differ-in-case"),
        pytest.param([True, False], ["true", "False", "maybe"], [1, 0, np.nan], id="bools-as-words"),
        pytest.param([True, False], [0, 1, 2], [0, 1, np.nan], id="bools-as-numbers"),
        pytest.param(["True", "False"], [True, False], [1, 0], id="words-as-bools"),
        pytest.param([2, 5] * 10, [5.0, "2", 3], [1, 0, np.nan], id="two-numbers"),
        pytest.param(["2024-01-01", "2024-01-03"], pd.to_datetime(["1970-01-02"]), [1], id="text-dates-as-dates"),
        pytest.param(["13.1.2024", "1.1.2024"], ["2/1/1970", "3/1/1970"], [1, 2], id="day-first-as-before"),
        pytest.param(["1/13/2024", "1/1/2024"], ["1/2/1970", "1/3/1970"], [1, 2], id="month-first-as-before"),
        pytest.param([1.5, 2, 7], ["3", "1,000"], [3, 1000], id="numbers-as-text"),
        pytest.param([1.5, 2, 7], [True, False], [1, 0], id="numbers-as-bools"),
    ],
)
def test_later_cells_are_read_as_the_first_were(first, later, x):
    np.testing.assert_array_equal(encoded(learned(first), later).x, x)


def test_categories_of_numbers_know_other_spellings_of_them():
    column = learned([3, 5, 7], "category")
    np.testing.assert_array_equal(encoded(column, ["3.0", "5", "9", None]).x, [0, 1, 3, np.nan])
    assert encoded(column, ["a"]).told == "'a' is no known word: read as 'other' in 1 row"
    assert encoded(learned(["a", "b", "c"], "category"), [1.0]).x.tolist() == [3]


@pytest.mark.parametrize(
    ("first", "later", "problem", "row"),
    [
        ([1.5, 2], ["a", "b"], "must hold numbers. Received: 'a'", 0),
        ([1.5, 2], [None, "2024-01-01"], "must hold numbers. Received: '2024-01-01'", 1),
        ([1.5, 2], pd.to_datetime(["2024-01-01"]), "must hold numbers. Received: dates", 0),
        ([1.5, 2], [[1]], "must hold one value in a cell. Received: lists, bytes or other objects", -1),
        (["14:05", "07:00"], [None, 3.0], "must hold times of day. Received: numbers", 1),
        (pd.to_datetime(["2024-01-01"]), [3.0], "must hold dates. Received: numbers", 0),
        (pd.to_datetime(["2024-01-01"]), ["soon", "late", "late"], "must hold dates. Received: 'soon'", 0),
        (pd.to_timedelta([1], unit="h"), [3.0], "must hold time spans. Received: numbers", 0),
        ([0, 1] * 10, ["maybe", "no", "so"], "must hold numbers. Received: 'maybe'", 0),
        ([1.5, 2], [1, 1e39], "must hold finite float32 numbers. Received: 1e+39", 1),
        ([1.5, 2], ["1", "inf"], "must hold finite float32 numbers. Received: inf", 1),
    ],
)
def test_another_type_is_a_problem_with_its_row(first, later, problem, row):
    found = encoded(learned(first), later)
    assert (found.problem, found.row) == (problem, row)
    assert found.x is None


def test_a_word_among_many_numbers_is_told_with_the_number_of_such_rows():
    found = encoded(learned([1.5, 2]), [*range(30), "x", "y"])
    assert (found.problem, found.row) == ("must hold numbers. Received: 'x'", 30)
    assert found.hint == " (2 of 32 rows are no numbers); empty the cell, or drop the column"


def test_empty_columns_are_holes_whatever_they_came_as():
    for column in (learned([1.5, 2]), learned(["a", "b"]), learned(["a", "b", "c"] * 2)):
        assert np.isnan(encoded(column, [None, None]).x).all()


def test_units_of_days():
    assert origin_of("days since 1970-01-02") == 1
    assert origin_of("days since 1969-12-31") == -1
    assert origin_of("days") == origin_of("hours") == origin_of(None) == 0
    assert unit_of_days(1.75) == "days since 1970-01-02"
    assert unit_of_days(-0.5) == "days since 1969-12-31"
