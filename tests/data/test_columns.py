import datetime
import json
import warnings

import numpy as np
import pytest

from keras_vae.data.columns import TableColumns

pd = pytest.importorskip("pandas")
N = 40
DAY = datetime.date(2020, 2, 28)


def values():
    """A column of every kind, as Python values; each has a hole where it may."""
    rng = np.random.default_rng(0)
    return {
        "real": [0.25 * k for k in range(N)],
        "whole": [7 * k - 20 for k in range(N)],
        "count": (rng.negative_binomial(1, 0.2, N) * (np.arange(N) > 0)).tolist(),
        "flag": [k % 3 == 0 for k in range(N)],
        "pair": [(2, 5)[k % 2] for k in range(N)],
        "yes": [("yes", "no", None)[k % 3] for k in range(N)],
        "shape": [("round", "square")[k % 2] for k in range(N)],
        "city": [("Rome", "Paris", None, "São Paulo, BR")[k % 4] for k in range(N)],
        "day": [DAY + datetime.timedelta(days=k) for k in range(N)],
        "hour": [None if k == 3 else datetime.time(k % 24, k, 7) for k in range(N)],
        "stamp": [datetime.datetime(2024, 1, 1, 5, k, 9) for k in range(N)],
        "span": [datetime.timedelta(seconds=977 * k) for k in range(N)],
        "hole": [None if k % 5 == 0 else 0.5 * k for k in range(N)],
    }


def frame(module):
    return module.DataFrame(values())


KINDS = {
    "real": "real",
    "whole": "real",
    "count": "count",
    "flag": "binary",
    "pair": "binary",
    "yes": "binary",
    "shape": "binary",
    "city": "category",
    **dict.fromkeys(("day", "hour", "stamp", "span", "hole"), "real"),
}


def test_every_column_of_a_pandas_frame_is_known_and_comes_back():
    table = frame(pd)
    columns = TableColumns.learn(table)
    assert dict(zip(table.columns, columns.kinds, strict=True)) == KINDS
    x = columns.encode(table)
    assert (x.dtype, x.shape) == (np.float32, (N, len(KINDS)))
    back = columns.decode(x)
    pd.testing.assert_frame_equal(back, table, check_dtype=True)


def test_pandas_dtypes_with_room_for_holes_come_back():
    table = pd.DataFrame(
        {
            "i": pd.array([1, None, 3, 4] * 10, dtype="Int64"),
            "f": pd.array([0.5, None, 3, 4] * 10, dtype="Float32"),
            "b": pd.array([True, None, False, True] * 10, dtype="boolean"),
            "s": pd.array(["u", None, "v", "w"] * 10, dtype="string"),
            "c": pd.Categorical(["u", None, "v", "w"] * 10, categories=["w", "v", "u"]),
            "n": pd.Categorical([3, None, 5, 4] * 10),
            "o": pd.Series([True, None, False, True] * 10, dtype=object),
            "z": pd.to_datetime(["2024-01-01 10:00", None] * 20).tz_localize("Europe/Rome"),
            "i8": np.array([1, 2, 3, 4] * 10, dtype="int8"),
        }
    )
    columns = TableColumns.learn(table)
    assert columns.likelihood_columns() == ["real", "real", "binary", 4, 4, 4, "binary", "real", "real"]
    assert columns.columns[4].words == ("w", "v", "u")
    back = columns.decode(columns.encode(table))
    pd.testing.assert_frame_equal(back, table, check_categorical=False)


def test_pandas_columns_of_pyarrow_come_back():
    pytest.importorskip("pyarrow")
    table = pd.DataFrame(
        {
            "i": pd.array([1, None, 3, 4] * 10, dtype="int64[pyarrow]"),
            "b": pd.array([True, None, False, True] * 10, dtype="bool[pyarrow]"),
            "s": pd.array(["u", None, "v", "w"] * 10, dtype="string[pyarrow]"),
            "d": pd.array([DAY, None] * 20, dtype="date32[pyarrow]"),
            "t": pd.array([datetime.datetime(2024, 1, 1, 5), None] * 20, dtype="timestamp[us][pyarrow]"),
        }
    )
    columns = TableColumns.learn(table)
    assert columns.likelihood_columns() == ["real", "binary", 4, "real", "real"]
    back = columns.decode(columns.encode(table))
    assert back.dtypes[:3].tolist() == table.dtypes[:3].tolist()
    for name in table:
        assert [None if pd.isna(cell) else cell for cell in back[name]] == [
            None if pd.isna(cell) else cell for cell in table[name]
        ]


