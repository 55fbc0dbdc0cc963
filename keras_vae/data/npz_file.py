"""Reader of `.npz` and `.npy` files, which finds the examples and the labels among the arrays."""

import lzma
import pathlib
import zipfile
import zlib

import numpy as np

from keras_vae.data.arrays import read_examples
from keras_vae.data.dataset import Dataset
from keras_vae.data.labels import as_labels
from keras_vae.data.reading import ReadAs, Reading, check_used, is_switched_off, unknown_names
from keras_vae.data.split_rows import split_rows
from keras_vae.data.whole_file import check_file, unchanged

# What numpy and the zip reader raise for a file that is cut short, damaged or of another type.
_UNREADABLE = (OSError, EOFError, ValueError, KeyError, NotImplementedError, RuntimeError)
_UNREADABLE += (zipfile.BadZipFile, zlib.error, lzma.LZMAError)

_PARTS = ("train", "validation", "test")
# How the validation part is called, by those who have one.
_VALIDATION = ("validation", "valid", "val")
_LABELS = ("y", "label", "labels", "target", "class")


def load_npz(
    path: str | pathlib.Path,
    test_fraction: float = 0.1,
    seed: int = 0,
    reading: Reading | None = None,
    schema: dict | None = None,
) -> Dataset:
    """Examples and labels of an `.npz` file, or the examples of an `.npy` file.

    Known layouts, with names in upper or lower case: `x_train` with optional `x_test`, `x_valid` and labels `y_train`,
    ...; `train` with optional `test` and `valid`, as binarized MNIST is published; `x`, or a single array of any name,
    with optional `y`. Without a test part, one called valid is the test part, and else a random one is split off.

    Args:
        path: Path or str.
        test_fraction, seed: share of the random test part, in [0, 1), and seed of the split.
        reading: `Reading`, of which `kind`, `key` (the array of examples) and `label` (that of labels) count; or None.
        schema: `Dataset.schema` of the data that a model was trained on, to be read in the same way; or None.

    Returns:
        `Dataset`.

    Raises:
        FileNotFoundError, PermissionError: if the file is not there or may not be read.
        ValueError: if it cannot be read, has another layout or holds arrays that `read_examples` or `as_labels` refuse.
    """
    path, reading, schema = pathlib.Path(path), reading or Reading(), schema or {}
    is_npy = path.suffix.lower() == ".npy"
    check_used(path, "an array" if is_npy else "a file of arrays", reading, ("kind", "key", "label"))
    keys, arrays, notes = _read_npy(path, reading) if is_npy else _read_npz(path, reading, schema)
    examples, labels = _interpret(keys, arrays, path, reading, schema)
    held = _by_role(keys, examples.parts | labels.parts, path)
    if "x_test" not in held:
        held = _split(held, test_fraction, seed)
    return Dataset(
        name=path.name,
        **{f"{axis}_{part}": held.get(f"{axis}_{part}") for axis in "xy" for part in _PARTS},
        event_shape=held["x_train"].shape[1:],
        kind=examples.kind,
        note=examples.note,
        class_names=labels.class_names,
        label_name=keys.get("y_train"),
        report=(*_first_lines(keys, is_npy, schema), *examples.report, *labels.report, *notes),
        schema=schema or _schema(keys, examples, labels, held),
    )


def _interpret(keys, arrays, path, reading, schema):
    examples = read_examples(
        {keys[role]: a for role, a in arrays.items() if role.startswith("x")},
        path,
        kind=schema.get("kind", reading.kind),
        values=schema.get("values"),
        event_shape=schema.get("event_shape"),
    )
    labels = as_labels(
        {keys[role]: a for role, a in arrays.items() if role.startswith("y")},
        path,
        classes=tuple(schema["classes"]) if schema.get("classes") else None,
        real=schema.get("real_labels"),
    )
    return examples, labels


def _first_lines(keys, is_npy, schema):
    if not is_npy:
        yield ReadAs(f"array `{keys['x_train']}`", "the examples", "--key")
    if "features" in schema:
        yield ReadAs("columns", f"matched by position with the {len(schema['features'])} features of the first data")


def _schema(keys, examples, labels, held):
    schema = {"format": "arrays", "kind": examples.kind, "values": examples.values, "key": keys["x_train"]}
    schema["event_shape"] = list(held["x_train"].shape[1:])
    if "y_train" in held:
        schema["classes"] = list(labels.class_names) if labels.class_names else None
        schema["real_labels"] = held["y_train"].dtype.kind == "f"
    return schema


