"""Interactions of any source: tables, lists of items by user, matrices, known sets."""

import collections
import os
import pathlib

import numpy as np

from keras_vae.data.delimited import read_delimited
from keras_vae.data.reading import ReadAs, Reading
from keras_vae.data.table_file import read_table, suffix_of
from keras_vae.data.whole_file import decode_text, read_bytes
from keras_vae.tasks.ratings.interaction_log import InteractionLog, is_known, log_of_table
from keras_vae.tasks.ratings.interactions import Held, Interactions, as_interactions
from keras_vae.tasks.ratings.known_sets import NAMES, known_log, place_of
from keras_vae.tasks.ratings.make_interactions import make_interactions, of_matrix

# Text files of columns, or of a user and any number of items in a line.
TEXT = (".txt", ".csv", ".tsv", ".tab", ".dat", ".data", ".inter")
PARTS = ("train.txt", "test.txt")
# Between the columns of tables; where there is none of them it is blanks.
MARKS = ",;|\t"
# Of a log: users, items, ratings, times.
MAX_COLUMNS = 4


def read_interactions(source, reading, seed=0, splits=True):
    """Interactions by name, path, or out of a frame.

    Args:
        source: str or path: a known name; a table (`.csv`, `.tsv`, `.parquet`, `.jsonl`, `.xlsx`), or text with `::`
            between its columns; a `.txt` with lines `user item item ...`; a folder with `train.txt` and `test.txt` of
            such lines; an `.npz` of `scipy.sparse.save_npz`. Or a frame of pandas or polars.
        reading: dict of the settings in `settings.READING`.
        seed: int. Of the split.
        splits: bool. Whether a test part is split off, where the source has none.

    Returns:
        `Interactions`.

    Raises:
        ValueError: for a source that cannot be read as such.
        FileNotFoundError: if there is none.
        ImportError: for a file that needs an extra.
    """
    path = _path_of(source)
    if path is not None and path.is_dir() and source != "lastfm":
        return _of_folder(path)
    if path is not None and suffix_of(path) == ".npz" and source not in NAMES:
        return _of_npz(path, reading["threshold"])
    return make_interactions(read_log(source, reading), reading, seed, splits)


def read_log(source, reading):
    """The interactions of a source one by one.

    Args:
        source: as in `read_interactions`, but for folders and matrices.
        reading: dict of the settings in `settings.READING`.

    Returns:
        `InteractionLog`.

    Raises:
        ValueError, FileNotFoundError, ImportError: as `read_interactions`.
    """
    path = _path_of(source)
    if path is None:
        return _of_frame(source, reading)
    known = known_log(source) if source in NAMES else None
    if known is not None:
        return known
    if path.is_dir() or suffix_of(path) == ".npz":
        raise ValueError(f"{path} must be a log of users and items. Received: a folder or a matrix")
    return _of_file(path, reading)


def _path_of(source):
    """The path that a name or path means; None for a frame."""
    if hasattr(source, "columns") and hasattr(source, "to_numpy"):
        return None
    if not isinstance(source, (str, os.PathLike)) or not str(source).strip():
        raise ValueError(f"`data` must be a matrix, a frame, a name or a path. Received: {type(source).__name__}")
    return place_of(source) if source in NAMES else pathlib.Path(source).expanduser()


def _of_frame(frame, reading):
    twice = [str(name) for name, n in collections.Counter(frame.columns).items() if n > 1]
    if twice:
        raise ValueError(f"the frame must have different names of columns. Received: {twice[0]!r} more than once")
    columns = [_values(frame[name]) for name in frame.columns]
    names = [str(name) for name in frame.columns]
    return log_of_table("the frame", columns, names, lambda i: [str(cell) for cell in columns[i].tolist()], reading)


def _values(column):
    values = np.asarray(column.to_numpy())
    return values.astype(object) if values.dtype.kind in "US" else values


