"""What stands beside the numbers of the rows of a table: their labels, their names, and the part that each is in."""

import numpy as np

from keras_vae.data.delimited import RawTable
from keras_vae.data.labels import Labels, as_labels
from keras_vae.data.reading import Reading
from keras_vae.data.table_columns import Column


def labels_of(columns: list[Column], rows: np.ndarray, path, schema: dict) -> tuple[Labels, str | None]:
    """Labels of the rows, and the name of their column.

    Args:
        columns: list of `Column` with their roles.
        rows: int array. The rows that are kept.
        path: Path, for the messages.
        schema: dict. `Dataset.schema` of the first table; empty for a first one.

    Raises:
        ValueError: as `as_labels`.
    """
    column = next((column for column in columns if column.role == "label"), None)
    if column is None:
        return Labels({}, tuple(schema["classes"]) if schema.get("classes") else None, []), schema.get("label")
    cells = column.cells
    y = cells.values if cells.kind == "numbers" else np.array(cells.texts)
    classes = tuple(schema["classes"]) if schema.get("classes") else None
    labels = as_labels({column.name: y[rows]}, path, classes=classes, real=schema.get("real_labels"))
    return labels._replace(report=[line._replace(overrule="--label none") for line in labels.report]), column.name


def problems_of_labels(columns: list[Column], raw: RawTable, reading: Reading) -> list[str]:
    """What is wrong with the labels: a row without one."""
    problems = []
    for column in columns:
        holes = column.cells.holes
        if column.role == "label" and holes.any() and reading.impute != "drop":
            row = int(np.flatnonzero(holes)[0])
            problems.append(
                f"column `{column.name}` must hold a label in every row. Received: an empty cell in {raw.place(row)} "
                f'({int(holes.sum())} of {len(holes)} rows); leave such rows out (`impute="drop"`), or read no '
                f'labels (`label="none"`)'
            )
    return problems


def parts_of(x: np.ndarray, y: np.ndarray | None, ids: list[str] | None, train, test) -> dict:
    """The arguments of a `Dataset` that hold its examples, labels and names.

    Args:
        x: Array `(n, columns)`.
        y: Array `(n,)` or None.
        ids: list of str or None.
        train, test: int arrays, rows of the two parts; no rows make no test part.
    """
    split = {}
    for part, chosen in (("train", train), ("test", test)):
        any_rows = part == "train" or len(chosen)
        split[f"x_{part}"] = x[chosen] if any_rows else None
        split[f"y_{part}"] = y[chosen] if y is not None and any_rows else None
        split[f"ids_{part}"] = tuple(ids[row] for row in chosen) if ids is not None and any_rows else None
    return split


def schema_of_rows(columns: list[Column], labels: Labels) -> dict:
    """What `Dataset.schema` says of all columns, and of labels and names."""
    y = next(iter(labels.parts.values()), None)
    names = {role: next((c.name for c in columns if c.role == role), None) for role in ("label", "id")}
    return {
        "columns": [column.name for column in columns],
        **names,
        "classes": list(labels.class_names) if labels.class_names else None,
        "real_labels": None if y is None else y.dtype.kind == "f",
    }


def ids_of(columns: list[Column], rows: np.ndarray, raw: RawTable) -> list[str] | None:
    """Cells of the id column as they are written: "007" stays so, and no digit of a long number is lost."""
    column = next((column for column in columns if column.role == "id"), None)
    if column is None:
        return None
    texts = column.cells.texts if column.cells.texts is not None else raw.texts(column.series.name)
    return [texts[row].strip() for row in rows]
