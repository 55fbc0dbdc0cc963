"""`.npy` and `.npz` files: arrays come back with their names, types, shapes, orders and bits."""

import contextlib
import dataclasses
import math
import pathlib
import zipfile
import zlib

import numpy as np

from keras_vae.tasks.compression.container.header import DTYPES, MAX_AXES
from keras_vae.tasks.compression.files.entry import DAMAGED, Entry, field, size
from keras_vae.tasks.compression.files.names import check_name

SUFFIXES = (".npy", ".npz")
UNREADABLE = (ValueError, EOFError, KeyError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error)
# Bytes that are read at once.
CHUNK = 2**24


@dataclasses.dataclass(frozen=True)
class StoredArray:
    """One array of a file.

    Attributes:
        key: str. Its name in an `.npz` file; "" in an `.npy` file.
        dtype: str. As `np.dtype.str`.
        shape: tuple of int.
        by_columns: bool. Whether the first axis is the one that varies fastest in memory.
    """

    key: str
    dtype: str
    shape: tuple[int, ...]
    by_columns: bool

    @property
    def n_rows(self):
        return self.shape[0]

    @classmethod
    def of_dict(cls, content):
        shape = field(content, "shape", list)
        array = cls(
            field(content, "key", str),
            field(content, "dtype", str),
            tuple(size({"shape": n}, "shape") for n in shape),
            field(content, "by_columns", bool),
        )
        if not DTYPES.fullmatch(array.dtype) or not 1 <= len(shape) <= MAX_AXES:
            raise ValueError(f"{DAMAGED}an array of dtype {array.dtype!r} and shape {array.shape}")
        return array


@dataclasses.dataclass(frozen=True)
class ArrayEntry(Entry):
    """An `.npy` or `.npz` file.

    Attributes:
        name: str.
        arrays: tuple of `StoredArray`.
        deflated: bool. Whether its arrays are packed, as `np.savez_compressed` does it.
    """

    name: str
    arrays: tuple[StoredArray, ...]
    deflated: bool

    @property
    def n_rows(self):
        return sum(array.n_rows for array in self.arrays)

    @classmethod
    def of_path(cls, path, name, model, keys):
        path = pathlib.Path(path)
        with _readable(path):
            if path.suffix.lower() == ".npy":
                with open(path, "rb") as file:
                    arrays, deflated = (_read_start(file, ""),), False
            else:
                arrays, deflated = _arrays_of_npz(path)
        if keys and path.suffix.lower() == ".npz":
            missing = sorted(set(keys) - {array.key for array in arrays})
            if missing:
                there = ", ".join(array.key for array in arrays)
                raise ValueError(f"{path} has no array {missing[0]}: it has {there}")
            arrays = tuple(array for array in arrays if array.key in keys)
        for array in arrays:
            _check_array(path, array, arrays, model)
        return cls(name, arrays, deflated)

    def held_as(self, model):
        return {(array.dtype, array.shape[1:]) for array in self.arrays}

    def can_be_rows(self, row_shape):
        return all(math.prod(array.shape[1:]) == math.prod(row_shape) for array in self.arrays)

    def load(self, path, rows, model):
        path = pathlib.Path(path)
        with _readable(path), _members(path) as open_member:
            start = 0
            for array in self.arrays:
                with open_member(array.key) as file:
                    if _read_start(file, array.key) != array:
                        raise ValueError("it has changed while it was read")
                    what = f"array `{array.key}` of {path}" if array.key else str(path)
                    _load(file, array, rows[start : start + array.n_rows], what, model)
                    start += array.n_rows

    def save(self, path, rows):
        start, packing = 0, zipfile.ZIP_DEFLATED if self.deflated else zipfile.ZIP_STORED
        with open(path, "xb") as file, contextlib.ExitStack() as stack:
            archive = None
            if path.suffix.lower() == ".npz":
                archive = stack.enter_context(zipfile.ZipFile(file, "w", packing))
            for array in self.arrays:
                own = rows[start : start + array.n_rows].reshape(array.shape).astype(array.dtype, copy=False)
                own = np.asfortranarray(own) if array.by_columns else np.ascontiguousarray(own)
                start += array.n_rows
                if archive is None:
                    np.lib.format.write_array(file, own, allow_pickle=False)
                else:
                    with archive.open(f"{array.key}.npy", "w", force_zip64=True) as member:
                        np.lib.format.write_array(member, own, allow_pickle=False)

    def as_dict(self):
        return dataclasses.asdict(self)

    @classmethod
    def of_dict(cls, content):
        arrays = tuple(map(StoredArray.of_dict, field(content, "arrays", list)))
        entry = cls(field(content, "name", str), arrays, field(content, "deflated", bool))
        is_npz = entry.name.lower().endswith(".npz")
        if is_npz:
            for array in arrays:
                check_name(array.key)
        if not entry.name.lower().endswith(SUFFIXES) or (not is_npz and [a.key for a in arrays] != [""]):
            raise ValueError(f"{DAMAGED}{entry.name!r} is no file of these arrays")
        return entry


