"""What a command writes: whether it can be written, arrays, JSON."""

import json
import math
import os
import pathlib

import numpy as np

from keras_vae._files import atomic_path

# Endings of pictures that matplotlib writes.
PICTURES = (".png", ".jpg", ".pdf", ".svg")


def check_writable(path):
    """Check, before anything is computed, that a file or folder can be made at `path`.

    Raises:
        NotADirectoryError: if a part of the path is a file.
        PermissionError: if the folder cannot be written to.
    """
    folder = next(p for p in pathlib.Path(path).absolute().parents if p.exists())
    if not folder.is_dir():
        raise NotADirectoryError(f"`out` must be in a folder. Received: out={str(path)!r}, and {folder} is a file")
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"`out` must be in a folder that can be written to. Received: out={str(path)!r}")


def check_out(path, *suffixes):
    """Check, before anything is computed, that a file with one of these endings can be written; return the ending.

    Raises:
        ValueError: for another ending, or a folder.
        NotADirectoryError: if a part of the path is a file.
        PermissionError: if the folder cannot be written to.
    """
    path = pathlib.Path(path)
    suffix = path.suffix.lower()
    if suffix not in suffixes:
        raise ValueError(f"`out` must end in {' or '.join(suffixes)}. Received: out={str(path)!r}")
    if path.is_dir():
        raise ValueError(f"`out` must be a file. Received: out={str(path)!r}, which is a folder")
    check_writable(path)
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
