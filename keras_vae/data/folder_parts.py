"""Which part and which class the image files of a folder belong to, and which files are not read."""

import os
import pathlib
from collections import Counter
from typing import NamedTuple

import numpy as np

from keras_vae.data import images
from keras_vae.data.reading import ReadAs

PARTS = {
    "train": ("train", "training"),
    "validation": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing"),
}
# Endings of files that hold data of another kind.
_OTHER_DATA = (".csv", ".tsv", ".npz", ".npy", ".txt", ".parquet", ".jsonl", ".xlsx", ".gz")
_ENDINGS_TOLD = 6


class Found(NamedTuple):
    """The files below a folder.

    Attributes:
        images: list of str. Sorted paths of the image files.
        others: list of str. Paths of files that are not read, hidden ones apart.
        closed: list of str. Paths of subfolders that cannot be entered.
    """

    images: list[str]
    others: list[str]
    closed: list[str]


def find_files(root: pathlib.Path) -> Found:
    """Files below a folder, without hidden ones and links to files outside.

    Args:
        root: Path, resolved.
    """
    found = Found([], [], [])
    for folder, subfolders, names in os.walk(root, onerror=lambda error: found.closed.append(error.filename)):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        for name in names:
            file = os.path.join(folder, name)
            if name.startswith("."):
                continue
            if not name.lower().endswith(tuple(images.SUFFIXES)):
                found.others.append(file)
            elif not os.path.islink(file) or pathlib.Path(file).resolve().is_relative_to(root):
                found.images.append(file)
    return Found(sorted(found.images), sorted(found.others), sorted(found.closed))


def part_folders(root: pathlib.Path, files: list[str]) -> dict[str, str]:
    """Subfolders that are parts: dict from "train", "validation", "test" to the name of the folder; empty if none.

    They count if there is one for training and another one beside it, each with images. Without one for tests, the one
    for validation is the test part: it was kept aside by someone who knew the data.

    Args:
        root: Path.
        files: list of str. Absolute paths of the images below it.

    Raises:
        ValueError: if two folders claim to be the same part.
    """
    tops = {parts[0] for file in files if len(parts := pathlib.Path(file).relative_to(root).parts) > 1}
    found = {}
    for part, known in PARTS.items():
        matching = sorted(name for name in tops if name.lower() in known)
        if len(matching) > 1:
            raise ValueError(f"{root} must hold one folder for the {part} part. Received: {', '.join(matching)}")
        if matching:
            found[part] = matching[0]
    if "train" not in found or len(found) < 2:
        return {}
    if "test" not in found:
        found["test"] = found.pop("validation")
    return found


def split_by_folder(
    files: list[str], root: pathlib.Path, parts: dict[str, str]
) -> tuple[dict[str, list[str]], list[str]]:
    """Files of every part, and files that lie in none.

    Args:
        files: list of str. Absolute paths.
        root: Path.
        parts: dict from part to the name of its folder; if empty, all files are the training part.
    """
    if not parts:
        return {"train": files}, []
    of_folder = {name: part for part, name in parts.items()}
    found, outside = {part: [] for part in parts}, []
    for file in files:
        top = pathlib.Path(file).relative_to(root).parts[0]
        (found[of_folder[top]] if top in of_folder else outside).append(file)
    return found, outside


def classes_of(files: list[str], roots: list[pathlib.Path]) -> list[str] | None:
    """Class of each file, the first folder below the root of its part; None if a file lies in no such folder.

    Args:
        files: list of str.
        roots: list of Path, one per file.
    """
    parents = [pathlib.Path(file).relative_to(root).parts[:-1] for file, root in zip(files, roots, strict=True)]
    return [parts[0] for parts in parents] if all(parents) else None


def number_classes(
    classes: list[str] | None, known: list[str] | None
) -> tuple[np.ndarray | None, tuple[str, ...] | None, list[ReadAs]]:
    """Labels, the names of the classes, and lines for the report.

    Args:
        classes: list of str, the class of each file; or None.
        known: list of str, classes of the data that a model was trained on; or None for new ones.
    """
    if known:
        unknown = sorted(set(classes or ()) - set(known))
        if classes is None or unknown:
            reason = f"the first data had no class {', '.join(unknown[:5])}" if unknown else "images in no folder"
            return None, tuple(known), [ReadAs("classes", f"not used: {reason}")]
        number = {name: k for k, name in enumerate(known)}
        return np.array([number[name] for name in classes], np.int64), tuple(known), []
    if classes is None:
        return None, None, []
    names, labels = np.unique(classes, return_inverse=True)
    shown = ", ".join(names[:5].tolist()) + (", ..." if len(names) > 5 else "")
    line = ReadAs("subfolders", f"{len(names)} class{'es' if len(names) > 1 else ''}: {shown}")
    return labels.astype(np.int64), tuple(names.tolist()), [line]


def told_of_images(outside: list[str], parts: dict[str, str]) -> list[ReadAs]:
    """Lines about images that lie in no part."""
    return (
        [ReadAs("other images", f"{len(outside)} not read: outside of {', '.join(parts.values())}")] if outside else []
    )


def told_of_others(others: list[str], closed: list[str] = ()) -> list[ReadAs]:
    """Lines about files that are not read, by ending and number, and about subfolders that cannot be entered."""
    counts = Counter(pathlib.Path(file).suffix.lower() for file in others)
    taken = ", ".join(images.SUFFIXES[:8]) + (", ..." if len(images.SUFFIXES) > 8 else "")
    lines = [ReadAs(f"folder {folder}", "not read: you have no permission to enter it") for folder in closed]
    for ending, count in counts.most_common(_ENDINGS_TOLD):
        files = "file" if count == 1 else "files"
        what = f"{count} {ending} {files}" if ending else f"{count} {files} without an ending"
        lines.append(ReadAs(what, f"not read: Pillow reads {taken} here"))
    if len(counts) > _ENDINGS_TOLD:
        rest = sum(count for _, count in counts.most_common()[_ENDINGS_TOLD:])
        lines.append(ReadAs(f"{rest} files with other endings", "not read"))
    return lines


def no_images(root: pathlib.Path, others: list[str]) -> str:
    """Message about a folder without images, which says what it holds instead."""
    data = [file for file in others if file.lower().endswith(_OTHER_DATA)]
    if len(data) == 1:
        name = os.path.relpath(data[0], root)
        return f"{root} holds no images. This folder holds {name}: pass that file, {data[0]}"
    if len(data) > 1 and all(file.lower().endswith(".npy") for file in data):
        return (
            f"{root} holds no images but {len(data)} .npy files. Put them into one array with np.stack, save it with "
            f"np.save, and pass that file"
        )
    hint = ""
    if data:
        names = ", ".join(os.path.relpath(file, root) for file in data[:5])
        hint = f". It holds {names}{', ...' if len(data) > 5 else ''}: pass one of those files"
    elif others:
        hint = f". It holds {len(others)} file{'s' if len(others) > 1 else ''} of other kinds"
    elif root.suffix:
        hint = f". It is a folder, although its name ends like that of a file, in {root.suffix}"
    return f"{root} holds no images; files ending in {', '.join(images.SUFFIXES)} are looked for{hint}"
