"""Image files through a restorer: one file or a folder of them, each with its bits, alpha and colour profile."""

import os
import pathlib
import re
import warnings
from typing import NamedTuple

import numpy as np

from keras_vae._progress import progress
from keras_vae.data.folder_parts import find_files, no_images
from keras_vae.tasks.images.restoration.picture import (
    WRITTEN,
    Picture,
    check_can_hold,
    read_picture,
    write_picture,
)


class Pair(NamedTuple):
    """A file that is read and the file that is written.

    Attributes:
        source: `pathlib.Path`.
        out: `pathlib.Path`.
    """

    source: pathlib.Path
    out: pathlib.Path


def restore_files(source, out, restore, force=False):
    """Restore an image file, or those of a folder and its subfolders, under the same names.

    A file of a folder that cannot be read is left out with a warning; a single one is an error. Inputs are never
    written over.

    Args:
        source: str or path. A file or a folder.
        out: str or path. A file, or a folder that is made where it is not there.
        restore: Callable `(picture, path)` to a `Picture`.
        force: bool. Whether files that are there already are written over.

    Returns:
        dict that JSON can hold: `files`, names of what was written; `skipped`, names with the reason.

    Raises:
        FileNotFoundError: if there is no such file or folder.
        ValueError: for a file that cannot be read, an output that cannot hold it or is an input, a folder without
            images, or one of which nothing could be restored.
        FileExistsError: for an output that is there already, without `force`.
    """
    source, out = pathlib.Path(source).expanduser(), pathlib.Path(out).expanduser()
    if not source.exists():
        raise FileNotFoundError(f"there is no file or folder {source}")
    is_folder = source.is_dir()
    pairs = _pairs_of_folder(source, out) if is_folder else [Pair(source, _out_of_one(source, out))]
    _check_outputs(pairs, force)
    told = {"files": [], "skipped": {}}
    for pair in progress(pairs, desc="restoring", unit="file"):
        try:
            picture = read_picture(pair.source)
            check_can_hold(pair.out, picture)
            write_picture(pair.out, restore(picture, pair.source))
        except ValueError as error:
            if not is_folder:
                raise
            warnings.warn(f"left out: {error}", stacklevel=2)
            told["skipped"][str(pair.source)] = str(error)
        else:
            told["files"].append(str(pair.out))
    if not told["files"]:
        raise ValueError(f"none of the {len(pairs)} images in {source} could be restored")
    return told


def _out_of_one(source, out):
    return out / source.name if out.is_dir() else out


def _pairs_of_folder(source, out):
    if out.is_file():
        raise ValueError(f"`out` must be a folder where a folder is read. Received: out={str(out)!r}, which is a file")
    root = source.resolve()
    if out.resolve().is_relative_to(root):
        raise ValueError(f"`out` must not lie in the folder that is read. Received: out={str(out)!r}")
    found = find_files(root)
    if not found.images:
        raise ValueError(no_images(root, found.others))
    # What cannot be written in its own format becomes PNG.
    names = [os.path.relpath(file, root) for file in found.images]
    outs = [out / (name if name.lower().endswith(WRITTEN) else f"{name}.png") for name in names]
    return [Pair(pathlib.Path(file), path) for file, path in zip(found.images, outs, strict=True)]


def _check_outputs(pairs, force):
    inputs = {os.path.realpath(pair.source) for pair in pairs}
    for pair in pairs:
        if os.path.realpath(pair.out) in inputs or (pair.out.exists() and pair.out.samefile(pair.source)):
            raise ValueError(f"`out` must be another file than the one that is read. Received: out={str(pair.out)!r}")
        if pair.out.exists() and not force:
            raise FileExistsError(f"{pair.out} is there already: --force writes over it")


