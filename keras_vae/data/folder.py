"""A folder of image files as a data set, whose files are read when they are used, in constant memory."""

import concurrent.futures
import os
import pathlib
import warnings

import numpy as np
import tensorflow as tf

from keras_vae._checks import check_choice, check_int
from keras_vae._reading import check_image_size
from keras_vae.data.dataset import Dataset
from keras_vae.data.folder_parts import (
    classes_of,
    find_files,
    no_images,
    number_classes,
    part_folders,
    split_by_folder,
    told_of_images,
    told_of_others,
)
from keras_vae.data.images import inspect_image
from keras_vae.data.pipelines import batches
from keras_vae.data.reading import ReadAs
from keras_vae.data.split_rows import split_rows

_FILES_AT_ONCE = 256
_NAMED_IN_WARNING = 3


def image_folder(
    path: str | pathlib.Path,
    image_size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    batch_size: int = 128,
    seed: int = 0,
    shuffle: bool = True,
    test_fraction: float = 0.1,
    binarize: bool = False,
) -> tuple[tf.data.Dataset, tf.data.Dataset | None]:
    """Batches of the images in a folder, decoded when they are used.

    Args:
        path: Path or str. The folder, searched with its subfolders as `load_folder` does.
        image_size: int, (height, width), or None for the size of the first image. Images are stretched to it.
        channels: 1, 3, or None for the number of the first image (1 if it is grey, else 3).
        batch_size: int >= 1.
        seed: int >= 0. Seed of the split, the order and the draws.
        shuffle: bool. Whether the training part has a new order in every epoch.
        test_fraction: float in [0, 1). Share of the test part; 0 for none.
        binarize: bool. Whether to draw 0 or 1 with the grey value as probability, see `batches`.

    Returns:
        (train, test): `tf.data.Dataset` of float32 batches `(batch, height, width, channels)` in [0, 1], the test
            part in a fixed order; `test` is None if there is no test part.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: as `load_folder` and `batches`.
    """
    data = load_folder(path, image_size=image_size, channels=channels, test_fraction=test_fraction, seed=seed)
    train = batches(data, batch_size=batch_size, seed=seed, shuffle=shuffle, binarize=binarize)
    if not data.n_test:
        return train, None
    return train, batches(data, batch_size=batch_size, seed=seed, shuffle=False, binarize=binarize, part="test")


def load_folder(
    path: str | pathlib.Path,
    image_size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    test_fraction: float = 0.1,
    seed: int = 0,
    fit: str = "stretch",
    schema: dict | None = None,
) -> Dataset:
    """The image files of a folder and its subfolders, each decoded once to see that it is whole.

    Names that begin with a dot, links to files outside the folder and broken images (with a warning) are left out.
    Folders `train` and `test` (or `val`) directly below are the parts; without them a random test part is split off. If
    every image of the parts lies in a subfolder, the subfolders are the classes.

    Args:
        path: Path or str.
        image_size: int, (height, width), or None for the size of the first image.
        channels: 1, 3, or None for the number of the first image (1 if it is grey, else 3).
        test_fraction, seed: share of the random test part, in [0, 1), and seed of the split.
        fit: `"stretch"`, `"crop"` or `"pad"`, how an image of another aspect is brought to the size.
        schema: `Dataset.schema` of the images that a model was trained on, whose size, channels, fit and classes are
            taken; or None.

    Returns:
        `Dataset` of kind `"image"` with `train_files` and `test_files` instead of arrays.

    Raises:
        FileNotFoundError, PermissionError: if there is no such folder, or it may not be read.
        ValueError: if it holds no image that can be read, or an argument is out of range.
    """
    image_size, channels = check_image_size("image_size", image_size), _check_channels(channels)
    root, schema = _check_folder(pathlib.Path(path).expanduser()), schema or {}
    if schema:
        image_size, channels, fit = schema["event_shape"][:2], schema["event_shape"][2], schema.get("fit", "stretch")
    found = find_files(root)
    part_names = part_folders(root, found.images)
    of_part, outside = split_by_folder(found.images, root, part_names)
    if not found.images:
        raise ValueError(no_images(root, found.others))
    files, first = _whole_images([file for part in of_part.values() for file in part], root)
    fields, lines = _parts(files, root, part_names, schema, test_fraction, check_int("seed", seed, 0))
    event_shape = (*(image_size or first[:2]), channels or first[2])
    lines += [*told_of_images(outside, part_names), *told_of_others(found.others, found.closed)]
    return _dataset(root.name, event_shape, fit, fields, [_size_line(event_shape, fit), *lines], schema)


