import ast
import pathlib

import numpy as np
import pytest

import keras_vae.data
from keras_vae.data import Dataset, TableColumns
from keras_vae.data.split_rows import split_rows


def make(**changes):
    x = np.zeros((4, 3), dtype=np.float32)
    fields = {"name": "t", "x_train": x, "x_test": None, "y_train": None, "y_test": None, "event_shape": (3,)}
    return Dataset(**(fields | {"kind": "table"} | changes))


def test_parts_are_counted_in_memory_and_in_files():
    assert (make().n_train, make().n_test) == (4, 0)
    data = make(
        x_train=None, train_files=("a.png", "b.png"), test_files=("c.png",), event_shape=(8, 8, 1), kind="image"
    )
    assert (data.n_train, data.n_test, data.size("test")) == (2, 1, 1)


def test_repr_is_short_whatever_the_arrays_hold():
    assert repr(make(x_train=np.zeros((1000, 3)))) == (
        "Dataset(name='t', event_shape=(3,), kind='table', note='', class_names=None)"
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "sound"}, "`kind` must be one of 'image', 'table', 'sequence'"),
        ({"event_shape": (4,)}, r"`x_train` must have shape \(n, 4\). Received: x_train.shape=\(4, 3\)"),
        ({"x_test": np.zeros((2, 5))}, r"`x_test` must have shape \(n, 3\)"),
        ({"x_train": None}, "needs `x_train` or `train_files`"),
        ({"y_train": np.zeros(3)}, "`y_train` must hold one label per example, 4. Received: 3 labels"),
        ({"event_shape": ()}, "`event_shape` must be a tuple of whole numbers"),
        ({"fit": "zoom"}, "`fit` must be one of 'stretch', 'crop', 'pad'"),
        ({"x_validation": np.zeros((2, 5))}, r"`x_validation` must have shape \(n, 3\)"),
        ({"y_validation": np.zeros(3)}, "`y_validation` must hold one label per example, 0. Received: 3 labels"),
        ({"ids_train": ("a", "b")}, "`ids_train` must hold one id per example, 4. Received: 2 ids"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        make(**changes)


def numbered(n=20, **changes):
    x = np.arange(n, dtype=np.float32).reshape(n, 1)
    fields = {"y_train": np.arange(n), "ids_train": tuple(f"r{k}" for k in range(n)), "event_shape": (1,)}
    return make(x_train=x, x_test=x[:1] + 100, y_test=np.arange(1), **(fields | changes))


def test_a_validation_part_is_taken_from_the_training_part_with_labels_and_ids():
    before = numbered()
    data = before.with_validation(0.25, seed=3)
    assert (data.n_train, data.n_validation, data.n_test) == (15, 5, 1)
    for part in ("train", "validation"):
        x, y, ids = (getattr(data, f"{name}_{part}") for name in ("x", "y", "ids"))
        np.testing.assert_array_equal(x[:, 0], y)
        assert ids == tuple(f"r{k}" for k in y)
    assert sorted([*data.y_train, *data.y_validation]) == list(range(20))
    assert data.x_test is before.x_test
    assert (before.n_train, before.n_validation) == (20, 0)
    np.testing.assert_array_equal(before.with_validation(0.25, seed=3).y_validation, data.y_validation)
    assert not np.array_equal(before.with_validation(0.25, seed=4).y_validation, data.y_validation)


def test_a_validation_part_of_files_is_made_of_files():
    files = tuple(f"{k}.png" for k in range(10))
    data = make(x_train=None, train_files=files, y_train=np.arange(10), event_shape=(8, 8, 1), kind="image", fit="crop")
    data = data.with_validation(0.3, seed=0)
    assert (data.n_train, data.n_validation, data.fit) == (7, 3, "crop")
    assert data.validation_files == tuple(f"{k}.png" for k in data.y_validation)


def test_a_validation_part_is_another_draw_than_the_test_part():
    """The rows that the split of a test part would take for the same seed are not the ones that are taken here."""
    same = [
        np.array_equal(split_rows(200, 0.1, seed)[1], numbered(200).with_validation(0.1, seed).y_validation)
        for seed in range(20)
    ]
    assert not any(same)


def test_a_validation_part_that_is_there_or_not_wanted_changes_nothing():
    data = numbered().with_validation(0.25, seed=0)
    assert data.with_validation(0.5, seed=1) is data
    data = numbered()
    assert data.with_validation(0, seed=0) is data
    one = numbered(1)
    assert one.with_validation(0.5, seed=0) is one
    for arguments in ({"fraction": 1, "seed": 0}, {"fraction": -0.1, "seed": 0}):
        with pytest.raises(ValueError, match="`fraction` must be"):
            numbered().with_validation(**arguments)
    with pytest.raises(ValueError, match="`seed` must be a whole number >= 0"):
        numbered().with_validation(0.1, seed=-1)


def test_labels_are_real_if_they_are_floats():
    assert not make().real_labels
    assert not numbered().real_labels
    assert numbered(y_train=np.arange(20, dtype=np.float32)).real_labels


def test_size_of_an_unknown_part_is_refused():
    with pytest.raises(ValueError, match="`part` must be one of"):
        make().size("valid")


def test_slow_imports_are_made_where_they_are_needed():
    for file in pathlib.Path(keras_vae.data.__file__).parent.glob("*.py"):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            names = [alias.name for alias in getattr(node, "names", [])] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            # Keras is imported by TensorFlow.
            assert not {name.split(".")[0] for name in names} & {"sklearn", "PIL", "tqdm", "pandas"}, file.name


def test_the_package_shows_its_public_names_alone():
    assert dir(keras_vae.data) == sorted(keras_vae.data.__all__)
    assert all(hasattr(keras_vae.data, name) for name in keras_vae.data.__all__)


def test_columns_of_a_mixed_table_are_held_by_the_schema():
    assert make().columns is None
    columns = TableColumns.learn({"a": [1.5, 2.5], "b": ["yes", "no"], "c": [None, 3]})
    assert make(schema={"columns_as": columns.to_json()}).columns == columns
