import datetime
import decimal

import numpy as np
import pytest

from keras_vae.data.column_cells import (
    DAY_FIRST,
    cells_of,
    cells_of_words,
    days_of_words,
    is_day_first,
    is_text,
    number_text,
    numpy_dtype,
)

pd = pytest.importorskip("pandas")
DAYS_2024 = 19723.0  # From 1970-01-01 to 2024-01-01.


def cells(*values, dtype=object, decimal="."):
    return cells_of(pd.Series(list(values), dtype=dtype), decimal)


@pytest.mark.parametrize(
    ("values", "kind", "numbers"),
    [
        pytest.param([1, 2.5, None], "numbers", [1, 2.5, np.nan], id="numbers"),
        pytest.param([decimal.Decimal("1.5"), None], "numbers", [1.5, np.nan], id="decimals"),
        pytest.param([True, None, False], "bool", [1, np.nan, 0], id="bools"),
        pytest.param([datetime.date(2024, 1, 2), None], "dates", [DAYS_2024 + 1, np.nan], id="dates"),
        pytest.param([datetime.datetime(2024, 1, 1, 12)], "dates", [DAYS_2024 + 0.5], id="datetimes"),
        pytest.param([datetime.time(6, 30), None], "times", [6.5, np.nan], id="times"),
        pytest.param([datetime.timedelta(hours=36), None], "spans", [1.5, np.nan], id="spans"),
        pytest.param(["1,234.5", " 2 ", "NA"], "numbers", [1234.5, 2, np.nan], id="spelled"),
        pytest.param(["10 %", "20 %"], "numbers", [10, 20], id="per-cent"),
        pytest.param(["2024-01-01", "", "2024-01-03"], "dates", [DAYS_2024, np.nan, DAYS_2024 + 2], id="iso"),
        pytest.param(["2024-01-01T12:00:00+02:00"], "dates", [DAYS_2024 + 10 / 24], id="zone"),
        pytest.param(["2.1.2024", "1.1.2024"], "dates", [DAYS_2024 + 1, DAYS_2024], id="dots"),
        pytest.param(["1/13/2024", "1/2/2024"], "dates", [DAYS_2024 + 12, DAYS_2024 + 1], id="month-first"),
        pytest.param(["13/1/2024", "2/1/2024"], "dates", [DAYS_2024 + 12, DAYS_2024 + 1], id="day-first"),
        pytest.param(["14:30", "07:00:36"], "times", [14.5, 7.01], id="hours"),
        pytest.param([1, "2", "?"], "numbers", [1, 2, np.nan], id="numbers-and-their-spellings"),
        pytest.param(["-", None, "n/a"], "empty", [np.nan] * 3, id="spellings-of-holes"),
        pytest.param([], "empty", [], id="nothing"),
    ],
)
def test_objects_and_text_are_what_they_spell(values, kind, numbers):
    found = cells(*values)
    assert found.kind == kind
    np.testing.assert_allclose(found.numbers, numbers)
    np.testing.assert_array_equal(found.holes, np.isnan(numbers))


@pytest.mark.parametrize("dtype", [object, "str", "string", "category"])
def test_words_are_numbered_without_blanks_and_without_spellings_of_holes(dtype):
    found = cells("b", " a", None, "b", "NA", dtype=dtype)
    if dtype == "category":
        found = cells("b", "a", None, "b", None, dtype=dtype)
    assert found.kind == "words"
    names = [None if code < 0 else found.words[code] for code in found.codes]
    assert names == ["b", "a", None, "b", None]
    assert found.holes.tolist() == [False, False, True, False, True]
    assert is_text(found.dtype)


@pytest.mark.parametrize("cell", [[1], {"a": 1}, b"x", 1j])
def test_what_is_no_value_is_nested(cell):
    assert cells(cell, "a").kind == "nested"


def test_text_in_a_few_cells_of_numbers_is_found_with_its_row():
    found = cells(*range(19), "many")
    assert (found.kind, found.row, found.words[found.codes[19]]) == ("mixed", 19, "many")
    assert cells(1, 2, "many").kind == "words"


@pytest.mark.parametrize("dtype", ["int8", "uint64", "float32", "Int64", "Float32", "int64[pyarrow]"])
def test_dtypes_of_numbers_are_kept(dtype):
    if "pyarrow" in dtype:
        pytest.importorskip("pyarrow")
    found = cells(1, 2, dtype=dtype)
    assert (found.kind, found.dtype, found.numbers.tolist()) == ("numbers", dtype, [1, 2])
    assert not is_text(dtype)