def with_channels(picture, channels):
    """Values `(height, width, channels)` as a model takes them, and a function that makes a `Picture` of the result.

    Grey pictures go through a model of colours as colours, and come back grey; colours go through a model of grey
    images channel by channel.

    Args:
        picture: `Picture`.
        channels: int. Of the model.

    Returns:
        `(images, back)`: list of arrays; function from a list of restored ones, and alpha, to a `Picture`.
    """
    values, n = picture.values, picture.values.shape[-1]
    if n == channels:
        return [values], lambda restored, alpha: Picture(restored[0], alpha, picture.profile)
    if n == 1:
        images = [np.repeat(values, channels, axis=-1)]
        highest = np.iinfo(values.dtype).max

        def as_grey(restored, alpha):
            mean = np.clip(np.round(restored[0].mean(axis=-1, keepdims=True)), 0, highest)
            return Picture(mean.astype(values.dtype), alpha, picture.profile)

        return images, as_grey
    planes = [values[..., k : k + 1] for k in range(n)]
    return planes, lambda restored, alpha: Picture(np.concatenate(restored, axis=-1), alpha, picture.profile)


def restored_picture(restorer, picture):
    """A picture without its noise; alpha stays as it is."""
    images, back = with_channels(picture, restorer.event_shape_[2])
    return back(restorer.restore(images), picture.alpha)


def enlarged_picture(restorer, picture):
    """A picture with longer sides; alpha is interpolated."""
    from PIL import Image

    images, back = with_channels(picture, restorer.event_shape_[2])
    alpha = picture.alpha
    if alpha is not None:
        height, width = (n * restorer.degradation.factor for n in alpha.shape)
        highest = np.iinfo(alpha.dtype).max
        larger = Image.fromarray(alpha.astype(np.float32)).resize((width, height), Image.Resampling.BICUBIC)
        alpha = np.clip(np.round(np.asarray(larger)), 0, highest).astype(alpha.dtype)
    return back(restorer.restore(images), alpha)


def filled_picture(restorer, picture, missing):
    """A picture with its missing pixels filled.

    Args:
        restorer: `Inpainter`.
        picture: `Picture`.
        missing: bool array `(height, width)`; or None for where alpha is 0, which becomes opaque.

    Raises:
        ValueError: for a mask of another shape, or where nothing or everything is missing.
    """
    alpha = picture.alpha
    if missing is None:
        if alpha is None:
            raise ValueError("has no transparent pixels to fill: give --mask or --colour")
        missing = alpha == 0
        alpha = np.where(missing, np.iinfo(alpha.dtype).max, alpha).astype(alpha.dtype)
    if missing.shape != picture.values.shape[:2]:
        raise ValueError(f"needs a mask of its shape, {picture.values.shape[:2]}. Received: {missing.shape}")
    if missing.all() or not missing.any():
        raise ValueError(
            f"must have known pixels and missing ones. Received: {int(missing.sum())} of {missing.size} missing"
        )
    images, back = with_channels(picture, restorer.event_shape_[2])
    return back(restorer.restore(images, mask=[missing] * len(images)), alpha)


def missing_by_mask(path):
    """Where a mask file is brighter than half of white, bool `(height, width)`: what is to be filled."""
    picture = read_picture(path)
    return picture.values.max(axis=-1) > np.iinfo(picture.values.dtype).max // 2


def missing_by_colour(picture, colour):
    """Where a picture has exactly this colour, bool `(height, width)`.

    Args:
        picture: `Picture`.
        colour: (red, green, blue), 0 to 255.
    """
    levels = np.array(colour) * (np.iinfo(picture.values.dtype).max // 255)
    if picture.values.shape[-1] == 1:
        levels = levels[:1]
    return (picture.values == levels).all(axis=-1)


def parse_colour(name, text):
    """ "#ff00ff" or "255,0,255" as (255, 0, 255).

    Raises:
        ValueError: for other text.
    """
    found = re.fullmatch(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})", text.strip())
    if found:
        return tuple(int(part, 16) for part in found.groups())
    values = [int(part) for part in text.split(",") if part.strip().isdigit()]
    if len(values) != 3 or text.count(",") != 2 or max(values) > 255:
        raise ValueError(f"`{name}` must be a colour, as #ff00ff or 255,0,255. Received: {text!r}")
    return tuple(values)