def _dataset(name, event_shape, fit, fields, lines, schema):
    made = {"format": "images", "kind": "image", "event_shape": list(event_shape), "fit": fit}
    made["classes"] = list(fields["class_names"]) if fields["class_names"] else None
    return Dataset(
        name=name, event_shape=event_shape, kind="image", fit=fit, report=tuple(lines), schema=schema or made, **fields
    )


def _check_folder(root):
    if root.is_symlink() and not root.exists():
        raise FileNotFoundError(f"{root} is a link to {os.readlink(root)}, which does not exist")
    if not root.is_dir():
        raise FileNotFoundError(f"there is no folder {root}")
    if not os.access(root, os.R_OK | os.X_OK):
        raise PermissionError(f"{root} may not be read: you have no read permission for it")
    return root.resolve()


def _size_line(event_shape, fit):
    height, width, channels = event_shape
    words = f"{height} x {width} pixels, {'grey' if channels == 1 else 'colour'}, {fit} to this size"
    return ReadAs("images", words, f"--size, --fit, --{'no-' if channels == 1 else ''}grey")


def _parts(files, root, part_names, schema, test_fraction, seed):
    """Fields of `Dataset` with the files and labels of every part, and lines for the report."""
    lines = []
    if part_names:
        of_part, _ = split_by_folder(files, root, part_names)
        files = [file for part in of_part.values() for file in part]
        ends = np.cumsum([len(part) for part in of_part.values()])
        rows = dict(zip(of_part, np.split(np.arange(len(files)), ends[:-1]), strict=True))
        roots = [root / part_names[part] for part, members in of_part.items() for _ in members]
        lines = [
            ReadAs(f"folder {name}/", f"the {part} part, {len(rows[part])} images") for part, name in part_names.items()
        ]
    else:
        rows = dict(zip(("train", "test"), split_rows(len(files), test_fraction, seed), strict=True))
        roots = [root] * len(files)
    labels, class_names, told = number_classes(classes_of(files, roots), schema.get("classes"))
    fields = {"x_train": None, "x_test": None, "y_train": None, "y_test": None, "class_names": class_names}
    for part, chosen in rows.items():
        if len(chosen):
            fields[f"{part}_files"] = tuple(files[row] for row in chosen)
            fields[f"y_{part}"] = None if labels is None else labels[chosen]
    return fields, [*lines, *told]


def _whole_images(files, root):
    """The files that can be decoded, and the shape of the first image; no pixels are kept."""
    from tqdm import tqdm

    whole, broken, first = [], [], None
    with (
        concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool,
        tqdm(total=len(files), desc="checking images", unit="file", delay=2, leave=False) as progress,
    ):
        for start in range(0, len(files), _FILES_AT_ONCE):
            some = files[start : start + _FILES_AT_ONCE]
            for file, (shape, error) in zip(some, pool.map(_try_image, some), strict=True):
                if error is None:
                    first = first or shape
                    whole.append(file)
                else:
                    broken.append(f"{os.path.relpath(file, root)} ({error})")
                progress.update()
    named = ", ".join(broken[:_NAMED_IN_WARNING]) + (", ..." if len(broken) > _NAMED_IN_WARNING else "")
    if not whole:
        raise ValueError(f"none of the {len(files)} images in {root} can be read: {named}")
    if broken:
        # The caller is three frames up: load_folder, and load or image_folder.
        warnings.warn(f"left out {len(broken)} of {len(files)} images in {root}: {named}", UserWarning, stacklevel=4)
    return whole, first


def _try_image(file):
    try:
        return inspect_image(file), None
    except Exception as error:
        # Pillow names the whole path in some messages; the warning names the file itself.
        return None, str(error).replace(repr(file), "").strip() or type(error).__name__


def _check_channels(channels):
    return None if channels is None else check_choice("channels", channels, (1, 3))
