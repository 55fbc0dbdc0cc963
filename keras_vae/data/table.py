"""A file with a table as a `Dataset`: its columns judged, its holes filled, its rows split."""

import dataclasses
import pathlib

import numpy as np

from keras_vae.data.arrays import read_examples
from keras_vae.data.dataset import Dataset
from keras_vae.data.delimited import RawTable
from keras_vae.data.reading import ReadAs, Reading, check_used, raise_problems
from keras_vae.data.split_rows import split_rows
from keras_vae.data.table_columns import Column, columns_of, give_roles
from keras_vae.data.table_file import read_table
from keras_vae.data.table_mixed import load_mixed
from keras_vae.data.table_report import report_of
from keras_vae.data.table_rows import ids_of, labels_of, parts_of, problems_of_labels, schema_of_rows
from keras_vae.data.table_schema import columns_by_schema

_USED = ("kind", "label", "drop", "columns", "id", "impute", "header", "column_kinds")


def load_table(
    path: str | pathlib.Path,
    test_fraction: float = 0.1,
    seed: int = 0,
    reading: Reading | None = None,
    schema: dict | None = None,
) -> Dataset:
    """Numbers of the columns of a table, float32 in the units of the file; labels and names of the rows beside them.

    With `Reading(mixed=True)` words are codes, dates are days and holes are NaN, see `TableColumns`; a table in which
    every column is of real numbers and no cell is empty is what it is without.

    `Dataset.report` says what became of every column. Everything that is wrong with the file is said at once.

    Args:
        path: Path or str: text with separators (`.csv`, `.tsv`, perhaps `.gz`), Parquet, JSON lines, Excel.
        test_fraction: float in [0, 1). Share of the random test part; 0 for none.
        seed: int. Seed of the split.
        reading: `Reading`, what is not to be guessed; or None.
        schema: `Dataset.schema` of the table that a model was trained on: columns are matched to it by name, holes are
            filled with its medians, labels get its numbers. None for a first table.

    Returns:
        `Dataset` of kind `"table"`, or what `reading.kind` says.

    Raises:
        FileNotFoundError, PermissionError: if the file is not there or may not be read.
        ImportError: if Parquet or Excel needs a package that is not installed.
        ValueError: if the file is no such table; the message names the lines and the columns.
    """
    path, reading, schema = pathlib.Path(path), reading or Reading(), schema or {}
    check_used(path, "a table", reading, _USED)
    raw, columns, problems, lines = _columns(path, reading, schema)
    if "columns_as" in schema or (reading.as_mixed and not schema):
        data = load_mixed(path, raw, columns, problems, lines, test_fraction, seed, reading, schema)
        if data is not None:
            return data
        reading = dataclasses.replace(reading, mixed=False, column_kinds=())
        raw, columns, problems, lines = _columns(path, reading, schema, raw)
    return _load_numbers(path, raw, columns, problems, lines, test_fraction, seed, reading, schema)


def _load_numbers(path, raw, columns, problems, lines, test_fraction, seed, reading, schema):
    features = [column for column in columns if column.role == "feature"]
    problems += _problems_of_cells(columns, raw, reading, bool(features) or bool(problems))
    raise_problems(path, problems)
    x = np.stack([column.values for column in features], axis=1)
    label_holes = [column.cells.holes for column in columns if column.role == "label"]
    rows, told = _rows(x, label_holes, path, reading, bool(schema))
    lines += [*report_of(columns), *told]
    return _dataset(path, columns, features, x[rows], rows, lines, test_fraction, seed, reading, schema, raw)


def _columns(path, reading, schema, raw=None):
    """The table as it stands in the file, its columns with their roles, problems, and lines for the report."""
    if "features" not in schema:
        raw = raw or read_table(path, reading)
        columns, problems = columns_of(raw)
        problems += give_roles(columns, reading) if not problems else []
        return raw, columns, problems, list(raw.report)
    raw = read_table(path, reading, tuple(schema["features"]) if schema["header"] else ())
    columns, problems, told = columns_by_schema(raw, schema)
    return raw, columns, problems, [*raw.report, *told]


def _dataset(path, columns, features, x, rows, lines, test_fraction, seed, reading, schema, raw):
    train, test = split_rows(len(x), test_fraction, seed)
    medians = schema["medians"] if "medians" in schema else _medians(x[train])
    lines += _fill(x, medians, features)
    kind = schema.get("kind", reading.kind)
    examples = read_examples(
        {"x": x}, path, kind=kind or "table", values=schema.get("values"), event_shape=schema.get("event_shape")
    )
    labels, label = labels_of(columns, rows, path, schema)
    named = raw.names is not None and examples.kind == "table"
    held, y = examples.parts["x"], next(iter(labels.parts.values()), None)
    return Dataset(
        name=path.name,
        **parts_of(held, y, ids_of(columns, rows, raw), train, test),
        event_shape=held.shape[1:],
        kind=examples.kind,
        class_names=labels.class_names,
        feature_names=tuple(column.name for column in features) if named or schema.get("header") else None,
        label_name=label,
        report=(*lines, *examples.report, *labels.report),
        schema=schema or _schema(raw, columns, features, medians, examples, labels),
    )


