"""Reader of files that hold a table, by their ending: text with separators, Parquet, JSON lines, Excel."""

import json
import pathlib

from keras_vae.data.delimited import RawTable, read_delimited
from keras_vae.data.reading import ReadAs, Reading, raise_problems
from keras_vae.data.table_header import has_header
from keras_vae.data.whole_file import check_file, decode_text, lines_of, read_bytes, unchanged

DELIMITED = (".csv", ".tsv", ".tab", ".txt")
JSON_LINES = (".jsonl", ".ndjson")
EXCEL = (".xlsx", ".xlsm")
PARQUET = (".parquet", ".pq")
SUFFIXES = (".csv", ".tsv", ".tab", *PARQUET, *JSON_LINES, *EXCEL)
# Endings that may be followed by `.gz`.
PACKED = (".csv", ".tsv", ".tab", ".txt", *JSON_LINES)
_PROBLEMS_NAMED = 5


def suffix_of(path: str | pathlib.Path) -> str:
    """Ending of a file name in lower case, without a `.gz` behind it."""
    name = pathlib.Path(path).name.lower()
    return pathlib.Path(name.removesuffix(".gz")).suffix


def read_table(path: str | pathlib.Path, reading: Reading | None = None, known: tuple[str, ...] = ()) -> RawTable:
    """The table in a file.

    Args:
        path: Path or str.
        reading: `Reading`, of which `header` counts (text and Excel).
        known: str. Names of columns of an earlier file; a first line that holds all of them is a header.

    Returns:
        `RawTable`.

    Raises:
        FileNotFoundError, PermissionError: as `check_file`.
        ImportError: if Parquet or Excel needs a package that is not installed.
        ValueError: if the file cannot be read.
    """
    path, reading = pathlib.Path(path), reading or Reading()
    suffix = suffix_of(path)
    if suffix in DELIMITED:
        return read_delimited(path, reading, known)
    if suffix in JSON_LINES:
        return _read_json_lines(path)
    if suffix in PARQUET:
        return _read_parquet(path)
    if suffix in EXCEL:
        return _read_excel(path, reading, known)
    raise ValueError(f"a table must end in {', '.join(SUFFIXES)}. Received: {path}")


def _read_json_lines(path):
    import pandas

    text, _ = decode_text(read_bytes(path), path)
    rows, lines, problems = [], [], []
    for number, line in enumerate(lines_of(text), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            problems.append(f"line {number} is no JSON ({error.msg})")
            continue
        if not isinstance(row, dict):
            problems.append(f"line {number} must hold one object, {{name: value, ...}}")
            continue
        rows.append(row)
        lines.append(number)
    if len(problems) > _PROBLEMS_NAMED:
        problems = [*problems[:_PROBLEMS_NAMED], f"{len(problems) - _PROBLEMS_NAMED} more lines are no JSON objects"]
    raise_problems(path, problems)
    frame = pandas.DataFrame.from_records(rows)
    names = [str(name).strip() for name in frame.columns]
    frame.columns = range(frame.shape[1])
    return RawTable(names, frame, lambda row: f"line {lines[row]}", _texts(frame), [])


def _read_parquet(path):
    import pandas

    check_file(path)
    try:
        with unchanged(path):
            frame = pandas.read_parquet(path)
    except ImportError as error:
        raise ImportError(f'{path} is a Parquet file, which needs pyarrow: pip install "keras_vae[files]"') from error
    except Exception as error:
        raise ValueError(f"{path} is not a readable Parquet file: {' '.join(str(error).split())}") from error
    if frame.index.name is not None:
        frame = frame.reset_index()
    names = [str(name).strip() for name in frame.columns]
    frame.columns = range(frame.shape[1])
    _check_rows(frame, path)
    return RawTable(names, frame, lambda row: f"row {row + 1}", _texts(frame), [])


def _read_excel(path, reading, known):
    import pandas

    check_file(path)
    try:
        with unchanged(path), pandas.ExcelFile(path) as book:
            sheets = [str(name) for name in book.sheet_names]
            cells = book.parse(sheets[0], header=None, dtype=object, keep_default_na=False, na_values=[""])
    except ImportError as error:
        raise ImportError(f'{path} is an Excel file, which needs openpyxl: pip install "keras_vae[files]"') from error
    except Exception as error:
        raise ValueError(f"{path} is not a readable Excel file: {' '.join(str(error).split())}") from error
    cells = cells.dropna(how="all").dropna(axis="columns", how="all")
    _check_rows(cells, path)
    numbers = [index + 1 for index in cells.index]
    cells.columns = range(cells.shape[1])
    head = [
        ["" if cell != cell else str(cell).strip() for cell in row] for row in cells.head(50).itertuples(index=False)
    ]
    if reading.header is not None:
        found, why = reading.header, "as asked"
    elif known and set(known) <= set(head[0]):
        found, why = True, "it holds the names of the first data"
    else:
        found, why = has_header(head)
    first = int(found)
    frame = cells.iloc[first:].reset_index(drop=True).infer_objects()
    if not len(frame):
        raise ValueError(f"{path} holds no rows of data, only a header")
    what = "names of the columns" if found else "data"
    report = [ReadAs("first line", f"{what}: {why}", "--no-header" if found else "--header")]
    if len(sheets) > 1:
        report.insert(0, ReadAs("sheets", f"the first, {sheets[0]}; not read: {', '.join(sheets[1:])}"))
    return RawTable(head[0] if found else None, frame, lambda row: f"row {numbers[row + first]}", _texts(frame), report)


def _texts(frame):
    """Function from the position of a column to its cells as text."""
    return lambda column: ["" if cell != cell else str(cell) for cell in frame[column].astype(object).tolist()]


def _check_rows(frame, path):
    if not frame.shape[0] or not frame.shape[1]:
        raise ValueError(f"{path} holds no rows of data")
