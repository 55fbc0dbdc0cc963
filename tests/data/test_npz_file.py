import json

import numpy as np
import pytest

from keras_vae.data.npz_file import load_npz
from keras_vae.data.reading import Reading
from keras_vae.data.table import load_table


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (20, 5, 4)).astype(np.uint8)


def save(tmp_path, **arrays):
    path = tmp_path / "données.npz"
    np.savez_compressed(path, **arrays)
    return path


def test_a_file_with_both_parts_keeps_them(tmp_path, images):
    path = save(tmp_path, x_train=images[:15], x_test=images[15:], y_train=np.arange(15), y_test=np.arange(5))
    data = load_npz(path)
    assert (data.name, data.kind, data.event_shape, data.note) == ("données.npz", "image", (5, 4, 1), "")
    np.testing.assert_array_equal(data.x_train[..., 0], images[:15])
    np.testing.assert_array_equal(data.x_test[..., 0], images[15:])
    np.testing.assert_array_equal(data.y_test, np.arange(5))


@pytest.mark.parametrize("keys", [("x", "y"), ("X", "Y"), ("x_train", "y_train"), ("faces", "y")])
def test_without_a_test_part_rows_and_labels_are_split_together(tmp_path, images, keys):
    path = save(tmp_path, **{keys[0]: images, keys[1]: images[:, 0, 0].astype(int)})
    data = load_npz(path, test_fraction=0.2, seed=1)
    assert (data.n_train, data.n_test) == (16, 4)
    np.testing.assert_array_equal(data.x_train[:, 0, 0, 0], data.y_train)
    np.testing.assert_array_equal(data.x_test[:, 0, 0, 0], data.y_test)
    np.testing.assert_array_equal(load_npz(path, test_fraction=0.2, seed=1).y_test, data.y_test)
    assert not np.array_equal(load_npz(path, test_fraction=0.2, seed=2).y_test, data.y_test)
    whole = load_npz(path, test_fraction=0)
    assert (whole.n_train, whole.x_test, whole.y_test) == (20, None, None)


def test_the_layout_of_binarized_mnist_is_known(tmp_path):
    vectors = np.random.default_rng(0).integers(0, 2, (12, 784)).astype(np.uint8)
    data = load_npz(save(tmp_path, train=vectors[:6], valid=vectors[6:8], test=vectors[8:]))
    assert (data.n_train, data.n_test, data.kind, data.event_shape) == (6, 4, "table", (784,))
    assert data.x_train.dtype == np.float32
    assert (data.n_validation, data.note) == (2, "")
    np.testing.assert_array_equal(data.x_validation, vectors[6:8])
    data = load_npz(save(tmp_path, train=vectors[:6], valid=vectors[6:8]))
    assert (data.n_validation, data.n_test, data.note) == (0, 2, "")


@pytest.mark.parametrize("name", ["val", "valid", "validation"])
def test_a_validation_part_is_kept_with_its_labels(tmp_path, images, name):
    parts = {f"x_{name}": images[10:15], f"y_{name}": np.arange(5) % 2}
    path = save(
        tmp_path, x_train=images[:10], y_train=np.arange(10) % 2, x_test=images[15:], y_test=np.arange(5), **parts
    )
    data = load_npz(path)
    assert (data.n_train, data.n_validation, data.n_test) == (10, 5, 5)
    np.testing.assert_array_equal(data.x_validation[..., 0], images[10:15])
    np.testing.assert_array_equal(data.y_validation, np.arange(5) % 2)


def test_labels_may_be_names(tmp_path, images):
    data = load_npz(save(tmp_path, x=images, y=np.array(["b", "a"] * 10)), test_fraction=0)
    assert data.class_names == ("a", "b")
    np.testing.assert_array_equal(data.y_train, [1, 0] * 10)


def test_an_unknown_layout_is_refused_with_its_keys(tmp_path, images):
    with pytest.raises(ValueError, match=r"\(`key`\). Received: audio \(20, 5, 4\), speaker \(20,\)"):
        load_npz(save(tmp_path, audio=images, speaker=np.arange(20)))
    with pytest.raises(ValueError, match="Received: no arrays"):
        load_npz(save(tmp_path))


def told(data, what):
    return next((line.read_as for line in data.report if line.what == what), None)


def test_the_arrays_of_examples_and_labels_can_be_named(tmp_path, images):
    path = save(tmp_path, audio=images, other=images[:3], speaker=np.arange(20) % 4)
    data = load_npz(path, test_fraction=0, reading=Reading(key="audio", label="speaker"))
    assert (data.n_train, data.label_name) == (20, "speaker")
    np.testing.assert_array_equal(data.y_train, np.arange(20) % 4)
    assert told(data, "array `audio`") == "the examples"
    assert told(data, "arrays other") == "not read"
    again = load_npz(path, test_fraction=0, schema=data.schema)
    np.testing.assert_array_equal(again.x_train, data.x_train)
    with pytest.raises(
        ValueError, match=r"`key` names 'audoi', which there is not .nearest: audio.; .*`label` names 'z'"
    ):
        load_npz(path, reading=Reading(key="audoi", label="z"))
    assert load_npz(save(tmp_path, x=images, y=np.arange(20)), reading=Reading(label="none")).y_train is None


@pytest.mark.parametrize("name", ["label", "labels", "target", "class", "Y"])
def test_labels_beside_a_single_array_are_known_by_name(tmp_path, images, name):
    data = load_npz(save(tmp_path, faces=images, **{name: np.arange(20) / 7}), test_fraction=0)
    assert (data.label_name, data.real_labels) == (name, True)