def _schema(raw, columns, features, medians, examples, labels):
    return {
        "format": "table",
        "kind": examples.kind,
        "values": examples.values,
        "event_shape": list(examples.parts["x"].shape[1:]),
        "header": raw.names is not None,
        "features": [column.name for column in features],
        "medians": [float(median) for median in medians],
        "codings": {column.name: column.coding for column in features if column.coding is not None},
        **schema_of_rows(columns, labels),
    }


def _problems_of_cells(columns: list[Column], raw: RawTable, reading: Reading, any_features: bool) -> list[str]:
    """What is wrong with the cells: text among numbers, numbers too large, rows without a label."""
    problems = []
    n_rows = raw.frame.shape[0]
    for column in columns:
        cells = column.cells
        if column.role == "feature" and cells.kind == "mixed":
            n_bad = int((~cells.holes & np.isnan(cells.values)).sum())
            header = (
                ", or say that the first line is a header (`header`)" if raw.names is None and not cells.row else ""
            )
            problems.append(
                f"column `{column.name}` must hold numbers. Received: {cells.example!r} in {raw.place(cells.row)} "
                f"({n_bad} of {n_rows} rows are no numbers); empty the cell, or leave the column out (`drop`){header}"
            )
        elif column.role == "feature" and column.values is not None:
            with np.errstate(over="ignore"):
                bad = np.flatnonzero(np.isinf(column.values.astype(np.float32)) & np.isfinite(column.values))
            if len(bad):
                problems.append(
                    f"column `{column.name}` must hold finite float32 numbers. Received: "
                    f"{column.values[bad[0]]:.6g} in {raw.place(bad[0])}"
                )
    problems += problems_of_labels(columns, raw, reading)
    if not any_features:
        label = next((f" beside the labels `{c.name}`" for c in columns if c.role == "label"), "")
        problems.append(f"it holds no column of numbers{label}: {_left_out_in_words(columns)}")
    return problems


def _left_out_in_words(columns):
    lines = [f"{line.what} {line.read_as}" for line in report_of([c for c in columns if c.role != "label"])]
    return "; ".join(lines) or "nothing is left"


def _rows(x, label_holes, path, reading, every_row):
    """Numbers of the rows that are kept: not those without any number, nor, if so asked, those with a hole.

    A model is asked about every row of a later file (`every_row`), or the answers would not stand beside the rows.
    """
    holes = ~np.isfinite(x)
    empty = holes.all(axis=1) & (not every_row)
    left_out, told = empty, []
    if empty.any():
        told.append(ReadAs("rows", f"{int(empty.sum())} left out: every cell of a feature is empty"))
    if reading.impute == "drop":
        left_out = np.logical_or.reduce([holes.any(axis=1), *label_holes])
        n_more = int((left_out & ~empty).sum())
        if n_more:
            told.append(ReadAs("rows", f"{n_more} left out: a cell is empty", "--impute median"))
    if left_out.all():
        raise ValueError(f"{path} cannot be read: every row has an empty cell, and such rows are to be left out")
    return np.flatnonzero(~left_out), told


def _medians(x):
    """Median of the numbers of each column, 0 where the training part has none."""
    holes = ~np.isfinite(x)
    if not holes.any():
        return np.median(x, axis=0)
    known = [column[~hole] for column, hole in zip(x.T, holes.T, strict=True)]
    return np.array([np.median(column) if len(column) else 0.0 for column in known])


def _fill(x, medians, features):
    """Fill the holes of `x` in place; lines for the report."""
    holes = ~np.isfinite(x)
    counts = holes.sum(axis=0)
    if not counts.any():
        return []
    rows, columns = np.nonzero(holes)
    x[rows, columns] = np.asarray(medians)[columns]
    filled = np.flatnonzero(counts)
    if len(filled) > 3:
        what = f"empty cells of {len(filled)} columns"
        per_column = f"{counts[filled].min()} to {counts.max()} in each"
        words = f"{int(counts.sum())} filled with the median of their column, {per_column}"
        return [ReadAs(what, words, "--impute drop")]
    return [
        ReadAs(
            f"column `{features[j].name}`",
            f"{counts[j]} empty cell{'s' if counts[j] > 1 else ''} filled with the median {medians[j]:.6g}",
            "--impute drop",
        )
        for j in filled
    ]
