"""Clean images of any source as a `Dataset`: whole ones where they are small and of one size, else patches of them."""

import os
import pathlib
import warnings
import zlib

import numpy as np

from keras_vae.data.dataset import PARTS, Dataset
from keras_vae.data.folder_parts import find_files, no_images, part_folders, split_by_folder
from keras_vae.data.split_rows import split_rows
from keras_vae.tasks.images.restoration.image_values import to_unit
from keras_vae.tasks.images.restoration.picture import read_picture

# Images with longer sides are cut into patches.
MAX_WHOLE = 96
# Patches in memory, of all images together; and how often an image is covered by its own at most.
N_PATCHES, N_COVERED = 8192, 4
_NAMED_IN_WARNING = 3
# Weights of red, green and blue in grey, as in ITU-R BT.601.
_GREY = np.array((0.299, 0.587, 0.114), np.float32)


def clean_dataset(name, images, patch_size, stride=1, grey=None, seed=0, note=""):
    """A `Dataset` of clean images.

    Args:
        name: str.
        images: dict from the part to a list of arrays `(height, width, channels)`, or to one array of them; or of
            callables that give one, for files that are read one after the other.
        patch_size: int. Sides of the patches.
        stride: int. The sides of what comes out are multiples of it.
        grey: bool or None. Whether colours become grey; None for grey where no image has colours.
        seed: int. Of the places of the patches.
        note: str, as in `Dataset`.

    Returns:
        `Dataset` whose parts are uint8, or float32 in 0..1.

    Raises:
        ValueError: for images that are too small for the stride, or values that are no images.
    """
    shapes = {_shape(image) for of_part in images.values() for image in of_part}
    channels = 1 if grey or all(shape[2] == 1 for shape in shapes) else max(shape[2] for shape in shapes)
    sides = {shape[:2] for shape in shapes}
    whole = len(sides) == 1 and max(next(iter(sides))) <= MAX_WHOLE
    size = next(iter(sides)) if whole else (patch_size, patch_size)
    size = tuple(n // stride * stride for n in size)
    if min(size) < 1:
        raise ValueError(f"the images must have sides of at least {stride} pixels. Received: {next(iter(sides))}")
    if not whole:
        told = f"patches of {size[0]} x {size[1]} pixels of {sum(map(len, images.values()))} images"
        note = f"{note}; {told}" if note else told
    parts = {part: _rows(of_part, channels, size, whole, seed, part) for part, of_part in images.items()}
    return Dataset(
        name=name,
        **{f"x_{part}": parts.get(part) for part in PARTS},
        y_train=None,
        y_test=None,
        event_shape=(*size, channels),
        kind="image",
        note=note,
    )


def _rows(images, channels, size, whole, seed, part):
    """The images of a part, or patches of them, `(n, *size, channels)`; None of no images."""
    if not len(images):
        return None
    if isinstance(images, np.ndarray) and whole and images.shape[-1] == channels and images.ndim == 4:
        return _as_held(images)[:, : size[0], : size[1]]
    loaded = (_load(image, channels) for image in images)
    if whole:
        return np.stack([x[: size[0], : size[1]] for x in loaded])
    rng, n_most = np.random.default_rng((seed, zlib.crc32(part.encode()))), max(1, N_PATCHES // len(images))
    return np.concatenate([_patches(x, size, n_most, rng) for x in loaded])


def folder_images(path, test_fraction, seed):
    """Readers of the image files of a folder by part; broken files are left out with a warning.

    Args:
        path: str or path, searched with its subfolders; folders `train` and `test` (or `val`) are parts.
        test_fraction: float. Share of a random test part where there are no such folders.
        seed: int.

    Returns:
        dict from the part to a list of `PictureFile`.

    Raises:
        ValueError: for a folder without images that can be read.
    """
    root = pathlib.Path(path).expanduser().resolve()
    found = find_files(root)
    if not found.images:
        raise ValueError(no_images(root, found.others))
    names = part_folders(root, found.images)
    of_part, _ = split_by_folder(found.images, root, names)
    files, broken = {part: [] for part in of_part}, []
    for part, paths in of_part.items():
        for file in paths:
            try:
                files[part].append(PictureFile(file))
            except ValueError as error:
                broken.append(str(error))
    n_whole = sum(map(len, files.values()))
    if not files["train"]:
        raise ValueError(f"none of the {len(found.images)} images in {root} can be read: {'; '.join(broken[:3])}")
    if broken:
        named = "; ".join(broken[:_NAMED_IN_WARNING]) + "; ..." * (len(broken) > _NAMED_IN_WARNING)
        warnings.warn(f"left out {len(broken)} of {n_whole + len(broken)} images: {named}", stacklevel=3)
    if not names:
        rows = dict(zip(("train", "test"), split_rows(n_whole, test_fraction, seed), strict=True))
        files = {part: [files["train"][row] for row in chosen] for part, chosen in rows.items()}
    return files


class PictureFile:
    """An image file that is read when it is called, without alpha.

    Args:
        path: str.

    Raises:
        ValueError: for a file that cannot be read.
    """

    def __init__(self, path):
        self.path = path
        self.shape = read_picture(path).values.shape

    def __call__(self):
        return read_picture(self.path).values

    @property
    def name(self):
        """The name of the file, without its folder."""
        return os.path.basename(self.path)


def split_off(images, share, seed):
    """Images by part, with a share of the training part as validation part; at least one image of two or more."""
    if images.get("validation") is not None or not share:
        return images
    train = images["train"]
    kept, held = split_rows(len(train), share, (seed, 1))
    take = (lambda rows: train[rows]) if isinstance(train, np.ndarray) else lambda rows: [train[row] for row in rows]
    return {**images, "train": take(kept), "validation": take(held)} if len(held) else images


def _shape(image):
    shape = tuple(image.shape)
    if len(shape) == 2:
        return (*shape, 1)
    if len(shape) != 3 or shape[2] > 4 or 0 in shape:
        raise ValueError(f"an image must have shape (height, width) or (height, width, channels). Received: {shape}")
    return shape


def _load(image, channels):
    """One image with so many channels, uint8 or float32 in 0..1."""
    x = _as_held(image() if callable(image) else np.asarray(image))
    x = x[..., None] if x.ndim == 2 else x
    if x.shape[-1] == channels:
        return x
    if x.shape[-1] == 1:
        return np.repeat(x, channels, axis=-1)
    if channels == 1 and x.shape[-1] == 3:
        grey = x.astype(np.float32) @ _GREY
        return (np.round(grey) if x.dtype == np.uint8 else grey).astype(x.dtype)[..., None]
    raise ValueError(f"images must have 1 channel, or all the same number. Received: {x.shape[-1]} beside {channels}")


def _as_held(x):
    """Values as they are held: uint8, or float32 in 0..1."""
    return x if x.dtype == np.uint8 else to_unit(x, takes_noise=False)


def _patches(x, size, n_most, rng):
    """Random patches of an image, each turned and mirrored at random, `(n, *size, channels)`.

    An image that is smaller than a patch is continued by its mirror image.
    """
    x = np.pad(x, [(0, max(0, wanted - n)) for wanted, n in zip(size, x.shape, strict=False)] + [(0, 0)], "symmetric")
    n = int(np.clip(N_COVERED * x.shape[0] * x.shape[1] / (size[0] * size[1]), 1, n_most))
    tops, lefts = (rng.integers(0, x.shape[axis] - size[axis] + 1, n) for axis in (0, 1))
    windows = np.lib.stride_tricks.sliding_window_view(x, size, axis=(0, 1))[tops, lefts]
    patches = np.ascontiguousarray(np.moveaxis(windows, 1, -1))
    turns = rng.integers(0, 8, n)
    for k in range(1, 8):
        turned = np.rot90(patches[turns == k], k % 4, axes=(1, 2))
        patches[turns == k] = turned[:, :, ::-1] if k >= 4 else turned
    return patches
