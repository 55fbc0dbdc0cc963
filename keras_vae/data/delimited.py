"""Reader of text tables: encoding, separator, header and decimal point are found out, pandas reads the cells."""

import contextlib
import csv
import io
import itertools
import pathlib
import re
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from keras_vae.data.reading import ReadAs, Reading, raise_problems
from keras_vae.data.table_cells import HOLES, as_number, decimal_of, is_any_number
from keras_vae.data.table_header import has_header
from keras_vae.data.whole_file import decode_text, read_bytes

# Lines that are looked at before the file is read, fewer if they have very many cells.
_HEAD, _MIN_HEAD, _CELLS = 200, 10, 20_000
_SEPARATORS = {"\t": "tab", ";": "semicolon", "|": "bar", ",": "comma"}
_BLANKS = r"\s+"
_LINES_NAMED = 3
_POINT_INSIDE, _COMMA_INSIDE = re.compile(r"[+-]?\d*\.\d+"), re.compile(r"[+-]?\d*,\d+")


class RawTable(NamedTuple):
    """A table as it stands in a file.

    Attributes:
        names: list of str, or None if the file has none.
        frame: pandas DataFrame, columns by position.
        place: function from the number of a row, from 0, to words such as "line 5".
        texts: function from the position of a column to its cells as they are written, list of str.
        report: list of `ReadAs`.
        decimal: "." or ",", the decimal point of the file.
    """

    names: list[str] | None
    frame: Any
    place: Callable[[int], str]
    texts: Callable[[int], list[str]]
    report: list[ReadAs]
    decimal: str = "."


def read_delimited(path: pathlib.Path, reading: Reading, known: tuple[str, ...] = ()) -> RawTable:
    """Table of a text file with a separator.

    Args:
        path: Path. A name ending in `.gz` is unpacked.
        reading: `Reading`, of which `header` counts.
        known: str. Names of columns of an earlier file; a first line that holds all of them is a header.

    Returns:
        `RawTable`.

    Raises:
        FileNotFoundError, PermissionError: as `read_bytes`.
        ValueError: if the file is no text, or lines have other numbers of columns than the first.
    """
    text, separator, report = _text(path)
    head = _head(text, separator)
    if not head:
        raise ValueError(f"{path} is not a readable table: a quote is opened in the first line and never closed")
    names, why, n_lines = _header(head, reading, known)
    rows = [row for _, row in head[n_lines > 0 :]]
    body = text if not n_lines else (text + "\n").split("\n", n_lines)[n_lines]
    if not body.strip():
        raise ValueError(f"{path} holds no rows of data, only a header")
    decimal = _decimal(rows, separator)
    frame = _frame(body, separator, decimal, text, path)
    if names is not None:
        names = _fitting_names(names, frame, head, path)
    if frame.shape[1] > 1:
        report.insert(0, ReadAs("separator", _SEPARATORS.get(separator, "blanks")))
    if decimal == ",":
        report.append(ReadAs("decimal point", "a comma: 1,5 is one and a half"))
    overrule = "--no-header" if names is not None else "--header"
    report.append(ReadAs("first line", f"{'names of the columns' if names is not None else 'data'}: {why}", overrule))
    return RawTable(
        names,
        frame,
        lambda row: f"line {_line(text, separator, row + (n_lines > 0))}",
        lambda column: _cells(body, separator, dtype=str, usecols=[column]).iloc[:, 0].tolist(),
        report,
        decimal,
    )


def _text(path):
    """Text of a file with its remarks above blank, its separator, and lines for the report."""
    text, encoding = decode_text(read_bytes(path), path)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    bare, comments = _without_comments(text)
    separator = _separator(bare, path)
    text, comments = _with_header(text, bare, comments, separator)
    report = []
    if encoding not in ("utf-8", "utf-8-sig"):
        report.append(ReadAs("encoding", encoding))
    if comments:
        report.append(ReadAs("lines above that begin with #", f"{comments} left out as remarks"))
    return text, separator, report


