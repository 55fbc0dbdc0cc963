import numpy as np
import pytest
import tensorflow as tf

from keras_vae.training.containers import as_array, is_array_like, split_mask, without_brackets


@pytest.fixture
def pd():
    return pytest.importorskip("pandas")


def test_a_frame_of_numbers_of_every_type_is_an_array(pd):
    frame = pd.DataFrame({"whole": [1, 2], "yes": [True, False], "real": [0.5, 1.5]})
    frame["nullable"] = pd.array([1, None], dtype="Int64")
    frame["answer"] = pd.array([True, None], dtype="boolean")
    frame["mixed"] = pd.array([True, 2.5], dtype=object)
    expected = [[1, 1, 0.5, 1, 1, 1], [2, 0, 1.5, np.nan, np.nan, 2.5]]
    np.testing.assert_array_equal(as_array("x", frame), expected)


def test_a_frame_of_bytes_stays_one(pd):
    assert as_array("x", pd.DataFrame({"a": np.uint8([1, 2]), "b": np.uint8([3, 4])})).dtype == np.uint8


@pytest.mark.parametrize(
    ("make", "match"),
    [
        pytest.param(lambda pd: ["a", "1"], r"`x\['column'\]` must hold numbers.*a column of type", id="text"),
        pytest.param(lambda pd: pd.Categorical(["a", "b"]), "type category: drop it, or turn it", id="category"),
        pytest.param(lambda pd: pd.array(["1", "2"], dtype="string"), "type string", id="text of digits"),
        pytest.param(lambda pd: pd.to_datetime(["2020-01-01", "2021-01-01"]), "days since a date", id="dates"),
        pytest.param(lambda pd: pd.to_timedelta([1, 2]), "days since a date", id="durations"),
        pytest.param(lambda pd: [1, "2"], "must hold numbers", id="a number and text"),
    ],
)
def test_a_column_that_holds_no_numbers_is_named(pd, make, match):
    frame = pd.DataFrame({"first": [1.0, 2.0], "column": make(pd)})
    with pytest.raises(ValueError, match=match):
        as_array("x", frame)


def test_a_frame_without_columns_is_refused(pd):
    with pytest.raises(ValueError, match="must have at least one column"):
        as_array("x", pd.DataFrame(index=[1, 2]))


def test_a_frame_of_polars_is_an_array():
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"a": [1, 2], "b": [True, None], "c": [0.5, 1.5]})
    np.testing.assert_array_equal(as_array("x", frame), [[1, 1, 0.5], [2, np.nan, 1.5]])
    with pytest.raises(ValueError, match=r"`x\['t'\]` must hold numbers"):
        as_array("x", pl.DataFrame({"t": ["a", "b"]}))


def test_half_precision_of_any_kind_is_an_array():
    for dtype in (tf.bfloat16, tf.float16):
        array = as_array("x", tf.cast([[1.5, 2.0]], dtype))
        assert array.dtype.kind == "f"
        np.testing.assert_array_equal(array, [[1.5, 2.0]])


def test_tensors_of_pytorch_are_arrays():
    torch = pytest.importorskip("torch")
    for tensor in (torch.ones(2, 3), torch.ones(2, 3, requires_grad=True), torch.ones(2, 3, dtype=torch.bfloat16)):
        np.testing.assert_array_equal(as_array("x", tensor), np.ones((2, 3)))


def test_sparse_matrices_and_tensors_are_refused_with_what_to_do():
    sparse = pytest.importorskip("scipy.sparse")
    for make in (sparse.csr_matrix, sparse.coo_array):
        with pytest.raises(ValueError, match=r"must be a dense array.*pass x\.toarray\(\)"):
            as_array("x", make(np.eye(3)))
    with pytest.raises(ValueError, match=r"must be a dense tensor.*tf\.sparse\.to_dense"):
        as_array("x", tf.sparse.from_dense(np.eye(3)))


def test_what_holds_no_numbers_is_refused():
    for x in ([["a"]], {1, 2}, [[1.0], [1.0, 2.0]], np.array([["1.5"]], object), np.ones(2, complex)):
        with pytest.raises(ValueError, match="`x` must be an array of numbers"):
            as_array("x", x)


def test_a_masked_array_says_which_elements_count():
    x = np.ma.masked_array([[1.0, 2.0], [3.0, 4.0]], [[False, True], [False, False]])
    array, counts = split_mask("x", x)
    np.testing.assert_array_equal(array, [[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(counts, [[True, False], [True, True]])
    for nothing_masked in (np.ones((2, 2)), np.ma.masked_array(np.ones((2, 2)))):
        assert split_mask("x", nothing_masked)[1] is None


def test_brackets_around_the_inputs_are_those_of_keras():
    x, c = np.ones((4, 6)), np.ones((4, 2))
    assert without_brackets([x], 2) == (x,)
    assert without_brackets([x, c], 2) == (x, c)
    rows = [np.ones(6), np.ones(6)]  # Two examples, not x and a condition.
    assert without_brackets(rows, 2) is rows
    assert without_brackets([[1.0, 2.0]], 2) == [[1.0, 2.0]]


def test_what_holds_all_of_its_rows_is_told_from_what_gives_them(pd):
    for x in (np.ones(2), [1], (1,), {"x": 1}, tf.ones(2), pd.DataFrame({"a": [1]})):
        assert is_array_like(x)
    assert not is_array_like(iter([1]))
