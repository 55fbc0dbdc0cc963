import itertools

import numpy as np
import pytest

from keras_vae.data.table_cells import (
    HOLES,
    as_number,
    decimal_of,
    is_any_number,
    is_date,
    is_known_pair,
    is_time,
    is_uuid,
    look_at,
    numbers_of,
    yes_no,
)

pd = pytest.importorskip("pandas")


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("1", ".", 1),
        ("-1.5e3", ".", -1500),
        (".5", ".", 0.5),
        ("5.", ".", 5),
        ("1,234.5", ".", 1234.5),
        ("1,234,567", ".", 1234567),
        ("1 234 567.25", ".", 1234567.25),
        ("1\u202f234", ".", 1234),
        ("1'234.5", ".", 1234.5),
        ("\u22123", ".", -3),
        ("1,5", ",", 1.5),
        ("1.234,5", ",", 1234.5),
        ("1 234,5", ",", 1234.5),
        ("0,25", ",", 0.25),
        ("1.5", ",", 1.5),
        ("1,23", ".", None),
        ("12,34,567", ".", None),
        ("1_000", ".", None),
        ("0x10", ".", None),
        ("", ".", None),
        ("-", ".", None),
        (".", ".", None),
        ("e5", ".", None),
        ("1-2", ".", None),
        ("3rd", ".", None),
    ],
)
def test_numbers_in_their_spellings(text, decimal, number):
    assert as_number(text, decimal) == number


@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("thousands", ["", " ", "'", "other"])
def test_what_is_spelled_is_read_back(decimal, thousands, rng):
    separator = {"other": "," if decimal == "." else "."}.get(thousands, thousands)
    for value in rng.uniform(-1e7, 1e7, 50).round(2):
        text = f"{value:,.2f}".replace(",", "#").replace(".", decimal).replace("#", separator)
        assert as_number(text, decimal) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("texts", "decimal"),
    [
        (["1,5", "2,25"], ","),
        (["0,125"], ","),
        (["1.234,5"], ","),
        (["1,234", "5,678"], "."),
        (["1,234.5"], "."),
        (["1.5", "1,234"], "."),
        (["1.25", "1.5", "1,5"], "."),
        (["1", "2"], "."),
    ],
)
def test_the_decimal_mark_is_the_one_that_must_be(texts, decimal):
    assert decimal_of(texts) == decimal


@pytest.mark.parametrize(
    ("texts", "values", "spelling"),
    [
        (["1", "2.5"], [1, 2.5], ""),
        (["12 %", "5%"], [12, 5], "per cent"),
        (["$3", "-$ 1,200.50"], [3, -1200.5], "currency"),
        (["3 €", "4,50 €"], [3, 4.5], "currency, decimal comma"),
        (["EUR 3", "4"], [3, 4], "currency"),
        (["5 kg", "1,250.5 kg"], [5, 1250.5], "unit kg"),
        (["5cm", "6cm"], [5, 6], "unit cm"),
        (["1,234", "12"], [1234, 12], "thousands separators"),
        (["1,5", "2"], [1.5, 2], "decimal comma"),
    ],
)
def test_what_stands_beside_numbers_is_taken_off_and_told(texts, values, spelling):
    numbers, told, _ = numbers_of(texts)
    assert [numbers[text] for text in texts] == values
    assert told == spelling


def test_a_point_in_a_file_with_decimal_commas_separates_thousands():
    assert numbers_of(["1.234", "12", "2.500.000"], ",")[0] == {"1.234": 1234, "12": 12, "2.500.000": 2500000}
    assert numbers_of(["1.234", "12"])[0] == {"1.234": 1.234, "12": 12}
    assert numbers_of(["1.5"], ",")[0] == {"1.5": 1.5}
    assert look_at(pd.Series(["1.234", "5.678"]), ",").values.tolist() == [1234, 5678]


@pytest.mark.parametrize("texts", [["5 kg", "6 cm"], ["12A", "13B"], ["abc", "d"], ["5 %", "x"], ["1-2", "3-4"]])
def test_texts_that_are_not_all_one_sort_of_number_stay_text(texts):
    numbers, _, _ = numbers_of(texts)
    assert len(numbers) < len(texts)


