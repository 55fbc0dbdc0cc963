"""The column of a table that holds sentences, and that of their labels."""

import csv
import io
import pathlib
import re
from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from keras_vae.data.reading import ReadAs, Reading, is_column, is_switched_off, unknown_names
from keras_vae.data.table_cells import HOLES, is_any_number
from keras_vae.data.table_file import suffix_of
from keras_vae.data.table_header import LABEL_NAMES, has_header
from keras_vae.data.whole_file import lines_of

COLUMN_SUFFIXES = (".tsv", ".csv")
# Names of columns of sentences, the likeliest first.
SENTENCE_NAMES = ("sentence", "sentences", "text", "texts", "review", "comment", "content", "title")
_LOOKED_AT = 200


class TextColumns(NamedTuple):
    """Two columns of a table.

    Attributes:
        texts: list of str. The cells of the column of sentences.
        labels: array of str or of numbers, one a row, or None.
        columns: dict of the names `text` and, with labels, `label`.
        report: list of `ReadAs`.
    """

    texts: list[str]
    labels: np.ndarray | None
    columns: dict[str, Any]
    report: list[ReadAs]


def read_columns(text: str, path: pathlib.Path, reading: Reading, schema: dict) -> TextColumns:
    """The sentences and the labels of a table.

    Cells of a `.tsv` stand between tabs, and a quote is a character like others; those of a `.csv` may be quoted.
    Without a header columns are called "1", "2", ...

    Args:
        text: str. What the file holds.
        path: Path. Of the file, for its ending and for messages.
        reading: `Reading`, of which `columns` (one), `label` and `header` count.
        schema: dict. Of the first data, whose columns are taken; or empty.

    Raises:
        ValueError: if rows have different numbers of cells, a column is not there or two are given for the sentences,
            the column that is found holds numbers alone and nobody has named it, or a row has no label.
    """
    rows = _rows(text, path)
    if reading.header is None:
        is_header, why = _is_header(rows, schema)
    else:
        is_header, why = reading.header, "as asked"
    names = [name.strip() for name in rows[0]] if is_header else [str(1 + j) for j in range(len(rows[0]))]
    rows = rows[1:] if is_header else rows
    overrule = "--no-header" if is_header else "--header"
    report = [ReadAs("first line", f"{'names of the columns' if is_header else 'data'}: {why}", overrule)]
    wanted = reading.columns or ((schema["text"],) if "text" in schema else ())
    label = schema.get("label") if schema else reading.label
    problems = unknown_names("columns", wanted, names)
    problems += unknown_names("label", [label], names) if is_column(label) else []
    if len(wanted) > 1:
        problems.append(f"`columns` must name the one with the sentences. Received: {', '.join(wanted)}")
    if problems:
        raise ValueError(f"{path} cannot be read: {'; '.join(problems)}")
    column = names.index(wanted[0]) if wanted else _longest(names, rows)
    report += _told(names, column, [row[column] for row in rows], bool(wanted), path)
    if not is_column(label):
        may_have = not schema and not is_switched_off(label)
        label = next((n for n in names if may_have and n.lower() in LABEL_NAMES and n != names[column]), None)
    labels = None if label is None else _labels(rows, names.index(label), label, path)
    columns = {"text": names[column]} | ({} if label is None else {"label": label})
    return TextColumns([row[column] for row in rows], labels, columns, report)


def example_of_numbers(cells: list[str]) -> str | None:
    """The first number of cells that hold numbers alone, one or several each; None where one of them holds a word.

    Args:
        cells: list of str, of which the first 200 are looked at: a column, or the lines of a file. Empty ones do not
            count.
    """
    full = [cell for cell in map(str.strip, cells[:_LOOKED_AT]) if cell not in HOLES]
    # A table whose cells are separated otherwise comes as one cell a row: 1.5;2.5
    is_all = all(is_any_number(piece) for cell in full for piece in re.split(r"[;\s]+", cell.strip("; \t")))
    return full[0] if full and is_all else None


def _told(names, column, cells, is_named, path):
    """Lines for the report about the column of the sentences.

    Raises:
        ValueError: if it holds numbers alone and nobody has named it.
    """
    place, number = f"column `{names[column]}` of {', '.join(names)}", example_of_numbers(cells)
    report = [ReadAs("sentences", place, "--columns")]
    if number is None:
        return report
    if not is_named:
        raise ValueError(
            f"{path} must have a column of sentences; `columns` (`--columns`) names another one, or this one if its "
            f"numbers are meant as texts. Received: {place}, with numbers alone, such as {number!r}"
        )
    return [*report, ReadAs(f"cells of `{names[column]}`", f"numbers, such as {number}, taken as texts")]


def _rows(text, path):
    """Rows of cells; blank lines are none."""
    if suffix_of(path) == ".tsv":
        numbered = [(number, line.split("\t")) for number, line in enumerate(lines_of(text), 1)]
    else:
        reader = csv.reader(io.StringIO("\n".join(lines_of(text))), strict=True)
        try:
            numbered = [(reader.line_num, row) for row in reader]
        except csv.Error as error:
            raise ValueError(f"{path} cannot be read: {error} in line {reader.line_num}") from error
    numbered = [(number, row) for number, row in numbered if any(map(str.strip, row))]
    if not numbered:
        raise ValueError(f"{path} must hold at least one sentence. Received: blank lines")
    usual = Counter(len(row) for _, row in numbered).most_common(1)[0][0]
    wrong = [(number, len(row)) for number, row in numbered if len(row) != usual]
    if wrong:
        shown = ", ".join(f"{n} in line {number}" for number, n in wrong[:3])
        more = f", and {len(wrong) - 3} more such lines" if len(wrong) > 3 else ""
        raise ValueError(f"every line of {path} must have {usual} cells, as most have. Received: {shown}{more}")
    return [row for _, row in numbered]


def _is_header(rows, schema):
    known = {schema[role] for role in ("text", "label") if role in schema}
    first = {cell.strip() for cell in rows[0]}
    if known and known <= first:
        return True, "it holds the names of the first data"
    if first & set(SENTENCE_NAMES) and len(rows) > 1:
        return True, "it holds the name of a column of sentences"
    # A row of sentences alone looks like names to a reader of numbers, and is one where numbers stand below.
    is_above_numbers = len(rows) > 2 and example_of_numbers([row[0] for row in rows[1:]]) is not None
    if len(rows[0]) == 1 and not is_above_numbers:
        return False, "it is a sentence like the others"
    return has_header(rows[:_LOOKED_AT])


def _longest(names, rows):
    """Number of the column that is named as sentences are, or else holds the longest texts."""
    lower = [name.lower() for name in names]
    named = next((lower.index(name) for name in SENTENCE_NAMES if name in lower), None)
    looked_at = rows[:_LOOKED_AT]
    lengths = [sum(len(row[j]) for row in looked_at) for j in range(len(names))]
    return int(np.argmax(lengths)) if named is None else named


def _labels(rows, column, name, path):
    cells = [row[column].strip() for row in rows]
    if "" in cells:
        raise ValueError(
            f"every row of {path} must have a label. Received: {cells.count('')} without one in column `{name}`, the "
            f"first is row {1 + cells.index('')}"
        )
    labels = np.array(cells)
    try:
        return labels.astype(np.float64)
    except ValueError:
        return labels
