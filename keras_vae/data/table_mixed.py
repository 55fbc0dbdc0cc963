"""A file with a table of words, dates, numbers and holes as a `Dataset`: the features are read by `TableColumns`."""

import pathlib
import re

import numpy as np

from keras_vae.data.column_cells import cells_of, cells_of_words, is_text
from keras_vae.data.columns import TableColumns
from keras_vae.data.dataset import Dataset
from keras_vae.data.delimited import RawTable
from keras_vae.data.reading import ReadAs, Reading, raise_problems
from keras_vae.data.split_rows import split_rows
from keras_vae.data.table_columns import Column
from keras_vae.data.table_container import Parts
from keras_vae.data.table_report import report_of
from keras_vae.data.table_rows import ids_of, labels_of, parts_of, problems_of_labels, schema_of_rows

# A number that is written so is a word: a postcode, the number of a part.
_LEADING_ZERO = re.compile(r"[+-]?0\d.*")


def load_mixed(
    path: pathlib.Path,
    raw: RawTable,
    columns: list[Column],
    problems: list[str],
    lines: list[ReadAs],
    test_fraction: float,
    seed: int,
    reading: Reading,
    schema: dict,
) -> Dataset | None:
    """Features of a table with codes for words and NaN for holes; labels and names of the rows beside them.

    What the columns are is learned from the training part: other words of the test part are "other".

    Args:
        path, raw, columns: Path, `RawTable` and list of `Column` with their roles.
        problems, lines: list of str and list of `ReadAs`: what is wrong with the file, and the report, so far.
        test_fraction, seed, reading, schema: as in `load_table`.

    Returns:
        `Dataset`; None for a first table in which all features are real numbers and none is empty.

    Raises:
        ValueError: if the file cannot be read so.
    """
    problems = problems + problems_of_labels(columns, raw, reading)
    known = TableColumns.of_json(schema["columns_as"]) if schema else None
    cells = {c.name: _cells(c, raw, reading, known) for c in columns if c.role == "feature"}
    raise_problems(path, [] if cells else problems or ["no column is left that a model can learn from"])
    rows, told = _rows(cells, columns, path, reading, bool(schema))
    split = split_rows(len(rows), test_fraction, seed)
    if known is None:
        known, more = _learned(raw, columns, cells, reading, rows[split[0]])
        problems, told = problems + more, [*(known.report if known else ()), *told]
    raise_problems(path, problems)
    x, wrong, new = known.encode_cells(cells, raw.place)
    raise_problems(path, [f"column `{name}` {text}" for name, text in wrong])
    x = x[rows]
    if not schema and known.are_plain and not np.isnan(x).any():
        return None
    fills = _fills(x[split[0]], known) if reading.impute == "median" and not schema else schema.get("medians")
    told += [ReadAs(f"column `{name}`", text) for name, text in new] + _fill(x, fills)
    lines = [*lines, *report_of([column for column in columns if column.role != "feature"]), *told]
    return _dataset(path, raw, columns, known, x, rows, split, fills, lines, schema)


def _learned(raw, columns, cells, reading, rows):
    """What the columns are, by these rows of them, or None; and list of str, the problems."""
    parts = Parts("pandas", [column.name for column in columns], raw.names is not None, [], len(rows))
    kinds = {name: kind for name, kind in reading.column_kinds if name in cells}
    return TableColumns.learned(parts, cells, kinds, rows=rows)


def _dataset(path, raw, columns, known, x, rows, split, fills, lines, schema):
    labels, label = labels_of(columns, rows, path, schema)
    y = next(iter(labels.parts.values()), None)
    names = [column.name for column in known.columns]
    made = {
        "format": "table",
        "kind": "table",
        "event_shape": [x.shape[1]],
        "header": raw.names is not None,
        "features": names,
        "columns_as": known.to_json(),
        **({} if fills is None else {"medians": fills}),
        **schema_of_rows(columns, labels),
    }
    return Dataset(
        name=path.name,
        **parts_of(x, y, ids_of(columns, rows, raw), *split),
        event_shape=x.shape[1:],
        kind="table",
        class_names=labels.class_names,
        feature_names=tuple(names) if known.has_names else None,
        label_name=label,
        report=(*lines, *labels.report),
        schema=schema or made,
    )


def _cells(column, raw, reading, known):
    """Cells of a column; where numbers are words of a category and begin with zeros, as they are written."""
    cells = cells_of(column.series, raw.decimal)
    if cells.kind != "numbers" or cells.codes is not None:
        return cells
    first = next((c for c in known.columns if c.name == column.name), None) if known else None
    kind = first.kind if first else dict(reading.column_kinds).get(column.name)
    if kind != "category" or (first and not is_text(first.dtype)):
        return cells
    texts = [text.strip() for text in raw.texts(column.series.name)]
    if first is None and not any(map(_LEADING_ZERO.fullmatch, texts)):
        return cells
    words = list(dict.fromkeys(texts))
    number = {word: code for code, word in enumerate(words)}
    return cells_of_words(np.array([number[text] for text in texts]), words)


def _rows(cells, columns, path, reading, every_row):
    """Rows that are kept: not those without any cell of a feature, nor, if so asked, those with a hole.

    A model is asked about every row of a later file (`every_row`), or the answers would not stand beside the rows.
    """
    holes = [one.holes for one in cells.values() if one.kind not in ("empty", "nested")]
    if not holes:
        return np.arange(next(iter(cells.values())).n_rows), []
    left_out = np.logical_and.reduce(holes) & (not every_row)
    n_empty, told = int(left_out.sum()), []
    if n_empty:
        told.append(ReadAs("rows", f"{n_empty} left out: every cell of a feature is empty"))
    if reading.impute == "drop":
        left_out = np.logical_or.reduce([*holes, *(column.cells.holes for column in columns if column.role == "label")])
        if left_out.sum() > n_empty:
            told.append(ReadAs("rows", f"{int(left_out.sum()) - n_empty} left out: a cell is empty", "--impute median"))
    if left_out.all():
        raise ValueError(f"{path} cannot be read: every row has an empty cell, and such rows are to be left out")
    return np.flatnonzero(~left_out), told


def _fills(x, known):
    """What fills the holes of each column: the median of numbers, the commonest code of words; 0 without any."""
    fills = []
    for column, values in zip(known.columns, x.T, strict=True):
        held = values[~np.isnan(values)]
        if not len(held):
            fills.append(0.0)
        elif column.n_classes:
            fills.append(float(np.bincount(held.astype(np.int64)).argmax()))
        else:
            median = float(np.median(held))
            fills.append(float(np.round(median)) if column.whole else median)
    return fills


def _fill(x, fills):
    """Fill the holes of `x` in place; a line for the report."""
    rows, columns = np.nonzero(np.isnan(x))
    if fills is None or not len(rows):
        return []
    x[rows, columns] = np.asarray(fills)[columns]
    words = f"{len(rows):,} filled with the median or the commonest word of their column"
    return [ReadAs("empty cells", words, "--impute drop")]
