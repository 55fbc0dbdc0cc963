import gzip
import os

import keras
import numpy as np
import pytest

from keras_vae.data import batches, binarized, load
from keras_vae.data.named import load_named


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """$KERAS_VAE_DATA set to a fresh folder, and no way to the network."""

    def refuse():
        raise OSError("no network here")

    for name in ("mnist", "fashion_mnist", "cifar10"):
        monkeypatch.setattr(getattr(keras.datasets, name), "load_data", refuse)
    monkeypatch.setenv("KERAS_VAE_DATA", str(tmp_path))
    return tmp_path


def arrays(event=(28, 28), n_train=6, n_test=2):
    rng = np.random.default_rng(0)
    return {
        "x_train": rng.integers(0, 256, (n_train, *event)).astype(np.uint8),
        "y_train": rng.integers(0, 10, n_train).astype(np.uint8),
        "x_test": rng.integers(0, 256, (n_test, *event)).astype(np.uint8),
        "y_test": rng.integers(0, 10, n_test).astype(np.uint8),
    }


def write_idx(path, values):
    header = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes()
    path.write_bytes(gzip.compress(header + values.tobytes()))


@pytest.mark.parametrize(
    ("name", "file", "event", "event_shape"),
    [
        ("mnist", "mnist.npz", (28, 28), (28, 28, 1)),
        ("fashion_mnist", "fashion_mnist.npz", (28, 28), (28, 28, 1)),
        ("cifar10", "cifar10_subset.npz", (32, 32, 3), (32, 32, 3)),
        ("cifar10", "cifar10.npz", (32, 32, 3), (32, 32, 3)),
    ],
)
def test_archives_in_the_folder_are_read(folder, name, file, event, event_shape):
    expected = arrays(event)
    np.savez(folder / file, **expected)
    data = load(name)
    assert (data.name, data.kind, data.event_shape) == (file[:-4], "image", event_shape)
    assert data.note == f"a part of {name}: 6 training and 2 test images"
    assert len(data.class_names) == 10
    np.testing.assert_array_equal(data.x_test.reshape(2, *event), expected["x_test"])
    np.testing.assert_array_equal(data.y_train, expected["y_train"])
    assert data.y_train.dtype == np.int64


def test_the_whole_of_cifar10_comes_before_a_part(folder):
    np.savez(folder / "cifar10_subset.npz", **arrays((32, 32, 3)))
    np.savez(folder / "cifar10.npz", **arrays((32, 32, 3), n_train=7))
    assert load("cifar10").n_train == 7


def test_idx_files_are_read(folder):
    (folder / "fashion-mnist").mkdir()
    expected = arrays()
    for stem, role in (("train", "train"), ("t10k", "test")):
        write_idx(folder / "fashion-mnist" / f"{stem}-images-idx3-ubyte.gz", expected[f"x_{role}"])
        write_idx(folder / "fashion-mnist" / f"{stem}-labels-idx1-ubyte.gz", expected[f"y_{role}"])
    data = load("fashion_mnist")
    np.testing.assert_array_equal(data.x_train[..., 0], expected["x_train"])
    np.testing.assert_array_equal(data.y_test, expected["y_test"])
    images = folder / "fashion-mnist" / "train-images-idx3-ubyte.gz"
    write_idx(images, expected["x_train"][:5])
    with pytest.raises(ValueError, match=r"`y_train` of .* must hold 5 whole numbers"):
        load("fashion_mnist")
    content = gzip.decompress(images.read_bytes())
    images.write_bytes(gzip.compress(content[:-1]))
    with pytest.raises(ValueError, match=r"must hold 3920 values, shape \(5, 28, 28\). Received: 3919"):
        load("fashion_mnist")
    images.write_bytes(gzip.compress(b"no idx"))
    with pytest.raises(ValueError, match=r"must be an idx file of bytes. Received: it starts with b'no i'"):
        load("fashion_mnist")
    images.write_bytes(gzip.compress(content)[:100])
    with pytest.raises(ValueError, match=r"train-images-idx3-ubyte.gz cannot be read"):
        load("fashion_mnist")
    images.unlink()
    with pytest.raises(FileNotFoundError, match=r"there is no file .*train-images-idx3-ubyte.gz"):
        load("fashion_mnist")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_train": np.zeros((6, 27, 28), np.uint8)}, r"`x_train` of .* uint8 of shape \(n, 28, 28, 1\)"),
        ({"x_test": np.zeros((2, 28, 28), np.float32)}, "`x_test` of .* Received: float32"),
        ({"x_test": np.zeros((0, 28, 28), np.uint8)}, "`x_test` of .* Received: uint8 of shape"),
        ({"y_train": np.zeros(5, int)}, "`y_train` of .* must hold 6 whole numbers"),
        ({"y_test": np.zeros(2)}, "`y_test` of .* Received: float64"),
    ],
)
def test_archives_that_hold_something_else_are_refused(folder, changes, message):
    np.savez(folder / "mnist.npz", **(arrays() | changes))
    with pytest.raises(ValueError, match=message):
        load("mnist")


