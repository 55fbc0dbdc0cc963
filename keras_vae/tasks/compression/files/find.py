"""Which files a user means by paths of files and folders."""

import os
import pathlib
import warnings

from keras_vae.data.folder_parts import find_files
from keras_vae.data.images import SUFFIXES as PICTURES
from keras_vae.tasks.compression.files.array_entry import SUFFIXES as ARRAYS
from keras_vae.tasks.compression.files.names import check_names, name_below, root_of
from keras_vae.tasks.compression.files.table_entry import SUFFIXES as TABLES

SUFFIXES = (*ARRAYS, *TABLES, *PICTURES)
NAMED_IN_WARNING = 3


def find(paths, any_kind=False):
    """The files to compress.

    Args:
        paths: list of paths. Files are taken as they are; below a folder, all pictures, or if there are none, all
            arrays, or all tables. Hidden files and links to files outside the folder are left out.
        any_kind: bool. Whether all files are taken, whatever they hold.

    Returns:
        List of pairs of a path and a name, sorted by name.

    Raises:
        FileNotFoundError: for a path where nothing is.
        ValueError: for a file of another kind, a folder without files, or two files of one name.
    """
    if not paths:
        raise ValueError("`files` must name at least one file or folder. Received: none")
    root, found = root_of(paths), {}
    for path in map(pathlib.Path, paths):
        if not path.exists():
            raise FileNotFoundError(f"there is no file {path}")
        for file in _below(path, any_kind) if path.is_dir() else [path]:
            if not any_kind and file.suffix.lower() not in SUFFIXES:
                raise ValueError(
                    f"{file} must be a picture, or end in {', '.join((*ARRAYS, *TABLES))}. Received: "
                    f"{file.suffix or 'no ending'}"
                )
            found[name_below(file, root)] = file
    check_names(found)
    return [(found[name], name) for name in sorted(found)]


def _below(folder, any_kind):
    found = find_files(folder.resolve())
    taken, others = (found.images, found.others) if not any_kind else ([*found.images, *found.others], [])
    for suffixes in (ARRAYS, TABLES):
        if not taken:
            taken = [file for file in others if file.lower().endswith(suffixes)]
            others = [file for file in others if file not in taken]
    if not taken:
        raise ValueError(f"{folder} holds no {'files' if any_kind else 'pictures, arrays or tables'}")
    if others or found.closed:
        left = [os.path.relpath(file, folder.resolve()) for file in [*others, *found.closed]]
        more = ", ..." if len(left) > NAMED_IN_WARNING else ""
        warnings.warn(
            f"{len(left)} of what is in {folder} is not compressed: {', '.join(left[:NAMED_IN_WARNING])}{more}",
            stacklevel=2,
        )
    return [folder / os.path.relpath(file, folder.resolve()) for file in taken]
