import numpy as np
import pytest

from keras_vae.data.columns import TableColumns

pd = pytest.importorskip("pandas")


def told(table, **options):
    return [" | ".join(line) for line in TableColumns.learn(pd.DataFrame(table), **options).report]


def test_every_column_has_a_line_that_says_what_it_is_and_how_to_overrule_it():
    n = 30
    table = {
        "city": ["Rome", "Paris", "Rome", None, "Oslo", "Rome"] * 5,
        "size": [1.5, None, None, None, 2, 3] * 5,
        "name": [f"n{k}" for k in range(n)],
        "nothing": [None] * n,
        "list": [[1]] * n,
        "notes": ["x"] * n,
    }
    with pytest.warns(UserWarning, match="names of things"):
        lines = told(table, drop=["notes"])
    assert lines == [
        "column `city` | category of 3 words (Rome, Paris, Oslo), 5 empty | --column-kinds city=...",
        "column `size` | real, 1.5 to 3, 15 empty | --column-kinds size=...",
        "column `name` | left out: 30 different words in 30 rows: names of things | --column-kinds name=...",
        "column `nothing` | left out: every cell is empty | ",
        "column `list` | left out: lists or other objects in its cells | ",
        "column `notes` | left out: as asked | --drop",
    ]


def test_a_column_that_is_mostly_empty_says_of_how_many():
    line = "column `a` | real, the same value in every row, 1.5, 2 of 3 empty | --column-kinds a=..."
    assert told({"a": [1.5, None, None], "b": [1.0, 2, 3]})[0] == line


@pytest.mark.filterwarnings("ignore:columns left out:UserWarning")
def test_many_columns_are_told_by_their_kind(rng):
    table = {f"r{k}": rng.normal(size=20) for k in range(25)}
    table |= {f"d{k}": pd.date_range("2024-01-01", periods=20) for k in range(3)}
    table |= {f"t{k}": ["14:05", "07:00"] * 10 for k in range(2)} | {f"s{k}": [pd.Timedelta(1)] * 20 for k in range(2)}
    table |= {"city": ["u", "v", "w", None] * 5, "e1": [None] * 20, "e2": [None] * 20}
    table["r1"][3] = np.nan
    assert told(table) == [
        "columns r0 ... r24 (25) | real, 1 empty cells | --column-kinds NAME=...",
        "columns d0, d1, d2 (3) | dates, in days | --column-kinds NAME=...",
        "columns t0, t1 (2) | times of day, in hours | --column-kinds NAME=...",
        "columns s0, s1 (2) | time spans, in days | --column-kinds NAME=...",
        "column `city` | category of 3 words (u, v, w), 5 empty | --column-kinds city=...",
        "columns e1, e2 (2) | left out: every cell is empty | ",
    ]


def test_many_columns_of_names_are_told_in_one_line():
    table = {f"n{k}": [f"{k} {row}" for row in range(20)] for k in range(30)} | {"a": range(20)}
    with pytest.warns(UserWarning, match="names of things"):
        assert told(table)[0] == "columns n0 ... n29 (30) | left out: names of things | "
