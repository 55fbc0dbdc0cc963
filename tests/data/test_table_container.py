import numpy as np
import pytest

from keras_vae.data.table_container import apart, container_of, together

pd = pytest.importorskip("pandas")


@pytest.mark.parametrize(
    ("table", "container"),
    [
        (pd.DataFrame({"a": [1]}), "pandas"),
        (np.ones((2, 2)), "array"),
        ([[1, 2]], "array"),
        ({"a": [1]}, "dict"),
        (pd.Series([1]), None),
        ("file.csv", None),
        (3, None),
    ],
)
def test_containers_are_known(table, container):
    assert container_of(table) == container


def test_names_are_those_of_the_table_or_given_or_numbers():
    assert apart(pd.DataFrame({"a": [1], 2: [3]})).names == ["a", "2"]
    assert apart(np.ones((1, 2))).names == ["x0", "x1"]
    assert not apart(np.ones((1, 2))).has_names
    parts = apart(np.ones((1, 2)), ["u", "v"])
    assert (parts.names, parts.has_names) == (["u", "v"], True)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (np.ones(3), r"must have shape \(n, columns\). Received: shape \(3,\); one column is table.reshape\(-1, 1\)"),
        ([1, 2, 3], r"must have shape \(n, columns\). Received: shape \(3,\)"),
        (np.ones((2, 2, 2)), r"Received: shape \(2, 2, 2\)$"),
        (np.ones((0, 2)), r"`table` must have rows and columns. Received: shape \(0, 2\)"),
        (pd.DataFrame({}), r"`table` must have rows and columns. Received: shape \(0, 0\)"),
        ({}, r"`table` must have rows and columns"),
        ([], r"must have shape \(n, columns\)"),
        ("a.csv", "`table` must be a frame of pandas or polars, .* Received: str"),
        (pd.Series([1.0]), r"Received: Series; one column is table.to_frame\(\)"),
        ([[1, 2], [3]], r"every row of `table` must have as many cells as the first, 2. Received: 1 in row 1"),
        ({"a": [1, 2], "b": [1]}, "the columns of `table` must be lists of one length. Received: a: 2, b: 1"),
        ({"a": 3}, "must be lists of one length. Received: a: one value"),
        (
            pd.DataFrame([[1, 2]], columns=["1", 1]),
            "must have a name of its own. Received twice or more: 1",
        ),
    ],
)
def test_what_is_no_table_is_refused(table, message):
    with pytest.raises(ValueError, match=message):
        apart(table)


def test_names_must_be_as_many_as_columns():
    with pytest.raises(ValueError, match=r"`names` must name 2 columns. Received: 1 names"):
        apart(np.ones((1, 2)), ["u"])


def test_lazy_frames_are_refused_with_a_hint():
    pl = pytest.importorskip("polars")
    with pytest.raises(ValueError, match=r"Received: LazyFrame; a lazy frame is table.collect\(\)"):
        apart(pl.LazyFrame({"a": [1]}))


def test_cells_of_a_list_of_rows_stay_what_they_are():
    columns = apart([[1, "a", True], [2.5, None, False]]).columns
    assert [column.tolist() for column in columns] == [[1, 2.5], ["a", None], [True, False]]


@pytest.mark.parametrize(
    ("dtype", "holes", "expected"),
    [
        ("int64", False, "int64"),
        ("int64", True, "float64"),
        ("Int64", True, "Int64"),
        ("float32", True, "float32"),
        ("bool", False, "bool"),
        ("bool", True, "object"),
        ("boolean", True, "boolean"),
        ("object bool", False, "object"),
        ("str", False, "float64"),
    ],
)
def test_numbers_find_a_dtype_with_room_for_holes(dtype, holes, expected):
    column = np.array([1.0, np.nan if holes else 0.0])
    frame = together([column], [dtype], ["a"], "pandas")
    assert str(frame["a"].dtype) == expected
    assert frame["a"].isna().tolist() == [False, holes]


@pytest.mark.parametrize("container", ["pandas", "polars", "array"])
@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [("int8", -128, 127), ("uint8", 0, 255), ("int64", -(2**63), 2**63 - 1024), ("bool", 0, 1), ("UInt8", 0, 255)],
)
def test_numbers_stay_within_their_dtype(container, dtype, low, high):
    if container == "polars":
        pytest.importorskip("polars")
    table = together([np.array([-1e30, 1e30])], [dtype], ["a"], container)
    assert list(table[:, 0] if container == "array" else table["a"]) == [low, high]


def test_arrays_have_one_dtype():
    whole, real, words = np.array([1.0, 2.0]), np.array([0.5, 2.0]), np.array(["a", None], dtype=object)
    assert together([whole, whole], ["int8", "int8"], ["a", "b"], "array").dtype == np.int8
    assert together([whole, real], ["int8", "float32"], ["a", "b"], "array").dtype == np.float32
    assert together([whole, words], ["int8", "str"], ["a", "b"], "array").tolist() == [[1, "a"], [2, None]]


def test_a_frame_of_other_length_gives_no_index():
    like = pd.DataFrame({"a": [1, 2, 3]}, index=list("pqr"))
    assert together([np.ones(3)], ["int64"], ["a"], like).index.tolist() == ["p", "q", "r"]
    assert together([np.ones(2)], ["int64"], ["a"], like).index.tolist() == [0, 1]
    with pytest.raises(ValueError, match=r"`like` must be a table or one of pandas, .* Received: 3"):
        together([np.ones(2)], ["int64"], ["a"], 3)
