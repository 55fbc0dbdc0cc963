import numpy as np
import pytest

from keras_vae.data.labels import as_labels


def test_whole_numbers_become_int64():
    labels = as_labels({"a": np.array([[1.0], [2.0]]), "b": np.array([True, False])}, "f")
    assert labels.class_names is None
    np.testing.assert_array_equal(labels.parts["a"], [1, 2])
    np.testing.assert_array_equal(labels.parts["b"], [1, 0])
    assert labels.parts["a"].dtype == labels.parts["b"].dtype == np.int64
    assert labels.report[0].read_as == "3 classes"
    assert as_labels({}, "f") == ({}, None, [])


def test_names_are_numbered_over_all_parts():
    labels = as_labels({"a": np.array(["dog", "cat"]), "b": np.array(["bird"])}, "f")
    assert labels.class_names == ("bird", "cat", "dog")
    np.testing.assert_array_equal(labels.parts["a"], [2, 1])
    np.testing.assert_array_equal(labels.parts["b"], [0])
    assert labels.report[0].read_as == "3 classes: bird, cat, dog"


@pytest.mark.parametrize("dtype", [np.uint8, np.float64, bool])
def test_one_hot_rows_are_classes(dtype):
    labels = as_labels({"y": np.eye(3, dtype=dtype)[[2, 0, 1, 1]]}, "f")
    np.testing.assert_array_equal(labels.parts["y"], [2, 0, 1, 1])


def test_numbers_that_are_not_whole_are_real_labels():
    labels = as_labels({"a": np.array([1.0, 2.0]), "b": np.array([0.5])}, "f")
    assert labels.parts["a"].dtype == labels.parts["b"].dtype == np.float32
    np.testing.assert_array_equal(labels.parts["b"], [0.5])
    assert labels.class_names is None
    assert "real numbers" in labels.report[0].read_as


@pytest.mark.parametrize(
    ("y", "dtype"),
    [
        pytest.param(np.arange(50), np.int64, id="50-values"),
        pytest.param(np.arange(51), np.float32, id="51-values-once"),
        pytest.param(np.repeat(np.arange(51), 5), np.int64, id="51-values-5-times"),
        pytest.param(np.repeat(np.arange(400), 2), np.float32, id="400-values-twice"),
    ],
)
def test_many_whole_numbers_with_few_rows_each_measure_something(y, dtype):
    assert as_labels({"y": y}, "f").parts["y"].dtype == dtype


def test_later_labels_get_the_numbers_of_the_first():
    labels = as_labels({"y": np.array(["b", "c"])}, "f", classes=("a", "b", "c"))
    np.testing.assert_array_equal(labels.parts["y"], [1, 2])
    assert labels.class_names == ("a", "b", "c")
    assert as_labels({"y": np.arange(99)}, "f", real=False).parts["y"].dtype == np.int64
    assert as_labels({"y": np.array([1, 2])}, "f", real=True).parts["y"].dtype == np.float32


@pytest.mark.parametrize(
    ("y", "first", "why"),
    [
        (np.array(["b", "z"]), {"classes": ("a", "b")}, "the first data had no class z"),
        (np.array([0, 1]), {"classes": ("a", "b")}, "numbers, where the first data had names"),
        (np.array(["b", "z"]), {"real": False}, "names, where the first data had numbers"),
        (np.array([0.5]), {"real": False}, "real numbers, where the first data had classes"),
    ],
)
def test_later_labels_of_another_kind_are_not_used_and_told(y, first, why):
    labels = as_labels({"y": y}, "f", **first)
    assert labels.parts == {}
    assert labels.report[0].read_as == f"not used: {why}"


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.ones((3, 3)), r"`y` of f must have shape \(n,\), one label per row, or be one-hot"),
        (np.zeros((2, 2, 1)), r"`y` of f must have shape \(n,\)"),
        (np.array([np.nan]), "must hold finite numbers or names. Received: NaN or inf"),
        (np.array([1.0, np.inf]), "must hold finite numbers or names. Received: NaN or inf"),
        (np.array([1j]), "must hold finite numbers or names. Received: dtype complex128"),
    ],
)
def test_other_labels_are_refused(y, message):
    with pytest.raises(ValueError, match=message):
        as_labels({"y": y}, "f")