def test_an_archive_without_an_array_is_refused(folder):
    np.savez(folder / "mnist.npz", x=np.zeros(3))
    with pytest.raises(ValueError, match=r"array `x_train` of .*mnist\.npz cannot be read"):
        load("mnist")


def test_without_a_local_file_keras_is_asked(folder, monkeypatch, capsys):
    expected = arrays((32, 32, 3))

    def download():
        print("Downloading")
        labels = expected["y_train"][:, np.newaxis], expected["y_test"][:, np.newaxis]
        return (expected["x_train"], labels[0]), (expected["x_test"], labels[1])

    monkeypatch.setattr(keras.datasets.cifar10, "load_data", download)
    data = load("cifar10")
    np.testing.assert_array_equal(data.y_train, expected["y_train"])
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Downloading" in captured.err


@pytest.mark.parametrize("variable", [True, False], ids=["folder-without-it", "no-folder"])
def test_a_failed_download_says_what_to_do(folder, monkeypatch, variable):
    if not variable:
        monkeypatch.delenv("KERAS_VAE_DATA")
    with pytest.raises(
        ConnectionError, match=r"`mnist` could not be downloaded \(no network here\). Set \$KERAS_VAE_DATA .*`digits`"
    ):
        load("mnist")


def test_a_variable_that_names_no_folder_is_refused(folder, monkeypatch):
    monkeypatch.setenv("KERAS_VAE_DATA", str(folder / "none"))
    with pytest.raises(FileNotFoundError, match=r"\$KERAS_VAE_DATA must name a folder"):
        load("mnist")


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match=r"`name` must be one of 'mnist', 'fashion_mnist', 'cifar10'"):
        load_named("digits")


needs_data = pytest.mark.skipif("KERAS_VAE_DATA" not in os.environ, reason="$KERAS_VAE_DATA is not set")


@needs_data
@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "sizes", "event_shape", "mean"),
    [
        # Training means as published for the complete sets; the part of CIFAR-10 is a random one.
        ("mnist", (60000, 10000), (28, 28, 1), 0.1307),
        ("fashion_mnist", (60000, 10000), (28, 28, 1), 0.2860),
        ("cifar10", (10000, 2000), (32, 32, 3), 0.4734),
    ],
)
def test_real_sets_have_their_known_size_and_mean(name, sizes, event_shape, mean):
    data = load(name)
    assert (data.n_train, data.n_test, data.event_shape) == (*sizes, event_shape)
    np.testing.assert_allclose(data.x_train.mean() / 255, mean, atol=5e-3 if name == "cifar10" else 1e-4)
    assert sorted(set(data.y_test.tolist())) == list(range(10))
    assert ("a part of" in data.note) == (name == "cifar10")


@needs_data
@pytest.mark.data
def test_real_binarized_mnist_and_faces_are_read():
    folder = os.environ["KERAS_VAE_DATA"]
    vectors = load(os.path.join(folder, "binarized_mnist.npz"))
    assert (vectors.kind, vectors.n_train, vectors.n_test) == ("table", 50000, 10000)
    assert set(np.unique(vectors.x_test)) == {0.0, 1.0}
    faces = load(os.path.join(folder, "freyfaces.npz"))
    assert (faces.kind, faces.event_shape, faces.n_train, faces.n_test) == ("image", (28, 20, 1), 1769, 196)
    anomalies = load(os.path.join(folder, "adbench", "6_cardio.npz"))
    assert (anomalies.kind, anomalies.event_shape) == ("table", (21,))
    assert anomalies.y_train.sum() + anomalies.y_test.sum() == 176
    with pytest.raises(ValueError, match=r"Received: audio \(\d+,\), offsets"):
        load(os.path.join(folder, "fsdd.npz"))


@needs_data
@pytest.mark.data
def test_real_mnist_is_binarized_to_its_mean():
    data = load("mnist")
    total = sum(float(batch.numpy().sum(dtype=np.float64)) for batch in binarized(data))
    grey = data.x_train / np.float64(255)
    bound = 5 * np.sqrt(np.sum(grey * (1 - grey)))
    assert abs(total - grey.sum()) < bound
    assert batches(data).cardinality() == 469
