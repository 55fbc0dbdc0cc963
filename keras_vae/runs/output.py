"""What a command writes: whether it can be written, arrays, JSON."""

import json
import math
import os
import pathlib

import numpy as np

from keras_vae._files import atomic_path

# Endings of pictures that matplotlib writes.
PICTURES = (".png", ".jpg", ".pdf", ".svg")


def check_writable(path, name="out"):
    """Check, before anything is computed, that a file or folder can be made at `path`.

    Raises:
        NotADirectoryError: if a part of the path is a file.
        PermissionError: if the folder cannot be written to.
    """
    folder = next(p for p in pathlib.Path(path).absolute().parents if p.exists())
    if not folder.is_dir():
        raise NotADirectoryError(
            f"`{name}` must be in a folder. Received: {name}={str(path)!r}, and {folder} is a file"
        )
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"`{name}` must be in a folder that can be written to. Received: {name}={str(path)!r}")


def check_other(source, *outs):
    """Check, before anything is computed, that no output is the file that is read, under whatever name or link.

    Args:
        source: str or path. Name or path of data.
        *outs: str or path. What is to be written.

    Raises:
        ValueError: if one of them is.
    """
    source = pathlib.Path(source).expanduser()
    for out in map(pathlib.Path, outs):
        if out.exists() and source.exists() and out.samefile(source):
            raise ValueError(f"`out` must be another file than the one that is read. Received: out={str(out)!r}")


def check_out(path, *suffixes, name="out"):
    """Check, before anything is computed, that a file with one of these endings can be written; return the ending.

    Args:
        path: str or path.
        *suffixes: str. Endings in lower case, with the dot.
        name: str. Name of the argument, for messages.

    Raises:
        ValueError: for another ending, or a folder.
        NotADirectoryError: if a part of the path is a file.
        PermissionError: if the folder cannot be written to.
    """
    path = pathlib.Path(path)
    suffix = path.suffix.lower()
    if suffix not in suffixes:
        raise ValueError(f"`{name}` must end in {' or '.join(suffixes)}. Received: {name}={str(path)!r}")
    if path.is_dir():
        raise ValueError(f"`{name}` must be a file. Received: {name}={str(path)!r}, which is a folder")
    check_writable(path, name)
    return suffix


def save_arrays(path, **arrays):
    """Write arrays to a compressed `.npz` file, atomically."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)


def to_json(figures, indent=None):
    """A dict of figures as JSON, which has no NaN and no infinity: these become null."""
    return json.dumps(_finite(figures), indent=indent, allow_nan=False)


def _finite(value):
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
