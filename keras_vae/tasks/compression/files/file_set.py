"""`FileSet`: the files whose values are the rows of one array, one file after the other."""

import itertools
import pathlib

import numpy as np

from keras_vae._progress import progress
from keras_vae.tasks.compression.files.array_entry import SUFFIXES as ARRAYS
from keras_vae.tasks.compression.files.array_entry import ArrayEntry
from keras_vae.tasks.compression.files.bytes_entry import BytesEntry
from keras_vae.tasks.compression.files.entry import DAMAGED, field
from keras_vae.tasks.compression.files.image_entry import ImageEntry
from keras_vae.tasks.compression.files.names import check_names
from keras_vae.tasks.compression.files.table_entry import SUFFIXES as TABLES
from keras_vae.tasks.compression.files.table_entry import TableEntry

KINDS = {"array": ArrayEntry, "bytes": BytesEntry, "image": ImageEntry, "table": TableEntry}
# Under it the files stand in the metadata of a container.
KEY = "files"
WITHOUT_NAME = "x.npy"


class FileSet:
    """Files of one kind whose values are the rows of one array.

    Args:
        kind: str, a key of `KINDS`.
        entries: list of `Entry`.
        dtype: `np.dtype` of the array.
        row_shape: tuple of int. Shape of one of its rows.
    """

    def __init__(self, kind, entries, dtype, row_shape):
        self.kind, self.entries, self.dtype, self.row_shape = kind, entries, np.dtype(dtype), tuple(row_shape)
        self._ends = list(itertools.accumulate(entry.n_rows for entry in entries))

    @property
    def shape(self):
        """Shape of the array."""
        return (self._ends[-1], *self.row_shape)

    @property
    def metadata(self):
        """What a container is to keep: a dict."""
        return {KEY: {"kind": self.kind, "entries": [entry.as_dict() for entry in self.entries]}}

    @classmethod
    def of_files(cls, files, model, keys=()):
        """Look at files, without reading their values.

        Args:
            files: list of pairs of a path and a name, as `find.find` gives it.
            model: `ModelData`.
            keys: list of str. Arrays of `.npz` files that are wanted; empty for all.

        Raises:
            ValueError: for files of several kinds, or one that cannot be compressed by the model.
        """
        kind = kind_of(files[0][0], model)
        entries = []
        for path, name in progress(files, desc="looking at files", unit="file"):
            if kind_of(path, model) != kind:
                raise ValueError(f"the files must be of one kind. Received: {files[0][0]} and {path}")
            try:
                entries.append(KINDS[kind].of_path(path, name, model, tuple(keys)))
            except ValueError as error:
                # Of files of several sizes both are named.
                beside = f"; {files[0][0]}, the first file, is as the model has it" if entries else ""
                raise ValueError(f"{error}{beside}") from None
        check_names(entry.name for entry in entries)
        held = set().union(*(entry.held_as(model) for entry in entries))
        dtypes, shapes = ({pair[i] for pair in held} for i in range(2))
        dtype = dtypes.pop() if len(dtypes) == 1 else model.dtype
        return cls(kind, entries, dtype, shapes.pop() if len(shapes) == 1 else model.event_shape)

    @classmethod
    def of_header(cls, header):
        """The files of a container.

        Args:
            header: `container.header.Header`; an array without files is taken for one `.npy` file.

        Raises:
            ValueError: if its list of files is not one that `metadata` gave, or has names that lead elsewhere.
        """
        dtype, shape = header.dtype, header.shape
        default = {"key": "", "dtype": dtype.str, "shape": list(shape), "by_columns": False}
        default = {"name": WITHOUT_NAME, "arrays": [default], "deflated": False}
        content = header.metadata.get(KEY, {"kind": "array", "entries": [default]})
        kind, entries = field(content, "kind", str), field(content, "entries", list)
        if kind not in KINDS or not entries:
            raise ValueError(f"{DAMAGED}{len(entries)} files of the kind {kind!r}")
        entries = [KINDS[kind].of_dict(entry) for entry in entries]
        try:
            check_names(entry.name for entry in entries)
        except ValueError as error:
            raise ValueError(f"{DAMAGED}{error}") from None
        wrong = [entry.name for entry in entries if not entry.can_be_rows(tuple(shape[1:]))]
        if wrong:
            raise ValueError(f"{DAMAGED}{wrong[0]!r} has other values than the array")
        files = cls(kind, entries, dtype, shape[1:])
        if files.shape != shape:
            raise ValueError(f"{DAMAGED}it is one of {files.shape[0]} examples; there are {shape[0]}")
        return files

    def rows_of(self, number):
        """The rows of a file, as a slice."""
        return slice(self._ends[number] - self.entries[number].n_rows, self._ends[number])

    def read(self, paths, model):
        """The array.

        Args:
            paths: list of paths, one for each entry.
            model: `ModelData`.

        Returns:
            array `(n, *row_shape)`.

        Raises:
            ValueError: for values that the model does not know, or files that cannot be read.
        """
        x = np.empty(self.shape, self.dtype)
        for number, path in enumerate(progress(paths, desc="reading", unit="file")):
            self.entries[number].load(path, x[self.rows_of(number)], model)
        return x

    def write(self, folder, x):
        """Write the files below a folder, where none of them may be."""
        for number, entry in enumerate(progress(self.entries, desc="writing", unit="file")):
            path = pathlib.Path(folder, *entry.name.split("/"))
            path.parent.mkdir(parents=True, exist_ok=True)
            entry.save(path, x[self.rows_of(number)])


def kind_of(path, model=None):
    """The kind of a file by its ending, and by the `ModelData` if there is one; a key of `KINDS`."""
    if model is not None and model.is_of_bytes:
        return "bytes"
    suffix = pathlib.Path(path).suffix.lower()
    return "array" if suffix in ARRAYS else "table" if suffix in TABLES else "image"
