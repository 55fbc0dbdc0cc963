"""Tables of every container with numbers and words in their holes."""

import numpy as np
import pandas as pd
import pytest

from keras_vae.data.columns import TableColumns
from keras_vae.tasks.tables.filled_table import filled_table

CELLS = {
    "size": [1.5, None, 2.5, 3.25],
    "n": [1, 2, None, 4],
    "city": ["Rome", None, "Oslo", "Rome"],
    "paid": [True, False, None, True],
    "key": ["a", "b", None, "d"],
}
KINDS = {"size": "real", "n": "real", "city": "category", "paid": "binary"}
# Codes of the city: Oslo 0, Rome 1.
ESTIMATE = np.array([[9.0, 9.0, 0.0, 0.0], [9.5, 9.0, 0.0, 0.0], [9.0, 3.4, 0.0, 0.9], [9.0, 9.0, 0.0, 0.0]])
FILLED = {
    "size": [1.5, 9.5, 2.5, 3.25],
    "n": [1, 2, 3, 4],
    "city": ["Rome", "Oslo", "Oslo", "Rome"],
    "paid": [True, False, True, True],
    "key": ["a", "b", None, "d"],
}


def filled(table):
    columns = TableColumns.learn(table, column_kinds=KINDS, drop=["key"])
    return filled_table(columns, table, columns.encode(table), ESTIMATE)


def test_a_frame_of_polars_keeps_its_types():
    pl = pytest.importorskip("polars")
    types = {"size": pl.Float32, "n": pl.Int16, "city": pl.Categorical, "paid": pl.Boolean, "key": pl.String}
    found = filled(pl.DataFrame(CELLS, schema=types))
    assert dict(found.schema) == types
    assert found.to_dict(as_series=False) == FILLED


def test_dates_of_polars_are_filled_with_dates():
    pl = pytest.importorskip("polars")
    days = pl.Series("day", ["2024-01-01", None, "2024-01-03"]).str.to_date()
    table = pl.DataFrame([days, pl.Series("size", [1.0, 2.0, None])])
    columns = TableColumns.learn(table)
    found = filled_table(columns, table, columns.encode(table), np.array([[0.0, 0.0], [19725.0, 0.0], [0.0, 4.5]]))
    assert found["day"].to_list() == pl.Series(["2024-01-01", "2024-01-03", "2024-01-03"]).str.to_date().to_list()
    assert found["size"].to_list() == [1.0, 2.0, 4.5]


def test_a_frame_of_pandas_keeps_its_types_and_its_index():
    types = {"size": "float32", "n": "Int16", "city": "category", "paid": "boolean", "key": "object"}
    table = pd.DataFrame(CELLS, index=list("wxyz")).astype(types)
    found = filled(table)
    assert found.dtypes.equals(table.dtypes)
    assert list(found.index) == list("wxyz")
    assert {name: found[name].astype(object).where(found[name].notna(), None).tolist() for name in found} == FILLED


@pytest.mark.parametrize("categories", [["Oslo", "Rome"], [7.0, 8.0]], ids=["words", "numbers"])
def test_categories_of_pandas_get_the_one_for_other_words_only_where_it_is_needed(categories):
    rows = [categories[k] for k in (0, 1, 1, 0)] + [None]
    table = pd.DataFrame({"a": pd.Categorical(rows), "b": [1.0, 2.0, 3.0, 4.0, 4.5]})
    columns = TableColumns.learn(table, column_kinds={"a": "category"})
    x = columns.encode(table)
    found = filled_table(columns, table, x, np.ones((5, 2)))["a"]
    assert found.dtype == table["a"].dtype
    assert found.tolist() == [*rows[:4], categories[1]]
    if categories[0] == "Oslo":
        others = filled_table(columns, table, x, np.full((5, 2), 2.0))["a"]
        assert others.tolist() == [*rows[:4], "other"]
        assert list(others.cat.categories) == ["Oslo", "Rome", "other"]


def test_what_was_no_hole_stays_to_the_last_digit_and_the_source_as_it_was():
    table = pd.DataFrame({"a": [0.1, np.nan, 1e-9 + 1.0], "b": [1.0, 2.0, 3.0]})
    columns = TableColumns.learn(table)
    found = filled_table(columns, table, columns.encode(table), np.full((3, 2), 7.0))
    assert found["a"].tolist() == [0.1, 7.0, 1e-9 + 1.0]
    assert table["a"].isna().sum() == 1


@pytest.mark.parametrize("dtype", [np.float64, np.float32, object])
def test_an_array_keeps_its_type(dtype):
    table = np.array([[0.1, np.nan], [1.0, 2.5], [3.0, 5.0]], dtype=dtype)
    columns = TableColumns.learn(table)
    found = filled_table(columns, table, columns.encode(table), np.full((3, 2), 7.5))
    assert found.dtype == dtype
    assert found.tolist() == [[table[0, 0], 7.5], [1.0, 2.5], [3.0, 5.0]]