def open_npz(path: str | pathlib.Path) -> np.lib.npyio.NpzFile:
    """The open archive of an `.npz` file, for a `with` statement; it never unpickles anything.

    Raises:
        FileNotFoundError: if there is no such file.
        PermissionError: if it may not be read.
        ValueError: if it is not a readable archive of arrays.
    """
    if pathlib.Path(path).is_file() and not pathlib.Path(path).stat().st_size:
        raise ValueError(f"{path} is not a readable .npz file: it is empty")
    check_file(path)
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


def _read_npy(path, reading):
    if reading.key is not None:
        raise ValueError(f"{path} holds one array, which has no name. Received: key={reading.key!r}")
    check_file(path)
    try:
        with unchanged(path):
            array = np.load(path, allow_pickle=False)
    except _UNREADABLE as error:
        raise ValueError(f"{path} is not a readable .npy file: {error}") from error
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{path} holds an archive of arrays: its name must end in .npz")
    return {"x_train": "the array"}, {"x_train": array}, []


def _read_npz(path, reading, schema):
    """Key and array of each role, `x_train` to `y_test`, and lines about arrays that are not used."""
    with open_npz(path) as archive, unchanged(path):
        keys = _choose(archive, path, reading, schema)
        arrays = {role: read_array(archive, key, path) for role, key in keys.items()}
        unused = [key for key in archive.files if key not in keys.values()]
    return keys, arrays, [ReadAs(f"arrays {', '.join(unused)}", "not read", "--key, --label")] if unused else []


def _choose(archive, path, reading, schema):
    """The key of each role."""
    known = {key.lower(): key for key in archive.files}
    key = reading.key
    if key is None and schema.get("key") in archive.files:
        key = schema["key"]
    wanted = {"key": reading.key, "label": reading.label if not is_switched_off(reading.label) else None}
    problems = [p for option, name in wanted.items() if name for p in unknown_names(option, [name], archive.files)]
    if problems:
        raise ValueError(f"{path}: {'; '.join(problems)}")
    if key is not None and key.lower() not in ("x_train", "train"):
        roles = {"x_train": key} | _label_of(known, key)
    else:
        roles = _layout(known, archive, path)
    if is_switched_off(reading.label):
        return {role: name for role, name in roles.items() if role.startswith("x")}
    return roles | ({"y_train": reading.label} if reading.label else {})


def _layout(known, archive, path):
    roles = {}
    for prefix in ("x_", ""):
        if f"{prefix}train" in known:
            for part in _PARTS:
                names = _VALIDATION if part == "validation" else (part,)
                for axis in ("x", "y") if prefix else ("x",):
                    found = [known[n] for name in names if (n := f"{axis}_{name}" if prefix else name) in known]
                    roles |= {f"{axis}_{part}": found[0]} if found else {}
            # Without a test part, the one that its author kept aside is more telling than a random one.
            if "x_test" not in roles:
                roles = {role.replace("validation", "test"): key for role, key in roles.items()}
            return roles
    if "x" in known:
        return {"x_train": known["x"]} | _label_of(known, known["x"])
    others = [key for name, key in known.items() if name not in _LABELS]
    if len(others) == 1:
        return {"x_train": others[0]} | _label_of(known, others[0])
    raise ValueError(
        f"{path} must hold `x_train` (and `x_test`, `y_train`, `y_test`), or `x` (and `y`), or `train` (and `test`), "
        f"or one array; else name the array of the examples (`key`). Received: {_arrays_in_words(archive, path)}"
    )


def _label_of(known, key):
    found = [known[name] for name in _LABELS if name in known and known[name] != key]
    return {"y_train": found[0]} if len(found) == 1 else {}


def _arrays_in_words(archive, path):
    """Every array with its shape, read from the first bytes of each."""
    words = []
    for key in archive.files[:20]:
        try:
            words.append(f"{key} {archive[key].shape}")
        except _UNREADABLE:
            words.append(f"{key} (cannot be read)")
    return ", ".join(words) + (", ..." if len(archive.files) > 20 else "") or "no arrays"


def _by_role(keys, arrays, path):
    """The converted arrays by role, after a check of their lengths; labels without a use are left out."""
    held = {role: arrays[key] for role, key in keys.items() if key in arrays}
    for role in held:
        of = role.replace("y_", "x_")
        if of not in held or len(held[role]) != len(held[of]):
            n = len(held[of]) if of in held else 0
            raise ValueError(
                f"`{keys[role]}` of {path} must hold one label per row of `{keys.get(of, of)}`, {n}. "
                f"Received: {len(held[role])}"
            )
    return held


def _split(held, test_fraction, seed):
    train, test = split_rows(len(held["x_train"]), test_fraction, seed)
    parts = {role: a[train] for role, a in held.items() if role.endswith("_train")}
    if len(test):
        parts |= {role.replace("_train", "_test"): a[test] for role, a in held.items() if role.endswith("_train")}
    return parts