@pytest.mark.filterwarnings("ignore:columns left out:UserWarning")
def test_every_column_of_a_polars_frame_is_known_and_comes_back():
    pl = pytest.importorskip("polars")
    table = frame(pl).with_columns(
        pl.col("city").cast(pl.Categorical).alias("category"),
        pl.col("whole").cast(pl.Int16).alias("small"),
        pl.when(pl.col("whole") > 0).then(pl.col("whole")).alias("whole with holes"),
        pl.when(pl.col("whole") > 0).then(pl.col("flag")).alias("flag with holes"),
        pl.col("stamp").dt.replace_time_zone("Asia/Tokyo").alias("zone"),
        pl.col("stamp").cast(pl.Datetime("ms")).alias("ms"),
        pl.Series("enum", ["b", "a"] * 20, dtype=pl.Enum(["b", "a"])),
        pl.lit(None).alias("nothing"),
        pl.Series("list", [[1]] * N),
    )
    columns = TableColumns.learn(table)
    assert columns.left_out == {"nothing": "every cell is empty", "list": "lists or other objects in its cells"}
    back = columns.decode(columns.encode(table))
    expected = table.drop("nothing", "list").with_columns(pl.col("enum").cast(pl.Categorical))
    assert back.schema == expected.schema
    assert back.equals(expected)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8"])
def test_numeric_arrays_come_back_in_their_dtype(dtype, rng):
    table = rng.integers(3, 100, size=(30, 4)).astype(dtype)
    columns = TableColumns.learn(table)
    x = columns.encode(table)
    np.testing.assert_array_equal(x, table.astype(np.float32))
    back = columns.decode(x)
    np.testing.assert_array_equal(back, table)
    assert back.dtype == dtype


def test_holes_of_an_array_of_whole_numbers_make_it_real():
    columns = TableColumns.learn(np.arange(12).reshape(4, 3))
    x = columns.encode(np.arange(12).reshape(4, 3))
    x[0, 0] = np.nan
    assert columns.decode(x).dtype == np.float64
    assert np.isnan(columns.decode(x)[0, 0])


@pytest.mark.parametrize("form", ["objects", "rows", "dict"])
def test_lists_and_dicts_are_tables(form):
    cells = {"size": [1.5, None, 2.0, 4.0, 3.5, 1.0], "city": ["Rome", "Oslo", "Rome", None, "Oslo", "Paris"]}
    cells["city"] *= 1
    rows = [list(row) for row in zip(*cells.values(), strict=True)]
    table = {"objects": np.array(rows, dtype=object), "rows": rows, "dict": cells}[form]
    columns = TableColumns.learn(table, column_kinds={"city" if form == "dict" else "x1": "category"})
    x = columns.encode(table)
    np.testing.assert_array_equal(x[:, 0], np.array([1.5, np.nan, 2, 4, 3.5, 1], dtype=np.float32))
    np.testing.assert_array_equal(x[:, 1], np.array([2, 0, 2, np.nan, 0, 1], dtype=np.float32))
    back = columns.decode(x)
    if form == "dict":
        assert back["city"].tolist() == cells["city"]
    else:
        assert back[:, 1].tolist() == cells["city"]
        assert back[0, 0] == 1.5


def test_the_container_of_a_later_table_is_that_of_like():
    pl = pytest.importorskip("polars")
    table = frame(pd)
    columns = TableColumns.learn(table)
    x = columns.encode(frame(pl))
    np.testing.assert_array_equal(x, columns.encode(table))
    assert columns.decode(x, like=frame(pl)).equals(frame(pl))
    assert set(columns.decode(x, like="dict")) == set(KINDS)
    assert columns.decode(x, like="array").shape == (N, len(KINDS))
    with pytest.raises(
        ValueError, match=r"`like` must be a table or one of pandas, polars, dict, array. Received: 'csv'"
    ):
        columns.decode(x, like="csv")


def test_a_pandas_frame_gives_back_its_labels_and_its_index():
    table = pd.DataFrame({3: [0.5, 1.5, 2.5], ("a", "b"): [1.0, 2.0, 9.0]}, index=["p", "q", "r"])
    columns = TableColumns.learn(table)
    assert [column.name for column in columns.columns] == ["3", "('a', 'b')"]
    pd.testing.assert_frame_equal(columns.decode(columns.encode(table), like=table), table)