def looks_like_numbers(text: str) -> bool:
    """Whether a text is a table of numbers: two or more columns, and in every line but the first numbers only."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text, _ = _without_comments(text)
    separator = _separator(text, "")
    rows = [row for _, row in _head(text, separator)]
    cells = [cell.strip() for row in rows[1:] for cell in row]
    same = len({len(row) for row in rows}) == 1 and len(rows[0]) > 1
    return (
        same
        and bool(cells)
        and all(cell in HOLES or as_number(cell, ",") is not None or as_number(cell) is not None for cell in cells)
    )


def _records(text, separator):
    """The rows of a text as `(number of the last line, cells)`, blank lines left out."""
    if separator == _BLANKS:
        for number, line in enumerate(io.StringIO(text), 1):
            if line.strip():
                yield number, line.split()
        return
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    for row in reader:
        if row and not (len(row) == 1 and not row[0].strip()):
            yield reader.line_num, row


def _head(text, separator):
    """The first records: a hundred or two, at least ten where they have thousands of cells."""
    head, n_cells = [], 0
    # A quote that is never closed makes a cell without end; pandas says so.
    with contextlib.suppress(csv.Error):
        for record in itertools.islice(_records(text, separator), _HEAD):
            head.append(record)
            n_cells += len(record[1])
            if n_cells > _CELLS and len(head) >= _MIN_HEAD:
                break
    return head


def _without_comments(text):
    """The text with its first lines empty, as far as they begin with #, and their number; lines keep their numbers."""
    n = len(list(itertools.takewhile(lambda line: line.startswith("#") or not line.strip(), io.StringIO(text))))
    lines = text.split("\n", n)
    comments = sum(line.startswith("#") for line in lines[:n])
    if not comments or len(lines) <= n or not lines[n].strip():
        return text, 0
    return "\n" * n + lines[n], comments


def _with_header(text, bare, comments, separator):
    """The text with the last remark above as its header, if it has as many words as the table columns and no header."""
    head = [row for _, row in _head(bare, separator)]
    if not comments or not head or has_header(head)[0]:
        return bare, comments
    n = next(_records(bare, separator))[0] - 1
    lines = text.split("\n", n)
    last = next(number for number in reversed(range(n)) if lines[number].startswith("#"))
    names = lines[last].lstrip("# \t")
    cells = next((row for _, row in _records(names, separator)), [])
    if len(cells) != len(head[0]) or any(map(is_any_number, cells)):
        return bare, comments
    return "\n".join([""] * last + [names] + [""] * (n - 1 - last) + [lines[n]]), comments - 1


def _decimal(rows, separator):
    """The decimal point. A comma separates no cells where it is one; semicolons do so because it is one."""
    if separator == ",":
        return "."
    cells = [cell.strip() for row in rows for cell in row]
    decimal = decimal_of(cells)
    if separator == ";" and decimal == "." and not any(_POINT_INSIDE.fullmatch(cell) for cell in cells):
        return "," if any(_COMMA_INSIDE.fullmatch(cell) for cell in cells) else "."
    return decimal


def _separator(text, path):
    """The separator under which most of the first lines have the same number of columns, and cells like numbers."""
    best, best_score = None, (0.0, 0.0)
    favourite = "\t" if pathlib.Path(path).name.lower().removesuffix(".gz").endswith((".tsv", ".tab")) else None
    for separator in _SEPARATORS:
        rows = [row for _, row in _head(text, separator)]
        if not rows:
            continue
        width, count = Counter(map(len, rows)).most_common(1)[0]
        width = max(width, len(rows[0])) if len(rows) <= 2 else width
        if width < 2:
            continue
        if separator == favourite:
            return separator
        cells = [cell.strip() for row in rows for cell in row]
        others = [other for other in _SEPARATORS if other != separator]
        clean = sum(1 for cell in cells if as_number(cell, ",") is not None or not any(o in cell for o in others))
        score = (round(count / len(rows), 1) * clean / len(cells), float(separator != ","))
        if score > best_score:
            best, best_score = separator, score
    lines = [line for line in itertools.islice(io.StringIO(text), _HEAD) if line.strip()]
    if best == "," and _is_one_column_of_decimal_commas(lines):
        return ";"
    if best is not None:
        return best
    rows = [line.split() for line in lines]
    cells = [cell for row in rows[1:] or rows for cell in row]
    blanks = len(rows[-1]) > 1 and len(set(map(len, rows))) == 1 and all(as_number(c) is not None for c in cells)
    return _BLANKS if blanks else ","