def test_single_cells_are_numbers_in_any_spelling():
    assert all(map(is_any_number, ["1", "1,5", "1.234,5", "$3", "12 %", "1e5"]))
    assert not any(map(is_any_number, ["a", "Q1", "5 kg", "2024-01-01", "1st"]))


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([1, 2], "numbers"),
        ([1.0, np.nan], "numbers"),
        ([True, False], "text"),
        (["1", "x"], "text"),
        ([np.nan, np.nan], "empty"),
        (["?", ""], "empty"),
        ([np.inf, -np.inf], "empty"),
        (["2024-01-31", "2024-02-01 10:30"], "dates"),
        (["31.01.2024", ""], "dates"),
        (["1/31/24", "2/1/24"], "dates"),
        (["31 Jan 2024", "Feb 1, 2024"], "dates"),
        (["10:30", "11:45:10"], "dates"),
        (["2024-01-31T10:30:00Z", "2024-01-31T10:30:00+01:00"], "dates"),
        (["10", "11", "red", "12", "13", "14", "15", "16", "17", "18"], "mixed"),
        (["10", "11", "red", "12", "13", "14", "15", "16", "17"], "text"),
        ([[1, 2], [3]], "nested"),
        ([{"a": 1}, None], "nested"),
    ],
)
def test_a_column_is_what_its_cells_are(cells, kind):
    assert look_at(pd.Series(cells)).kind == kind


def test_columns_of_every_type_of_pandas_are_numbers():
    for column in (
        pd.Series([1, None, 3], dtype="Int64"),
        pd.Series([1.0, None, 3.0], dtype="Float32"),
        pd.Series(["1", None, "3"], dtype="object"),
        pd.Series(["1", "?", " 3 "], dtype="category"),
        pd.Series(["1", None, "3"], dtype="string"),
    ):
        cells = look_at(column)
        assert (cells.kind, cells.holes.tolist()) == ("numbers", [False, True, False])
        assert cells.values[[0, 2]].tolist() == [1, 3]
    assert look_at(pd.Series(pd.to_datetime(["2024-01-01"]))).kind == "dates"
    assert look_at(pd.Series([True, None], dtype="boolean")).holes.tolist() == [False, True]


def test_every_spelling_of_an_empty_cell_is_a_hole():
    cells = look_at(pd.Series(["1", *HOLES, " ? "]))
    assert cells.holes.tolist() == [False] + [True] * (len(HOLES) + 1)
    infinite = look_at(pd.Series(["1", "inf", "-Infinity"]))
    assert infinite.holes.tolist() == [False, True, True]


def test_the_first_cell_that_is_no_number_is_named():
    cells = look_at(pd.Series([*map(str, range(20)), "red", "green"]))
    assert (cells.example, cells.row) == ("red", 20)


@pytest.mark.parametrize(
    ("words", "one"),
    [
        (["no", "yes"], "yes"),
        (["Y", "N"], "Y"),
        (["FALSE", "TRUE"], "TRUE"),
        (["f", "t"], "t"),
        (["f", "m"], "m"),
        (["female", "male"], "male"),
        (["ja", "nein"], "ja"),
        (["negative", "positive"], "positive"),
        (["beta", "alpha"], "beta"),
    ],
)
def test_two_words_are_1_and_0(words, one):
    for order in itertools.permutations(words):
        assert yes_no(list(order)) == {word: int(word == one) for word in words}


def test_other_numbers_of_words_are_not_coded():
    assert yes_no(["a"]) is None
    assert yes_no(["a", "b", "c"]) is None
    assert yes_no(["Yes", "yes", "no"]) == {"Yes": 1, "yes": 1, "no": 0}
    assert is_known_pair(["No", "Yes"])
    assert not is_known_pair(["red", "green"])


def test_days_and_times_are_told_apart():
    assert is_date("2024-01-31")
    assert is_date("31.1.2024 14:05")
    assert is_date("2024-01")
    assert not is_date("14:05")
    assert is_time("14:05")
    assert is_time("14:05:30")
    assert not is_time("2024-01-31")


def test_identifiers_are_known():
    assert is_uuid("123e4567-e89b-12d3-a456-426614174000")
    assert is_uuid("d41d8cd98f00b204e9800998ecf8427e")
    assert not is_uuid("123e4567")