def test_json_holds_everything():
    columns = TableColumns.learn(frame(pd), drop=["hole"])
    again = TableColumns.of_json(json.loads(json.dumps(columns.to_json())))
    assert again == columns
    assert again.n_classes == [0, 0, 0, 2, 2, 2, 2, 4, 0, 0, 0, 0]
    with pytest.raises(ValueError, match=r"`held` must be what `to_json` gives"):
        TableColumns.of_json({"columns": []})


# ---- later tables ----


@pytest.fixture
def learned():
    return TableColumns.learn(
        pd.DataFrame({k: v for k, v in values().items() if k in ("real", "yes", "city", "count")})
    )


def later(**changes):
    return pd.DataFrame({"real": [1.0, 2.0], "count": [3, 4], "yes": ["yes", "no"], "city": ["Rome", None], **changes})


def test_a_later_table_may_have_another_order_and_more_columns(learned):
    x = learned.encode(later())
    np.testing.assert_array_equal(x, np.array([[1, 3, 1, 1], [2, 4, 0, np.nan]], dtype=np.float32))
    np.testing.assert_array_equal(learned.encode(later()[["city", "yes", "count", "real"]]), x)
    with pytest.warns(UserWarning, match=r"ignored, as they are new: more"):
        np.testing.assert_array_equal(learned.encode(later(more=[1, 2])), x)


def test_missing_columns_are_named_with_the_nearest(learned):
    with pytest.raises(
        ValueError, match=r"it lacks columns: real, city \(nearest: reel\) \(nearest: City\). Received: reel"
    ):
        learned.encode(later().rename(columns={"real": "reel", "city": "City"})[["reel", "count", "yes", "City"]])


def test_without_names_the_number_of_columns_must_fit(learned):
    rows = [[1.0, 3, "yes", "Rome"], [2.0, 4, "no", None]]
    np.testing.assert_array_equal(learned.encode(rows), learned.encode(later()))
    with pytest.raises(ValueError, match=r"a table without names must have 4 columns. Received: 3"):
        learned.encode([row[:3] for row in rows])
    columns = TableColumns.learn(np.arange(40.0).reshape(10, 4), drop=["x0"])
    assert columns.encode(np.ones((1, 4))).shape == columns.encode(np.ones((1, 3))).shape == (1, 3)
    assert columns.encode({"a": [1.0], "b": [2.0], "c": [3.0]}).tolist() == [[1, 2, 3]]
    with pytest.raises(ValueError, match=r"must have 4 or 3 columns. Received: 2"):
        columns.encode(np.ones((1, 2)))


def test_new_words_are_other_with_one_warning_that_names_them(learned):
    with pytest.warns(UserWarning, match=r"`city`: 'Lima' is no known word: read as 'other' in 2 rows") as caught:
        x = learned.encode(later(city=["Lima", "Lima"]))
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert x[:, 3].tolist() == [3, 3]
    assert learned.decode(x)["city"].tolist() == ["other", "other"]
    with pytest.warns(UserWarning, match=r"'Lima', 'Bonn' are no known words: read as 'other' in 2 rows"):
        learned.encode(later(city=["Lima", "Bonn"]))


def test_a_third_outcome_and_what_is_no_count_are_holes_with_a_warning(learned):
    with pytest.warns(UserWarning, match=r"`yes`: 'maybe' is neither no nor yes: read as empty"):
        assert np.isnan(learned.encode(later(yes=["maybe", "YES"]))[:, 2]).tolist() == [True, False]
    with pytest.warns(UserWarning, match=r"`count`: '-1', '0.5' are no counts: read as empty"):
        assert np.isnan(learned.encode(later(count=[-1, 0.5]))[:, 1]).all()
    with pytest.warns(UserWarning, match=r"`count`: '-1' is no count: read as empty"):
        learned.encode(later(count=[-1, 5]))


def test_all_that_is_wrong_is_said_at_once_with_its_place(learned):
    with pytest.raises(
        ValueError, match=r"2 reasons: \(1\) column `real` must hold numbers. Received: 'x' in row 1 \(from 0\)"
    ):
        learned.encode(later(real=[None, "x"], count=[np.inf, 1]))
    with pytest.raises(ValueError, match=r"`count` must hold finite float32 numbers. Received: inf in row 0"):
        learned.encode(later(count=[np.inf, 1]))


def test_a_later_table_of_one_row_or_of_empty_columns_is_read(learned):
    x = learned.encode(later(real=[None, None], city=[None, None])[:1])
    assert np.isnan(x).tolist() == [[True, False, False, True]]