@contextlib.contextmanager
def _readable(path):
    """Errors of damaged files speak of the file."""
    try:
        yield
    except UNREADABLE as error:
        text = str(error).strip("'\"") or type(error).__name__
        raise ValueError(text if str(path) in text else f"{path} cannot be read: {text}") from None


@contextlib.contextmanager
def _members(path):
    """A function that opens an array of a file by its name."""
    if path.suffix.lower() == ".npy":
        yield lambda key: path.open("rb")
    else:
        with zipfile.ZipFile(path) as archive:
            yield lambda key: archive.open(f"{key}.npy")


def _arrays_of_npz(path):
    """Its `StoredArray`s, and whether they are packed."""
    arrays = []
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        for member in members:
            if not member.filename.endswith(".npy"):
                raise ValueError(f"{path} must hold arrays alone. Received: {member.filename}")
            key = member.filename.removesuffix(".npy")
            with archive.open(member) as file:
                arrays.append(_read_start(file, check_name(key)))
    if not arrays:
        raise ValueError(f"{path} holds no arrays")
    return tuple(arrays), any(member.compress_type != zipfile.ZIP_STORED for member in members)


def _read_start(file, key):
    """What the beginning of an array says of it; the file stands at its values then."""
    version = np.lib.format.read_magic(file)
    if version > (2, 0):
        raise ValueError("its arrays must be of whole numbers")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, by_columns, dtype = read(file)
    return StoredArray(key, dtype.str, tuple(shape), bool(by_columns))


def _check_array(path, array, arrays, model):
    what = f"array `{array.key}` of {path}" if array.key else str(path)
    if not DTYPES.fullmatch(array.dtype) or not 1 <= len(array.shape) <= MAX_AXES:
        raise ValueError(
            f"{what} must be an array of booleans, integers or floats of at most 64 bits. "
            f"Received: dtype {array.dtype}, shape {array.shape}"
        )
    try:
        model.check_shape(what, array.shape[1:])
    except ValueError as error:
        more = f"; name those that do with --key ({', '.join(a.key for a in arrays)})" if len(arrays) > 1 else ""
        raise ValueError(f"{error}{more}") from None


def _load(file, array, rows, what, model):
    """Read values into `rows`, some at a time: beside them there is never a second copy of all."""
    dtype = np.dtype(array.dtype)
    row_bytes = math.prod(array.shape[1:]) * dtype.itemsize
    # By columns, all of an array comes before any row of it is whole.
    step = array.n_rows if array.by_columns else max(1, CHUNK // max(1, row_bytes))
    for start in range(0, array.n_rows, max(1, step)):
        n = min(step, array.n_rows - start)
        content = file.read(n * row_bytes)
        if len(content) < n * row_bytes:
            raise ValueError("it was cut off")
        values = np.frombuffer(content, dtype)
        shape = (n, *array.shape[1:])
        values = values.reshape(shape, order="F" if array.by_columns else "C")
        try:
            model.check_values(what, values)
        except ValueError as error:
            first = f", counted from row {start}" if start else ""
            raise ValueError(f"{error}{first}") from None
        rows[start : start + n] = values.reshape(n, *rows.shape[1:])
    if file.read(1):
        raise ValueError("it is longer than its array")
