"""Versions of an exported model: `path/<integer>/`."""

import os
import pathlib

# TensorFlow takes these for parts of a pattern when it looks for the files of the variables, and finds none.
PATTERN_CHARACTERS = "[]" if os.sep == "\\" else "[]\\"
# TensorFlow Serving keeps a version in 64 bits.
_LARGEST_VERSION = 2**63 - 1


def check_plain(path):
    """Refuse a path from which TensorFlow, and TensorFlow Serving, could not read a model again.

    Args:
        path: str or path.

    Raises:
        ValueError: naming the characters.
    """
    found = [character for character in PATTERN_CHARACTERS if character in str(path)]
    if found:
        raise ValueError(
            f"`path` must not hold {' or '.join(found)}, which TensorFlow takes for a pattern when it reads a model. "
            f"Received: path={str(path)!r}"
        )


def is_version_name(name):
    """Whether TensorFlow Serving takes a folder of that name for a version."""
    return name.isascii() and name.isdecimal() and int(name) <= _LARGEST_VERSION


def versions(path):
    """Versions below a model folder, ascending.

    Args:
        path: str or path.

    Returns:
        list of int. Files, and folders whose names are not whole numbers, are passed over.
    """
    path = pathlib.Path(path)
    if not path.is_dir():
        return []
    return sorted(int(p.name) for p in path.iterdir() if is_version_name(p.name) and p.is_dir())


def newest_version(path):
    """Folder of the newest version below `path`, or `path` itself if it is a version.

    Raises:
        FileNotFoundError: if there is neither.
    """
    path = pathlib.Path(path)
    if (path / "saved_model.pb").is_file():
        return path
    found = versions(path)
    if not found:
        raise FileNotFoundError(f"`path` must be an exported model, NAME or NAME/<version>. Received: {path}")
    return path / str(found[-1])