def _of_file(path, reading):
    suffix = suffix_of(path)
    if suffix not in TEXT:
        table = read_table(path, Reading())
    else:
        text, _ = decode_text(read_bytes(path), path)
        lines = [line for line in text.splitlines() if line.strip()]
        if not lines:
            raise ValueError(f"{path} holds no interactions: it is empty")
        if _are_lists(lines):
            return _of_lists(path.name, lines)
        if "::" in lines[0] or not any(mark in lines[0] for mark in MARKS):
            return _of_cells(path, _cells_of(path, lines, "::" if "::" in lines[0] else None), reading)
        table = read_delimited(path, Reading())
    columns = [table.frame[i].to_numpy() for i in range(table.frame.shape[1])]
    log = log_of_table(path.name, columns, table.names, table.texts, reading)
    return log._replace(report=[*table.report, *log.report])


def _of_cells(path, rows, reading):
    """The log of rows of cells, the first of which may be the names of the columns."""
    is_named = any(is_known(cell) for cell in rows[0])
    names, rows = (rows[0], rows[1:]) if is_named else (None, rows)
    columns = [np.array(column, object) for column in zip(*rows, strict=True)]
    return log_of_table(path.name, columns, names, lambda i: list(columns[i]), reading)


def _cells_of(path, lines, mark):
    """Cells between marks, or blanks for None, of lines with equally many."""
    rows = [line.split(mark) for line in lines]
    wrong = next((i for i, row in enumerate(rows) if len(row) != len(rows[0])), None)
    if wrong is not None:
        raise ValueError(f"{path} must have {len(rows[0])} columns. Received: {len(rows[wrong])} in line {wrong + 1}")
    return rows


def _are_lists(lines):
    """Whether lines are a user and any number of items: whole numbers, not always as many, or more than a log has."""
    some = [line.split() for line in lines[:1000]]
    lengths = {len(row) for row in some}
    is_ragged = len(lengths) > 1 or (max(lengths) > MAX_COLUMNS and not any(mark in lines[0] for mark in MARKS))
    return is_ragged and all(cell.isdigit() for row in some for cell in row)


def _of_lists(name, lines):
    rows = [line.split() for line in lines]
    users = np.repeat([row[0] for row in rows], [len(row) - 1 for row in rows])
    items = np.array([cell for row in rows for cell in row[1:]])
    return InteractionLog(name, users, items, report=[ReadAs("lines", "a user, then the items")])


def _of_folder(path):
    """The parts of a folder with lists of items by user: weak generalisation, as LightGCN's sets have it."""
    files = [next((f for f in (path / part, path / f"{part}.gz") if f.is_file()), None) for part in PARTS]
    if None in files:
        raise ValueError(f"{path} must hold train.txt and test.txt, a line per user: user item item ...")
    logs = [
        _of_lists(f.name, [line for line in decode_text(read_bytes(f), f)[0].splitlines() if line.strip()])
        for f in files
    ]
    users, items = (_in_order(np.concatenate([getattr(log, part) for log in logs])) for part in ("users", "items"))
    train, hidden = (_matrix(log, users, items) for log in logs)
    overlap = train.multiply(hidden)
    if overlap.nnz:
        raise ValueError(
            f"{path} must not have an item of a user in train.txt and test.txt. Received: {overlap.nnz} such"
        )
    judged = np.flatnonzero(np.diff(hidden.indptr))
    report = (ReadAs("parts", f"{train.nnz} interactions to train on, {hidden.nnz} to find, of {len(users)} users"),)
    return Interactions(path.name, train, Held(train[judged], hidden[judged]), users=users, items=items, report=report)


def _in_order(ids):
    """Different ids, whole numbers by their size."""
    ids = np.unique(ids)
    return ids[np.argsort(ids.astype(np.int64), kind="stable")] if all(map(str.isdigit, ids)) else ids


def _matrix(log, users, items):
    from scipy import sparse

    def places(ids, of):
        order = np.argsort(of, kind="stable")
        return order[np.searchsorted(of, ids, sorter=order)]

    pairs = places(log.users, users), places(log.items, items)
    ones = np.ones(len(log.users), np.float32)
    return as_interactions(log.name, sparse.csr_matrix((ones, pairs), shape=(len(users), len(items))))


def _of_npz(path, threshold):
    from scipy import sparse

    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        x = sparse.load_npz(path)
    except Exception as error:
        raise ValueError(f"{path} must be a matrix of scipy.sparse.save_npz: {error}") from None
    return of_matrix(path.name, x, threshold)
