"""Results by row, in the form the rows came in: names and parts beside them, as a table, arrays or image files."""

import itertools
import pathlib

import numpy as np

from keras_vae._files import atomic_path
from keras_vae.data.dataset import PARTS
from keras_vae.runs.output import check_out, check_writable, save_arrays

TABLES = (".csv", ".tsv", ".parquet", ".jsonl")
TEXT = ".txt"
ARRAYS = (".npz",)


def check_rows_out(path, *others):
    """Check, before anything is computed, that results can be written to `path`; return the ending.

    Args:
        path: str or path.
        *others: further endings that are taken; "" for a folder.

    Raises:
        ValueError: for another ending, or an ending whose package is not there.
        OSError: if nothing can be written there.
    """
    path = pathlib.Path(path)
    if not path.suffix and "" in others:
        check_writable(path / "file")
        return ""
    suffix = check_out(path, *ARRAYS, *TABLES, *(suffix for suffix in others if suffix))
    if suffix == ".parquet":
        try:
            import pyarrow  # noqa: F401
        except ImportError:
            raise ValueError(
                f"`out` may end in .parquet where pyarrow is installed: pip install 'keras_vae[files]'. "
                f"Received: out={str(path)!r}"
            ) from None
    return suffix


def describe_rows(task, data, is_own, by_name=True):
    """What stands beside every row: its name, its part, its label.

    Args:
        task: `Task` of the run.
        data: as `task.load(..., all_rows=True)` gave it.
        is_own: bool. Whether they are the data that the run was trained on.
        by_name: bool. Whether labels are given by their names, under the name that they have, or as numbers.

    Returns:
        dict of arrays `(n,)` by name: "file" for images, "id" or "row" for others; "part" where there are several;
        "label".
    """
    parts = [name for name in PARTS if data.size(name)]
    files, ids = (_joined(data, pattern, parts) for pattern in ("{}_files", "ids_{}"))
    n_rows = sum(data.size(name) for name in parts)
    if files is not None:
        described = {"file": np.array([pathlib.Path(file).name for file in files])}
    elif ids is not None:
        described = {"id": np.asarray(ids)}
    else:
        described = {"row": np.arange(n_rows)}
    part = task.parts_of_rows(data, is_own)
    if len(set(part)) > 1:
        described["part"] = part
    labels = task.labels(data)
    if labels is not None and by_name:
        names = None if data.class_names is None else np.asarray(data.class_names)
        *_, name = unique([*described, data.label_name or "label"])
        described[name] = labels if names is None else names[labels]
    elif labels is not None:
        described["label"] = labels
    return described


def _joined(data, pattern, parts):
    values = [getattr(data, pattern.format(part)) for part in parts]
    return None if any(v is None for v in values) else [one for v in values for one in v]


def write_rows(path, described, results):
    """Write results by row, atomically: a table where `path` ends as one, else arrays.

    Args:
        path: str or path, checked by `check_rows_out`.
        described: dict of arrays `(n,)`, as `describe_rows` gives it; empty for new rows. One with the name of a result
            gets another name.
        results: dict of arrays `(n, ...)` by name. In a table an array of several columns needs names for them: a value
            may be a pair of the array and the names.
    """
    path = pathlib.Path(path)
    if path.suffix.lower() == ".npz":
        plain = {name: value[0] if isinstance(value, tuple) else value for name, value in results.items()}
        named = {name: value for name, value in described.items() if name != "row"}
        save_arrays(path, **_beside(named, plain), **plain)
        return
    import pandas as pd

    columns = {}
    for name, value in results.items():
        columns |= _columns(name, value)
    columns = {**_beside(described, columns), **columns}
    with atomic_path(path) as temporary:
        write_frame(temporary, pd.DataFrame(columns), path.suffix.lower())


def write_lines(path, texts):
    """Write texts into a file, one a line, atomically; a line break in a text becomes a blank."""
    with atomic_path(path) as temporary:
        temporary.write_text("".join(f"{line}\n" for line in as_lines(texts)), encoding="utf-8")


def as_lines(texts):
    """Texts with blanks for their line breaks, list of str."""
    return [" ".join(text.splitlines()) for text in texts]


def _beside(described, results):
    """What stands beside the results, under names that none of them has: a column of the data may be called `part`."""
    names = unique([*results, *described])[len(results) :]
    return dict(zip(names, described.values(), strict=True))


def _columns(name, value):
    array, names = value if isinstance(value, tuple) else (value, None)
    if array.ndim == 1:
        return {name: array}
    flat = array.reshape(len(array), -1)
    names = names or [f"{name}_{i}" for i in range(flat.shape[1])]
    return {column: flat[:, i] for i, column in enumerate(names)}


def write_frame(path, frame, suffix):
    """Write a pandas DataFrame as the table that an ending, one of `TABLES`, stands for."""
    if suffix == ".parquet":
        frame.to_parquet(path, index=False)
    elif suffix == ".jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_csv(path, index=False, sep="\t" if suffix == ".tsv" else ",")


def write_images(folder, images, white, names=None):
    """Write images into a folder, one PNG file each; the folder gets its name when all of them are there.

    Args:
        folder: str or path, which must not exist yet or be empty.
        images: array `(n, height, width, 1 or 3)`, values from 0 to `white`.
        white: float. 255 or 1.
        names: list of str or None. Names of the files that they belong to; None numbers them.

    Raises:
        FileExistsError: if there is anything in the folder.
    """
    from PIL import Image

    folder = pathlib.Path(folder)
    if folder.exists():
        if not folder.is_dir() or any(folder.iterdir()):
            raise FileExistsError(f"`out` must be a new folder. Received: out={str(folder)!r}, which is there already")
        folder.rmdir()
    pixels = np.clip(np.round(images * (255.0 / white)), 0, 255).astype(np.uint8)
    width = len(str(len(pixels) - 1))
    stems = [f"{i:0{width}}" for i in range(len(pixels))] if names is None else unique([_stem(n) for n in names])
    with atomic_path(folder) as temporary:
        temporary.mkdir()
        for stem, picture in zip(stems, pixels, strict=True):
            Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture).save(temporary / f"{stem}.png")


def _stem(name):
    return pathlib.Path(name).stem


def unique(names):
    """Names of which no two are the same: the second `a` is `a-2`, or `a-3` where there is an `a-2`."""
    taken, seen, result = set(names), set(), []
    for name in names:
        free = name
        if name in seen:
            free = next(other for k in itertools.count(2) if (other := f"{name}-{k}") not in taken)
        seen.add(name)
        taken.add(free)
        result.append(free)
    return result