def test_one_hot_labels_are_classes(tmp_path, images):
    data = load_npz(save(tmp_path, x=images, y=np.eye(4)[np.arange(20) % 4]), test_fraction=0)
    np.testing.assert_array_equal(data.y_train, np.arange(20) % 4)


def test_float_images_are_images_and_the_kind_overrules(tmp_path, rng):
    path = save(tmp_path, x=rng.random((10, 28, 28)))
    data = load_npz(path)
    assert (data.kind, data.event_shape, data.x_train.dtype) == ("image", (28, 28, 1), np.float32)
    assert load_npz(path, reading=Reading(kind="sequence")).event_shape == (28, 28)


def test_a_later_file_is_read_as_the_first(tmp_path, rng):
    first = load_npz(save(tmp_path, x=rng.integers(0, 256, (10, 8, 8)).astype(np.uint8)), test_fraction=0)
    schema = json.loads(json.dumps(first.schema))
    dark = np.zeros((2, 8, 8), np.uint8)
    dark[0, 0, 0] = 1
    data = load_npz(save(tmp_path, anything=dark), test_fraction=0, schema=schema)
    assert data.x_train.max() == 1
    series = load_npz(save(tmp_path, x=rng.normal(size=(10, 9, 8))), test_fraction=0)
    data = load_npz(save(tmp_path, x=rng.random((10, 9, 8))), test_fraction=0, schema=series.schema)
    assert (data.kind, data.event_shape) == ("sequence", (9, 8))
    named = load_npz(save(tmp_path, x=dark, y=np.array(["a", "b"])), test_fraction=0)
    data = load_npz(save(tmp_path, x=dark, y=np.array(["b", "b"])), test_fraction=0, schema=named.schema)
    assert (data.y_train.tolist(), data.class_names) == ([1, 1], ("a", "b"))


def test_an_npy_file_holds_the_examples(tmp_path, rng):
    path = tmp_path / "a.npy"
    np.save(path, rng.normal(size=(10, 3)))
    data = load_npz(path)
    assert (data.kind, data.event_shape, data.n_train) == ("table", (3,), 9)
    with pytest.raises(ValueError, match=r"a\.npy holds one array, which has no name. Received: key='x'"):
        load_npz(path, reading=Reading(key="x"))
    with pytest.raises(ValueError, match=r"is an array, which takes `kind`, .* Received: header=True"):
        load_npz(path, reading=Reading(header=True))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ValueError, match=r"a\.npy is not a readable \.npy file"):
        load_npz(path)
    save(tmp_path, x=np.ones((2, 2))).rename(path)
    with pytest.raises(ValueError, match=r"holds an archive of arrays: its name must end in \.npz"):
        load_npz(path)


@pytest.mark.parametrize("x", [np.ones(3), np.float64(1), np.ones((2, 3), complex), np.array([["a"]])])
def test_arrays_that_are_no_examples_are_refused(tmp_path, x):
    with pytest.raises(ValueError, match=r"must (have rank 2|be an array of numbers)"):
        load_npz(save(tmp_path, x=x))


def test_a_table_of_names_is_matched_by_position_and_told(tmp_path):
    (tmp_path / "a.csv").write_text("u,v\n1,2\n3,4\n")
    schema = load_table(tmp_path / "a.csv", test_fraction=0).schema
    data = load_npz(save(tmp_path, x=np.ones((3, 2))), test_fraction=0, schema=schema)
    assert told(data, "columns") == "matched by position with the 2 features of the first data"


def test_one_label_per_row_is_wanted(tmp_path, images):
    with pytest.raises(ValueError, match=r"`y` of .* one label per row of `x`, 20. Received: 19"):
        load_npz(save(tmp_path, x=images, y=np.arange(19)))


def test_python_objects_are_never_unpickled(tmp_path):
    with pytest.raises(ValueError, match=r"array `x` of .* cannot be read: Object arrays cannot be loaded"):
        load_npz(save(tmp_path, x=np.array([{}, []], dtype=object)))


def test_a_truncated_file_is_refused(tmp_path, images):
    path = save(tmp_path, x=images)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=r"données\.npz is not a readable \.npz file"):
        load_npz(path)


def test_damage_inside_the_archive_is_refused(tmp_path, images):
    path = save(tmp_path, x=images)
    content = bytearray(path.read_bytes())
    content[100:140] = bytes(40)
    path.write_bytes(bytes(content))
    with pytest.raises(ValueError, match=r"array `x` of .* cannot be read"):
        load_npz(path)


@pytest.mark.parametrize("content", [b"", b"no archive at all", b"PK\x03\x04"], ids=["empty", "text", "stub"])
def test_files_of_another_kind_are_refused(tmp_path, content):
    path = tmp_path / "f.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"f\.npz is not a readable \.npz file"):
        load_npz(path)


def test_a_renamed_npy_file_is_refused(tmp_path, images):
    with open(tmp_path / "f.npz", "wb") as file:
        np.save(file, images)
    with pytest.raises(ValueError, match=r"single \.npy array"):
        load_npz(tmp_path / "f.npz")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no file .*none\.npz"):
        load_npz(tmp_path / "none.npz")


def test_a_bad_fraction_is_refused(tmp_path, images):
    with pytest.raises(ValueError, match=r"`test_fraction` must be"):
        load_npz(save(tmp_path, x=images), test_fraction=2)