def test_categories_of_numbers_and_of_dates():
    found = cells_of(pd.Series([5, 3, 5]).astype("category"))
    assert (found.kind, found.words, found.codes.tolist(), found.ordered) == ("words", ["3", "5"], [1, 0, 1], True)
    days = pd.Series(pd.to_datetime(["2024-01-02", "2024-01-01"])).astype("category")
    assert cells_of(days).numbers.tolist() == [DAYS_2024 + 1, DAYS_2024]


def test_decimal_commas_of_a_file_and_of_the_cells():
    assert cells("1,5", "2").numbers.tolist() == [1.5, 2]
    assert cells("1,500", "2").numbers.tolist() == [1500, 2]
    assert cells("1,500", "2", decimal=",").numbers.tolist() == [1.5, 2]


def test_rows_can_be_taken_and_may_be_empty():
    found = cells("a", None, "b").take(np.array([0, 1]))
    assert (found.n_rows, found.kind, found.holes.tolist()) == (2, "words", [False, True])
    assert cells("a", None).take(np.array([1])).kind == "empty"
    assert cells(1.0, None).take(np.array([1])).kind == "empty"
    assert cells([1], [2]).take(np.array([1])).kind == "nested"


def test_anything_can_be_words():
    codes, words = cells(3, 1.5, None, 3).as_words()
    assert (codes.tolist(), words) == ([1, 0, -1, 1], ["1.5", "3"])
    assert cells(True, False).as_words()[1] == ["False", "True"]
    assert cells("01", "1", "01").as_words()[1] == ["01", "1"]
    assert [number_text(v) for v in (3.0, -2.0, 0.1, 1e20)] == ["3", "-2", "0.1", "100000000000000000000"]


def test_the_order_of_day_and_month():
    assert is_day_first(["1.2.2024"])
    assert not is_day_first(["1/2/2024"])
    assert is_day_first(["1/2/2024", "31/2/2024"])
    assert not is_day_first(["1.2.2024", "1.31.2024"])
    assert not is_day_first(["2024-01-31"])
    assert cells("31/1/2024").dtype == DAY_FIRST
    assert days_of_words(["1.2.2024"], True).tolist() == [DAYS_2024 + 31]
    assert days_of_words(["31.2.2024"], True) is None


def test_dates_that_there_are_not_are_words():
    assert cells("31.2.2024", "30.2.2024").kind == "words"
    assert cells("2024-01-01", "14:05").kind == "words"


def test_words_may_be_given_by_number():
    found = cells_of_words(np.array([0, 1, -1, 0]), ["u", "NA"])
    assert (found.codes.tolist(), found.words) == ([0, -1, -1, 0], ["u"])


def test_polars_series_are_the_same_cells():
    pl = pytest.importorskip("polars")
    assert cells_of(pl.Series([1, None])).dtype == "Int64"
    assert cells_of(pl.Series([decimal.Decimal("1.5"), None])).numbers[0] == 1.5
    assert cells_of(pl.Series(["2024-01-01", None])).kind == "dates"
    assert cells_of(pl.Series(["1,5", None])).numbers[0] == 1.5
    assert cells_of(pl.Series([[1], None])).kind == "nested"
    assert cells_of(pl.Series([{"a": 1}])).kind == "nested"
    assert cells_of(pl.Series([b"a"])).kind == "nested"
    assert cells_of(pl.Series([None, None])).kind == "empty"
    assert cells_of(pl.Series([None, "b", "a"], dtype=pl.Categorical)).codes.tolist() == [-1, 1, 0]
    assert cells_of(pl.Series(["b", "a"], dtype=pl.Enum(["b", "a"]))).words == ["b", "a"]


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("int8", "int8"),
        ("UInt16", "uint16"),
        ("boolean", "bool"),
        ("object bool", "bool"),
        ("object number", "float64"),
        ("str", "float64"),
        ("category[int64]", "int64"),
        ("double[pyarrow]", "float64"),
        ("int64[pyarrow]", "int64"),
        ("Int128", "float64"),
    ],
)
def test_dtypes_of_numbers_by_name(dtype, expected):
    assert numpy_dtype(dtype) == expected
