import numpy as np
import pytest

from keras_vae.data.npz_file import load_npz


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
    assert data.note == "the part `valid` is not used"
    data = load_npz(save(tmp_path, train=vectors[:6], valid=vectors[6:8]))
    assert (data.n_test, data.note) == (2, "")


def test_labels_may_be_names(tmp_path, images):
    data = load_npz(save(tmp_path, x=images, y=np.array(["b", "a"] * 10)), test_fraction=0)
    assert data.class_names == ("a", "b")
    np.testing.assert_array_equal(data.y_train, [1, 0] * 10)


def test_an_unknown_layout_is_refused_with_its_keys(tmp_path, images):
    with pytest.raises(ValueError, match=r"must hold `x_train` .* Received: audio, label"):
        load_npz(save(tmp_path, audio=images, label=np.arange(20)))
    with pytest.raises(ValueError, match="Received: no arrays"):
        load_npz(save(tmp_path))


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
