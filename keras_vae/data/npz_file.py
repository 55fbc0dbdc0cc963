"""Reader of `.npz` files, which finds the examples and the labels among the arrays."""

import lzma
import pathlib
import zipfile
import zlib

import numpy as np

from keras_vae.data.arrays import as_examples, as_labels, split_rows
from keras_vae.data.dataset import Dataset

# What numpy and the zip reader raise for a file that is cut short, damaged or of another type.
_UNREADABLE = (OSError, EOFError, ValueError, KeyError, NotImplementedError, RuntimeError)
_UNREADABLE += (zipfile.BadZipFile, zlib.error, lzma.LZMAError)


def load_npz(path: str | pathlib.Path, test_fraction: float = 0.1, seed: int = 0) -> Dataset:
    """Examples and labels of an `.npz` file.

    Three layouts are known, with names in upper or lower case: `x_train` with optional `x_test`, `y_train`, `y_test`;
    `train` with optional `test` and `valid`, as binarized MNIST is published; `x`, or a single array of any name, with
    optional `y`. Without a test part a random one is split off.

    Args:
        path: Path or str.
        test_fraction: float in [0, 1). Share split off when the file has no test part; 0 for none.
        seed: int. Seed of the split.

    Returns:
        `Dataset`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it cannot be read, has another layout or holds arrays that `as_examples` or `as_labels` refuse.
    """
    path = pathlib.Path(path)
    with open_npz(path) as archive:
        keys, note = _choose(archive.files, path)
        arrays = {role: read_array(archive, key, path) for role, key in keys.items()}
    x, kind, rescaled = as_examples({keys[role]: a for role, a in arrays.items() if role.startswith("x")}, path)
    y, class_names = as_labels({keys[role]: a for role, a in arrays.items() if role.startswith("y")}, path)
    held = {role: x.get(key, y.get(key)) for role, key in keys.items()}
    for role, key in keys.items():
        of = role.replace("y_", "x_")
        if len(held[role]) != len(held[of]):
            raise ValueError(
                f"`{key}` of {path} must hold one label per row of `{keys[of]}`, {len(held[of])}. "
                f"Received: {len(held[role])}"
            )
    if "x_test" not in held:
        held = _split(held, test_fraction, seed)
    return Dataset(
        name=path.name,
        **{role: held.get(role) for role in ("x_train", "x_test", "y_train", "y_test")},
        event_shape=held["x_train"].shape[1:],
        kind=kind,
        note="; ".join(filter(None, (note, rescaled))),
        class_names=class_names,
    )


def open_npz(path: str | pathlib.Path) -> np.lib.npyio.NpzFile:
    """The open archive of an `.npz` file, for a `with` statement; it never unpickles anything.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not a readable archive of arrays.
    """
    if not pathlib.Path(path).is_file():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        archive = np.load(path, allow_pickle=False)
    except _UNREADABLE as error:
        raise ValueError(f"{path} is not a readable .npz file: {error}") from error
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise ValueError(f"{path} holds a single .npy array, not an .npz archive; save it with np.savez(path, x=array)")
    return archive


def read_array(archive: np.lib.npyio.NpzFile, key: str, path: str | pathlib.Path) -> np.ndarray:
    """One array of an open archive.

    Raises:
        ValueError: if it is damaged, cut short or holds Python objects.
    """
    try:
        return archive[key]
    except _UNREADABLE as error:
        raise ValueError(f"the array `{key}` of {path} cannot be read: {error}") from error


def _choose(files, path):
    """The key of each role, `x_train` to `y_test`, and a note about unused arrays."""
    keys = {key.lower(): key for key in files}
    if "x_train" in keys:
        return {role: keys[role] for role in ("x_train", "x_test", "y_train", "y_test") if role in keys}, ""
    if "x" in keys:
        return {role: keys[name] for role, name in (("x_train", "x"), ("y_train", "y")) if name in keys}, ""
    if "train" in keys:
        test = next((name for name in ("test", "valid") if name in keys), None)
        note = "the part `valid` is not used" if test == "test" and "valid" in keys else ""
        return {"x_train": keys["train"]} | ({"x_test": keys[test]} if test else {}), note
    others = [key for name, key in keys.items() if name != "y"]
    if len(others) == 1:
        return {"x_train": others[0]} | ({"y_train": keys["y"]} if "y" in keys else {}), ""
    raise ValueError(
        f"{path} must hold `x_train` (and `x_test`, `y_train`, `y_test`), or `x` (and `y`), or `train` (and `test`), "
        f"or one array. Received: {', '.join(files) or 'no arrays'}"
    )


def _split(held, test_fraction, seed):
    train, test = split_rows(len(held["x_train"]), test_fraction, seed)
    parts = {role: a[train] for role, a in held.items() if role.endswith("_train")}
    if len(test):
        parts |= {role.replace("_train", "_test"): a[test] for role, a in held.items() if role.endswith("_train")}
    return parts
