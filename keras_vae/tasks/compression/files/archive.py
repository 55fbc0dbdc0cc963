"""Files into a compressed one, out of it, and the proof that they are in it."""

import os
import pathlib

from keras_vae._files import atomic_path
from keras_vae.tasks.compression.container.container import Container
from keras_vae.tasks.compression.files.file_set import FileSet, kind_of
from keras_vae.tasks.compression.files.find import find
from keras_vae.tasks.compression.files.image_entry import ImageEntry
from keras_vae.tasks.compression.files.listing import figures_of
from keras_vae.tasks.compression.files.model_data import ModelData
from keras_vae.tasks.compression.files.put import put_file, put_files

NAMED = 3


def compress_files(compressor, paths, out, keys=(), force=False, replace=False):
    """Write a compressed file, which is there under its name when it was decoded and compared with the files.

    Args:
        compressor: `Compressor` or `TextCompressor` with a model.
        paths: list of paths of files and folders, see `find.find`.
        out: path of the compressed file.
        keys: list of str. Arrays of `.npz` files that are wanted; empty for all.
        force: bool. Whether a file of this name is written over.
        replace: bool. Whether the files are deleted in the end.

    Returns:
        dict of figures: those of `listing.figures_of`, and the bytes of the files before.

    Raises:
        ValueError: for files that cannot be compressed, and with `replace` for those of which not all would come back.
        FileExistsError: if `out` is there, without `force`.
        OSError: if it cannot be written.
    """
    out, model = pathlib.Path(out), _model_data(compressor)
    found = find(paths, model.is_of_bytes)
    sources = [path for path, _ in found]
    if any(out.exists() and out.samefile(path) for path in sources):
        raise ValueError(f"`out` must be another file than those that are read. Received: out={str(out)!r}")
    _check_free(out, force)
    before = [_state(path) for path in sources]
    files = FileSet.of_files(found, model, keys)
    lost = _lost(files, sources)
    if replace and keys:
        raise ValueError("`replace` deletes whole files: it cannot be given with `key`")
    if replace and lost:
        raise ValueError(f"`replace` is for files that come back whole. Received: {lost[0]}")
    x = files.read(sources, model)
    data = compressor.compress(x, files.metadata, verify=False)
    with atomic_path(out) as temporary:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            # It is on the disk before the files that it stands for go.
            os.fsync(file.fileno())
        _check_comes_back(compressor, temporary, x)
        _check_unchanged(sources, before)
    for path in sources if replace else ():
        path.unlink()
    return {**figures_of(out, data), "bytes_before": sum(size for size, _ in before), "lost": lost}


def decompress_file(compressor, path, out, force=False):
    """Write the files that were compressed.

    Args:
        compressor: `Compressor` with the model that compressed them.
        path: path of the compressed file.
        out: path of a folder for them; or of a file, with the ending that it had, where there is one.
        force: bool. Whether files of these names are written over.

    Returns:
        dict of figures, as `listing.figures_of` gives them, with `out`.

    Raises:
        ValueError: for a file that is damaged, or of another model.
        FileExistsError: if one of the files is there, without `force`.
        OSError: if they cannot be written.
    """
    data, out = pathlib.Path(path).read_bytes(), pathlib.Path(out)
    files = FileSet.of_header(Container.read(data).header)
    (first, *others), suffix = files.entries, out.suffix.lower()
    is_file = not others and suffix == pathlib.PurePosixPath(first.name).suffix.lower() and not out.is_dir()
    if is_file:
        _check_free(out, force)
        put_file(out, lambda temporary: first.save(temporary, compressor.decompress(data)))
    else:
        names = [entry.name for entry in files.entries]
        put_files(out, names, force, lambda folder: files.write(folder, compressor.decompress(data)))
    return {**figures_of(path, data), "out": str(out)}


def verify_file(compressor, path, paths=()):
    """Decode all of a compressed file, and compare it with files.

    Args:
        compressor: `Compressor` with the model that compressed them.
        path: path of the compressed file.
        paths: list of paths of the files that it was made of, or empty to compare the checksums alone.

    Returns:
        dict of figures, as `listing.figures_of` gives them.

    Raises:
        ValueError: if it is damaged, is of another model, or holds other than the files.
    """
    data = pathlib.Path(path).read_bytes()
    files = FileSet.of_header(Container.read(data).header)
    x = _same_files(files, paths, _model_data(compressor)) if paths else None
    _raise_of_others(compressor.codec_.n_other_rows(data, x), path)
    return {**figures_of(path, data), "compared_with": len(files.entries) if paths else 0}


def _model_data(compressor):
    codec = compressor.codec_
    return ModelData(tuple(codec.event_shape), codec.levels)


def _check_free(out, force):
    if out.exists() and not (force and out.is_file()):
        is_folder = ", a folder" if out.is_dir() else "; --force writes over it"
        raise FileExistsError(f"{out} is there already{is_folder}")


def _lost(files, sources):
    """What does not come back of files beside their values, in words."""
    lost = []
    for path, entry in zip(sources, files.entries, strict=True):
        if not isinstance(entry, ImageEntry):
            continue
        if entry.more:
            lost.append(f"{path} has {', '.join(entry.more)} beside its pixels")
        if path.suffix != ".png":
            lost.append(f"{path} comes back as {entry.name}")
    return lost


def _state(path):
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _check_comes_back(compressor, path, x):
    try:
        n_other = compressor.codec_.n_other_rows(path.read_bytes(), x)
    except ValueError as error:
        raise RuntimeError(f"what was written does not come back: {error}") from error
    if n_other:
        raise RuntimeError(f"what was written comes back with other values in {n_other} rows")


def _check_unchanged(sources, before):
    for path, state in zip(sources, before, strict=True):
        if _state(path) != state:
            raise ValueError(f"{path} has changed while it was compressed")


def _same_files(files, paths, model):
    """The array of files that are to be those of a `FileSet`."""
    found = find(paths, model.is_of_bytes)
    wanted = {entry.name: entry for entry in files.entries}
    if len(found) == 1 == len(wanted):
        # One file may have another name.
        found = [(found[0][0], files.entries[0].name)]
    named, sources = {}, []
    for path, name in found:
        own = str(pathlib.PurePosixPath(name).with_suffix(".png")) if kind_of(path, model) == "image" else name
        named[own] = path
    different = sorted(set(named) ^ set(wanted))
    if different:
        where = "is in the compressed file alone" if different[0] in wanted else "is not in the compressed file"
        raise ValueError(f"{different[0]} {where}")
    for entry in files.entries:
        sources.append(named[entry.name])
        keys = [array.key for array in getattr(entry, "arrays", ())]
        if type(entry).of_path(sources[-1], entry.name, model, keys) != entry:
            raise ValueError(f"{sources[-1]} is of another type, shape or layout than what was compressed")
    return files.read(sources, model)


def _raise_of_others(n_other, path):
    if n_other:
        raise ValueError(f"{path} holds other values than the files in {n_other} of its rows")
