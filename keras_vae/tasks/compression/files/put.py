"""Files brought to where they are wanted: whole, below one folder, over nothing that is there."""

import os
import pathlib
import shutil
import uuid

from keras_vae._files import atomic_path


def put_file(path, write):
    """Write one file.

    Args:
        path: path.
        write: function of a path, which writes a new file there.
    """
    with atomic_path(path) as temporary:
        write(temporary)


def put_files(folder, names, force, write):
    """Write files below a folder. A new folder is there when all of them are; in one that is there, each is whole.

    Args:
        folder: path.
        names: list of str, as `names.check_name` takes them.
        force: bool. Whether files of these names are written over.
        write: function of a folder, which writes the files below it.

    Raises:
        FileExistsError: if one of the files is there, without `force`.
        NotADirectoryError: if there is a file in the place of a folder.
        ValueError: if a link below the folder leads out of it.
    """
    folder = pathlib.Path(folder)
    if not os.path.lexists(folder):
        with atomic_path(folder) as temporary:
            temporary.mkdir()
            write(temporary)
        return
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} must be a folder for {len(names)} files. Received: a file")
    for name in names:
        _check_place(folder, name, force)
    temporary = folder / f".tmp-{uuid.uuid4().hex[:12]}"
    try:
        temporary.mkdir()
        write(temporary)
        for name in names:
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            # While it decoded, a link may have come.
            _check_place(folder, name, force)
            os.replace(temporary / name, place)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _check_place(folder, name, force):
    place = folder / name
    if not place.parent.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"{place.parent} is a link out of {folder}: nothing is written there")
    if place.is_dir() and not place.is_symlink():
        raise FileExistsError(f"{place} is there already, a folder")
    if os.path.lexists(place) and not force:
        raise FileExistsError(f"{place} is there already; --force writes over it")
