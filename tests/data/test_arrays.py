import numpy as np
import pytest

from keras_vae.data.arrays import as_examples, as_labels, split_rows


def test_split_is_random_complete_and_repeatable():
    train, test = split_rows(100, 0.1, seed=0)
    assert (len(train), len(test)) == (90, 10)
    np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(100))
    np.testing.assert_array_equal(split_rows(100, 0.1, seed=0)[1], test)
    assert not np.array_equal(split_rows(100, 0.1, seed=1)[1], test)


@pytest.mark.parametrize(
    ("n", "test_fraction", "n_test"), [(10, 0.0, 0), (1, 0.5, 0), (2, 0.01, 1), (2, 0.99, 1), (5, 0.2, 1)]
)
def test_split_leaves_a_row_on_both_sides(n, test_fraction, n_test):
    train, test = split_rows(n, test_fraction, seed=0)
    assert (len(train), len(test)) == (n - n_test, n_test)


@pytest.mark.parametrize("test_fraction", [-0.1, 1, 1.5, float("nan"), "half"])
def test_split_refuses_other_fractions(test_fraction):
    with pytest.raises(ValueError, match="`test_fraction` must be"):
        split_rows(10, test_fraction, seed=0)


@pytest.mark.parametrize(
    ("x", "shape", "dtype", "kind"),
    [
        pytest.param(np.ones((5, 3)), (5, 3), np.float32, "table", id="float64-table"),
        pytest.param(np.ones((5, 3), np.uint8), (5, 3), np.float32, "table", id="binary-vectors"),
        pytest.param(np.full((5, 3), 7), (5, 3), np.float32, "table", id="int-table"),
        pytest.param(np.full((5, 8, 6), 9, np.uint8), (5, 8, 6, 1), np.uint8, "image", id="grey-images"),
        pytest.param(np.full((5, 8, 6), 255, np.int64), (5, 8, 6, 1), np.uint8, "image", id="grey-images-int64"),
        pytest.param(np.full((5, 8, 6, 3), 9, np.uint8), (5, 8, 6, 3), np.uint8, "image", id="colour-images"),
        pytest.param(np.full((5, 8, 6), 0.5), (5, 8, 6), np.float32, "sequence", id="sequences"),
        pytest.param(np.full((5, 8, 6, 3), -2.5), (5, 8, 6, 3), np.float32, "image", id="float-images"),
    ],
)
def test_rank_and_type_say_what_an_array_is(x, shape, dtype, kind):
    parts, found, note = as_examples({"x": x}, "f.npz")
    assert (parts["x"].shape, parts["x"].dtype, found, note) == (shape, dtype, kind, "")
    assert parts["x"].flat[0] == x.flat[0]


@pytest.mark.parametrize("dtype", [np.uint8, bool])
def test_black_and_white_images_become_0_and_255_in_all_parts(dtype):
    black, mixed = np.zeros((2, 4, 4), dtype), np.eye(4, dtype=dtype)[np.newaxis]
    parts, kind, note = as_examples({"x_train": mixed, "x_test": black}, "f.npz")
    assert kind == "image"
    assert set(np.unique(parts["x_train"])) == {0, 255}
    assert parts["x_test"].max() == 0
    assert note == "values 0 and 1 are held as 0 and 255"


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        pytest.param({"x": np.array([["a"]])}, "`x` of f must be an array of numbers", id="text"),
        pytest.param({"x": np.zeros((2, 2), complex)}, "array of numbers. Received: dtype complex128", id="complex"),
        pytest.param({"x": np.zeros((0, 3))}, "`x` of f is empty", id="empty"),
        pytest.param({"x": np.zeros(3)}, "must have rank 2", id="rank-1"),
        pytest.param({"x": np.zeros((1, 2, 2, 2, 2))}, "must have rank 2", id="rank-5"),
        pytest.param({"x": np.array([[1.0], [np.nan]])}, "NaN or inf, first in row 1", id="nan"),
        pytest.param({"x": np.full((1, 4, 4, 1), np.inf)}, "NaN or inf, first in row 0", id="inf"),
        pytest.param({"x": np.array([[1e300]])}, "finite float32 numbers", id="too-large-for-float32"),
        pytest.param({"x": np.full((1, 2, 2), 256)}, "values 0 to 255; .* Received: values 256 to 256", id="over-255"),
        pytest.param({"x": np.full((1, 2, 2), -1)}, "Received: values -1 to -1", id="negative"),
        pytest.param({"x": np.zeros((1, 3, 32, 32))}, "channel axis first", id="channels-first"),
        pytest.param({"a": np.zeros((2, 3)), "b": np.zeros((2, 4))}, "`a` and `b` of f must", id="shapes"),
        pytest.param({"a": np.zeros((2, 3)), "b": np.zeros((2, 3), int)}, "one shape and kind", id="kinds"),
    ],
)
def test_other_arrays_are_refused(parts, message):
    with pytest.raises(ValueError, match=message):
        as_examples(parts, "f")


def test_labels_become_int64():
    parts, names = as_labels({"a": np.array([[1.0], [2.0]]), "b": np.array([True, False])}, "f")
    assert names is None
    np.testing.assert_array_equal(parts["a"], [1, 2])
    np.testing.assert_array_equal(parts["b"], [1, 0])
    assert parts["a"].dtype == parts["b"].dtype == np.int64
    assert as_labels({}, "f") == ({}, None)


def test_named_labels_are_numbered_over_all_parts():
    parts, names = as_labels({"a": np.array(["dog", "cat"]), "b": np.array(["bird"])}, "f")
    assert names == ("bird", "cat", "dog")
    np.testing.assert_array_equal(parts["a"], [2, 1])
    np.testing.assert_array_equal(parts["b"], [0])


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.eye(3), r"`y` of f must have shape \(n,\), one label per row"),
        (np.array([0.5]), "must hold whole numbers or names"),
        (np.array([np.nan]), "must hold whole numbers or names"),
        (np.array([1j]), "must hold whole numbers or names"),
    ],
)
def test_other_labels_are_refused(y, message):
    with pytest.raises(ValueError, match=message):
        as_labels({"y": y}, "f")
