"""MNIST, Fashion-MNIST and CIFAR-10, from the folder `$KERAS_VAE_DATA` or from `keras.datasets`."""

import contextlib
import gzip
import os
import pathlib
import sys
import zlib

import numpy as np

from keras_vae._checks import check_choice
from keras_vae.data.dataset import Dataset
from keras_vae.data.npz_file import open_npz, read_array

VARIABLE = "KERAS_VAE_DATA"
ROLES = ("x_train", "y_train", "x_test", "y_test")

# Event shape, names of archives in the order of search, folder of idx files or None, classes.
_SETS = {
    "mnist": ((28, 28, 1), ("mnist.npz",), None, tuple("0123456789")),
    "fashion_mnist": (
        (28, 28, 1),
        ("fashion_mnist.npz",),
        "fashion-mnist",
        ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"),
    ),
    "cifar10": (
        (32, 32, 3),
        ("cifar10.npz", "cifar10_subset.npz"),
        None,
        ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    ),
}
NAMES = tuple(_SETS)
_FULL_SIZES = {"mnist": (60000, 10000), "fashion_mnist": (60000, 10000), "cifar10": (50000, 10000)}


def load_named(name: str) -> Dataset:
    """One of the well-known image sets in its usual split.

    Args:
        name: `"mnist"`, `"fashion_mnist"` or `"cifar10"`.

    Returns:
        `Dataset` of kind `"image"`, uint8. If it holds less than the published set, `note` says so.

    Raises:
        FileNotFoundError: if `$KERAS_VAE_DATA` is set to something that is not a folder.
        ValueError: for another name, and for a local file that cannot be read or holds something else.
        ConnectionError: if there is no local copy and the download fails.
    """
    check_choice("name", name, NAMES)
    event_shape, _, _, class_names = _SETS[name]
    found = _local_file(name)
    if found is None:
        arrays, source, title = _download(name), f"keras.datasets.{name}", name
    elif found.is_dir():
        arrays, source, title = _read_idx_folder(found), found, name
    else:
        with open_npz(found) as archive:
            arrays = {role: read_array(archive, role, found) for role in ROLES}
        source, title = found, found.stem
    arrays = _check(arrays, event_shape, source)
    sizes = (len(arrays["x_train"]), len(arrays["x_test"]))
    part = f"a part of {name}: {sizes[0]:,} training and {sizes[1]:,} test images"
    return Dataset(
        name=title,
        **arrays,
        event_shape=event_shape,
        kind="image",
        note="" if sizes == _FULL_SIZES[name] else part,
        class_names=class_names,
    )


def data_folder() -> pathlib.Path | None:
    """The folder that `$KERAS_VAE_DATA` names; None if it is not set.

    Raises:
        FileNotFoundError: if that is no folder.
    """
    folder = os.environ.get(VARIABLE)
    if not folder:
        return None
    root = pathlib.Path(folder).expanduser()
    if not root.is_dir():
        raise FileNotFoundError(f"${VARIABLE} must name a folder. Received: {VARIABLE}={folder}")
    return root


def _local_file(name):
    """The archive or folder in `$KERAS_VAE_DATA` that holds the set, or None."""
    root = data_folder()
    if root is None:
        return None
    _, archives, idx_folder, _ = _SETS[name]
    candidates = [root / archive for archive in archives]
    if idx_folder and (root / idx_folder).is_dir():
        candidates.insert(0, root / idx_folder)
    return next((path for path in candidates if path.exists()), None)


def _download(name):
    import keras

    try:
        # Keras reports the download on stdout, which is for the results of the program.
        with contextlib.redirect_stdout(sys.stderr):
            (x_train, y_train), (x_test, y_test) = getattr(keras.datasets, name).load_data()
    except Exception as error:
        files = " or ".join(_SETS[name][1])
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ConnectionError(
            f"`{name}` could not be downloaded ({reason}). Set ${VARIABLE} to a folder that holds {files}, "
            f"or use the data set `digits`, which needs no download"
        ) from error
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def _read_idx_folder(folder):
    files = {"x_train": "train-images-idx3", "y_train": "train-labels-idx1"}
    files |= {"x_test": "t10k-images-idx3", "y_test": "t10k-labels-idx1"}
    return {role: _read_idx(folder / f"{stem}-ubyte.gz") for role, stem in files.items()}


def _read_idx(path):
    """Array of an idx file: two zero bytes, the type (8 is uint8), the rank, the sizes, the values."""
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        with gzip.open(path) as file:
            content = file.read()
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
    rank = content[3] if len(content) >= 4 and content[:3] == b"\x00\x00\x08" else 0
    if rank == 0 or len(content) < 4 + 4 * rank:
        raise ValueError(f"{path} must be an idx file of bytes. Received: it starts with {content[:4]!r}")
    shape = np.frombuffer(content, ">u4", count=rank, offset=4).astype(int)
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * rank)
    if len(values) != shape.prod():
        raise ValueError(
            f"{path} must hold {shape.prod()} values, shape {tuple(shape.tolist())}. Received: {len(values)}"
        )
    return values.reshape(shape)


def _check(arrays, event_shape, source):
    """Images as uint8 with a channel axis, labels as int64."""
    checked = {}
    for part in ("train", "test"):
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if x.ndim == 3 and event_shape[-1] == 1:
            x = x[..., np.newaxis]
        if x.dtype != np.uint8 or x.shape[1:] != event_shape or len(x) == 0:
            raise ValueError(
                f"`x_{part}` of {source} must be uint8 of shape (n, {', '.join(map(str, event_shape))}). "
                f"Received: {arrays[f'x_{part}'].dtype} of shape {arrays[f'x_{part}'].shape}"
            )
        if y.dtype.kind not in "ui" or y.size != len(x):
            raise ValueError(
                f"`y_{part}` of {source} must hold {len(x)} whole numbers. Received: {y.dtype} of shape {y.shape}"
            )
        checked[f"x_{part}"], checked[f"y_{part}"] = x, y.reshape(-1).astype(np.int64)
    return checked