def test_arrays_with_infinite_numbers_are_refused_with_the_place(rng):
    x = rng.normal(size=(30, 3))
    columns = TableColumns.learn(x)
    x[7, 1] = -np.inf
    with pytest.raises(ValueError, match=r"column `x1` must hold finite float32 numbers. Received: -inf in row 7"):
        columns.encode(x)
    with pytest.raises(ValueError, match=r"column `x1` must hold finite float32 numbers"):
        TableColumns.learn(x)
    x[7, 1] = 1e300
    with pytest.raises(ValueError, match=r"Received: 1e\+300 in row 7"):
        columns.encode(x)


def test_a_million_numbers_are_read_at_once(rng):
    x = rng.normal(size=(100_000, 10)).astype(np.float32)
    columns = TableColumns.learn(x)
    np.testing.assert_array_equal(columns.encode(x), x)
    assert columns.encode(x) is not x
    assert columns.decode(x).dtype == np.float32


# ---- what cannot be learned ----


def test_column_kinds_overrule_and_unknown_names_are_refused():
    table = {"year": [2019, 2020, 2021, 2020] * 5, "zip": ["01", "02", "01", "03"] * 5, "n": list(range(20))}
    columns = TableColumns.learn(table, column_kinds={"year": "category", "zip": "category", "n": "count"})
    assert columns.likelihood_columns() == [4, 4, "count"]
    back = columns.decode(columns.encode(table))
    assert {name: cells.tolist() for name, cells in back.items()} == table
    assert back["year"].dtype == np.int64
    with pytest.raises(ValueError, match=r"`column_kinds` names 'yaer', which there is not \(nearest: year\)"):
        TableColumns.learn(table, column_kinds={"yaer": "real"})
    with pytest.raises(ValueError, match=r"`drop` names 'yaer'"):
        TableColumns.learn(table, drop=["yaer"])
    with pytest.raises(ValueError, match=r"column `n` must hold two different values to be 'binary'. Received: 20"):
        TableColumns.learn(table, column_kinds={"n": "binary"})


def test_columns_that_name_things_are_left_out_with_a_warning():
    table = {"a": [float(k) for k in range(200)], "name": [f"n{k}" for k in range(200)]}
    with pytest.warns(
        UserWarning,
        match=r"`name`: 200 different words in 200 rows: names of things\); drop them from the table, or say",
    ):
        columns = TableColumns.learn(table)
    assert [column.name for column in columns.columns] == ["a"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        TableColumns.learn(table, drop=["name"])
        assert columns.encode(table).shape == (200, 1)
    with pytest.raises(ValueError, match=r"no column is left to learn from \(`a`: every cell is empty\)"):
        TableColumns.learn({"a": [None, None]})


def test_columns_without_a_number_are_left_out_with_a_warning_that_names_ten():
    table = {"a": [1.0, 2.0], "l": [[1], [2]]} | {f"e{k}": [None] * 2 for k in range(11)}
    with pytest.warns(
        UserWarning, match=r"`l`: lists .*; `e8`: every cell is empty; and 2 more\); drop them from the ta"
    ):
        assert len(TableColumns.learn(table).left_out) == 12


def test_text_among_numbers_is_refused_with_its_place():
    cells = [*map(str, range(20)), "many", *map(str, range(20))]
    with pytest.raises(
        ValueError, match=r"`n` must hold numbers. Received: 'many' in row 20 \(from 0\) \(1 of 41 rows"
    ):
        TableColumns.learn({"n": cells})
    objects = [*range(20), "many", *range(20)]
    with pytest.raises(ValueError, match=r"`n` must hold numbers. Received: 'many' in row 20"):
        TableColumns.learn({"n": objects})


def test_decode_refuses_another_shape_and_codes_that_there_are_not(learned):
    x = learned.encode(later())
    with pytest.raises(ValueError, match=r"`x` must have shape \(n, 4\). Received: shape \(2, 3\)"):
        learned.decode(x[:, :3])
    x[1, 3] = 4
    with pytest.raises(ValueError, match=r"column `city` of `x` must hold codes from 0 to 3. Received: 4 in row 1"):
        learned.decode(x)


def test_a_table_of_one_row_is_learned():
    columns = TableColumns.learn({"a": [1.5], "b": ["u"]})
    assert columns.likelihood_columns() == ["real", 2]
    assert columns.encode({"a": [1.5], "b": ["u"]}).tolist() == [[1.5, 0]]
