"""Reader of `.csv` files: a table of numbers, with an optional column of labels."""

import csv
import pathlib

import numpy as np

from keras_vae.data.arrays import as_labels, split_rows
from keras_vae.data.dataset import Dataset

LABEL_COLUMNS = ("label", "class", "y", "target")


def load_csv(path: str | pathlib.Path, test_fraction: float = 0.1, seed: int = 0) -> Dataset:
    """Table of numbers from a text file, columns separated by commas, semicolons or tabs.

    The first line is a header if none of its cells is a number, or if one of them is `label`, `class`, `y` or `target`,
    in upper or lower case. The column of that name holds the labels (whole numbers or names) and is no feature. The
    numbers keep their units: nothing is scaled. Blank lines are skipped.

    Args:
        path: Path or str. UTF-8 text.
        test_fraction: float in [0, 1). Share of the random test part; 0 for none.
        seed: int. Seed of the split.

    Returns:
        `Dataset` of kind `"table"`, float32.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is not such a table; the message names the line and the column.
    """
    path = pathlib.Path(path)
    rows, lines = _read_rows(path)
    header = _header(rows[0])
    if header is not None:
        rows, lines = rows[1:], lines[1:]
    if not rows:
        raise ValueError(f"{path} holds no rows of data, only a header")
    names = header if header is not None else [str(number) for number in range(1, len(rows[0]) + 1)]
    label = _label_column(names if header is not None else [], path)
    features = [j for j in range(len(names)) if j != label]
    if not features:
        raise ValueError(f"{path} holds no column of numbers beside the labels `{names[label]}`")
    x = np.stack([_numbers(rows, j, names[j], lines, path) for j in features], axis=1).astype(np.float32)
    y, class_names = _labels(rows, label, names, lines, path)
    train, test = split_rows(len(x), test_fraction, seed)
    return Dataset(
        name=path.name,
        x_train=x[train],
        x_test=x[test] if len(test) else None,
        y_train=y[train] if y is not None else None,
        y_test=y[test] if y is not None and len(test) else None,
        event_shape=x.shape[1:],
        kind="table",
        class_names=class_names,
        feature_names=tuple(names[j] for j in features) if header is not None else None,
    )


def _read_rows(path):
    """All rows as text, and the number of the last line of each."""
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    rows, lines = [], []
    try:
        # "utf-8-sig" drops the BOM that spreadsheets write; else it would become part of the first name.
        with open(path, encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            reader = csv.reader(file, delimiter=max(",;\t", key=first.count), skipinitialspace=True)
            for row in reader:
                if any(cell.strip() for cell in row):
                    rows.append(row)
                    lines.append(reader.line_num)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} is not a readable .csv file in UTF-8: {error}") from error
    if not rows:
        raise ValueError(f"{path} is empty")
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(rows[0]):
            raise ValueError(
                f"line {line} of {path} must have as many columns as the first line, {len(rows[0])}. "
                f"Received: {len(row)} columns"
            )
    return rows, lines


def _header(row):
    """The names in the first row, or None if it is a row of data."""
    names = [cell.strip() for cell in row]
    is_header = not any(_is_number(name) for name in names) or any(name.lower() in LABEL_COLUMNS for name in names)
    return names if is_header else None


def _label_column(names, path):
    for j, name in enumerate(names):
        if not name:
            raise ValueError(
                f"column {j + 1} of {path} has no name in the header. A row index? Save the table without it"
            )
    found = [j for j, name in enumerate(names) if name.lower() in LABEL_COLUMNS]
    if len(found) > 1:
        raise ValueError(
            f"{path} must have at most one column of labels, named {', '.join(LABEL_COLUMNS)}. "
            f"Received: {', '.join(names[j] for j in found)}"
        )
    return found[0] if found else None


def _numbers(rows, j, name, lines, path):
    with np.errstate(over="ignore"):
        try:
            column = np.array([float(row[j]) for row in rows]).astype(np.float32)
        except ValueError:
            column = np.array([float(row[j]) if _is_number(row[j]) else np.nan for row in rows])
    bad = np.flatnonzero(~np.isfinite(column))
    if len(bad):
        cell = rows[bad[0]][j].strip()
        came = f"{cell!r}" if cell else "an empty cell"
        raise ValueError(
            f"column `{name}` of {path} must hold finite numbers. Received: {came} in line {lines[bad[0]]} "
            f"(row {bad[0] + 1} of the data; {len(bad)} of {len(rows)} rows are no numbers)"
        )
    return column


def _labels(rows, j, names, lines, path):
    if j is None:
        return None, None
    cells = [row[j].strip() for row in rows]
    for cell, line in zip(cells, lines, strict=True):
        if not cell:
            raise ValueError(
                f"column `{names[j]}` of {path} must hold a label in every row. Received: line {line} empty"
            )
    numbers = all(_is_number(cell) for cell in cells)
    y = np.array([float(cell) for cell in cells]) if numbers else np.array(cells)
    parts, class_names = as_labels({names[j]: y}, path)
    return parts[names[j]], class_names


def _is_number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True
