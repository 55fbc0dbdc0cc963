import ast
import pathlib

import numpy as np
import pytest

import keras_vae.data
from keras_vae.data import Dataset


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
    ],
)
def test_parts_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        make(**changes)


def test_size_of_an_unknown_part_is_refused():
    with pytest.raises(ValueError, match="`part` must be one of"):
        make().size("valid")


def test_slow_imports_are_made_where_they_are_needed():
    for file in pathlib.Path(keras_vae.data.__file__).parent.glob("*.py"):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            names = [alias.name for alias in getattr(node, "names", [])] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & {"sklearn", "PIL", "tqdm", "keras", "pandas"}, file.name


def test_the_package_shows_its_public_names_alone():
    assert dir(keras_vae.data) == sorted(keras_vae.data.__all__)
    assert all(hasattr(keras_vae.data, name) for name in keras_vae.data.__all__)