def _is_one_column_of_decimal_commas(lines):
    first, *rest = [line.strip() for line in lines]
    return bool(rest) and "," not in first and all(as_number(line, ",") is not None for line in rest)


def _header(head, reading, known):
    """Names in the first line or None, the reason, and the number of lines that they take (with blank lines above)."""
    (last_line, first), rows = head[0], [row for _, row in head]
    if reading.header is not None:
        found, why = reading.header, "as asked"
    elif known and set(known) <= {cell.strip() for cell in first}:
        found, why = True, "it holds the names of the first data"
    else:
        usual = Counter(map(len, rows[1:])).most_common(1)[0][0] if len(rows) > 1 else len(first)
        if usual == len(first) + 1:
            # R writes the names of the rows in front without a name above them.
            rows = [["", *first], *rows[1:]]
        found, why = has_header(rows)
    return ([cell.strip() for cell in first] if found else None), why, last_line if found else 0


def _cells(body, separator, **options):
    import pandas

    return pandas.read_csv(
        io.StringIO(body),
        sep=separator,
        header=None,
        keep_default_na=False,
        skipinitialspace=True,
        low_memory=False,
        **options,
    )


def _frame(body, separator, decimal, text, path):
    import pandas

    try:
        frame = _cells(body, separator, decimal=decimal, na_values=list(HOLES))
    except (pandas.errors.ParserError, pandas.errors.EmptyDataError) as error:
        raise_problems(path, _ragged(text, separator))
        reason = " ".join(str(error).split())
        hint = ": a quote is opened and never closed" if "EOF inside string" in reason else ""
        raise ValueError(f"{path} is not a readable table{hint} ({reason})") from error
    # Short lines come out with holes at the end: only then is it worth to count the columns of every line.
    if frame.shape[1] > 1 and frame.iloc[:, -1].isna().any():
        raise_problems(path, _ragged(text, separator))
    return frame


def _ragged(text, separator):
    """What is wrong with lines that have another number of columns than most."""
    try:
        (first_line, first), *below = list(_records(text, separator))
    except csv.Error:
        return []
    widths = Counter(len(row) for _, row in below)
    usual, count = widths.most_common(1)[0] if below else (len(first), 0)
    if count <= len(below) / 2:
        usual = len(first)
    wrong = [(line, len(row)) for line, row in below if len(row) != usual]
    # A header may lack the name of the row names, or end in a comma.
    if len(first) not in (usual, usual - 1) and not (len(first) == usual + 1 and not first[-1].strip()):
        wrong.insert(0, (first_line, len(first)))
    if not wrong:
        return []
    lines = ", ".join(f"{n} in line {line}" for line, n in wrong[:_LINES_NAMED])
    more = f", and {len(wrong) - _LINES_NAMED} more such lines" if len(wrong) > _LINES_NAMED else ""
    return [f"every line must have {usual} columns, as most have. Received: {lines}{more}"]


def _fitting_names(names, frame, head, path):
    """As many names as columns: a nameless first column gets "", a comma at the end of the lines makes no column."""
    width = frame.shape[1]
    if len(names) == width - 1 and frame.iloc[:, -1].isna().all():
        return [*names, ""]
    if len(names) == width - 1 and _names_rows(frame.iloc[:, 0]):
        return ["", *names]
    if len(names) == width + 1 and not names[-1]:
        return names[:-1]
    if len(names) != width:
        raise ValueError(
            f"{path} cannot be read: line {head[0][0]} names {len(names)} columns, but the lines below have {width}"
        )
    return names


def _names_rows(column):
    """Whether a column is text, or counts the rows."""
    if column.dtype.kind not in "iuf":
        return True
    return column.tolist() in (list(range(len(column))), list(range(1, len(column) + 1)))


def _line(text, separator, record):
    """Number of the line in which a record ends; records count from 0, the header included."""
    return next(itertools.islice((number for number, _ in _records(text, separator)), record, None), record + 1)
