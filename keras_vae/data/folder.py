"""A folder of image files as a data set, whose files are read when they are used, in constant memory."""

import concurrent.futures
import numbers
import os
import pathlib
import warnings

import numpy as np
import tensorflow as tf

from keras_vae._checks import check_choice, check_int
from keras_vae.data.arrays import split_rows
from keras_vae.data.dataset import Dataset
from keras_vae.data.images import SUFFIXES, inspect_image
from keras_vae.data.pipelines import batches

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
) -> Dataset:
    """The image files of a folder and its subfolders, each decoded once to see that it is whole.

    Names that begin with a dot, links to files outside the folder and broken images (with a warning) are left out. If
    every image lies in a subfolder, the subfolders are the classes.

    Args:
        path: Path or str.
        image_size: int, (height, width), or None for the size of the first image.
        channels: 1, 3, or None for the number of the first image (1 if it is grey, else 3).
        test_fraction, seed: share of the random test part, in [0, 1), and seed of the split.

    Returns:
        `Dataset` of kind `"image"` with `train_files` and `test_files` instead of arrays.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if it holds no image that can be read, or an argument is out of range.
    """
    root = pathlib.Path(path).expanduser()
    image_size, channels = _check_image_size(image_size), None if channels is None else _check_channels(channels)
    if not root.is_dir():
        raise FileNotFoundError(f"there is no folder {root}")
    root = root.resolve()
    files, first = _whole_images(find_images(root), root)
    labels, class_names = _labels(files, root)
    train, test = split_rows(len(files), test_fraction, check_int("seed", seed, 0))
    return Dataset(
        name=root.name,
        x_train=None,
        x_test=None,
        y_train=None if labels is None else labels[train],
        y_test=labels[test] if labels is not None and len(test) else None,
        event_shape=(*(image_size or first[:2]), channels or first[2]),
        kind="image",
        train_files=tuple(files[row] for row in train),
        test_files=tuple(files[row] for row in test) if len(test) else None,
        class_names=class_names,
    )


def find_images(root: pathlib.Path) -> list[str]:
    """Sorted paths of the image files below a folder, without hidden files and links to files outside.

    Args:
        root: Path, resolved.
    """
    found = []
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        for name in names:
            if name.startswith(".") or not name.lower().endswith(SUFFIXES):
                continue
            file = os.path.join(folder, name)
            if not os.path.islink(file) or pathlib.Path(file).resolve().is_relative_to(root):
                found.append(file)
    return sorted(found)


def _whole_images(files, root):
    """The files that can be decoded, and the shape of the first image; no pixels are kept."""
    from tqdm import tqdm

    if not files:
        raise ValueError(f"{root} holds no images; files ending in {', '.join(SUFFIXES)} are looked for")
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


def _labels(files, root):
    parents = [pathlib.Path(file).relative_to(root).parts[:-1] for file in files]
    if not all(parents):
        return None, None
    class_names, labels = np.unique([parts[0] for parts in parents], return_inverse=True)
    return labels.astype(np.int64), tuple(class_names.tolist())


def _check_image_size(image_size):
    if image_size is None:
        return None
    size = (image_size, image_size) if isinstance(image_size, numbers.Integral) else tuple(image_size)
    if len(size) != 2:
        raise ValueError(f"`image_size` must be a number or (height, width). Received: image_size={image_size!r}")
    return tuple(check_int("image_size", side, 1) for side in size)


def _check_channels(channels):
    return check_choice("channels", channels, (1, 3))
