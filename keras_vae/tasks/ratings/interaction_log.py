"""`InteractionLog`, interactions as a list, and its columns out of tables: users, items, ratings, times."""

import re
from typing import NamedTuple

import numpy as np

from keras_vae.data.reading import ReadAs, is_column
from keras_vae.tasks.ratings.times import as_seconds, in_words

# Names of columns, without case and signs; the first that is there is taken.
KNOWN = {
    "user": (
        "user",
        "userid",
        "uid",
        "reviewerid",
        "customer",
        "customerid",
        "visitor",
        "visitorid",
        "session",
        "sessionid",
        "account",
        "accountid",
        "listener",
    ),
    "item": (
        "item",
        "itemid",
        "iid",
        "product",
        "productid",
        "asin",
        "movie",
        "movieid",
        "artist",
        "artistid",
        "song",
        "songid",
        "track",
        "trackid",
        "book",
        "bookid",
        "isbn",
        "business",
        "businessid",
        "title",
    ),
    "rating": (
        "rating",
        "ratings",
        "score",
        "stars",
        "star",
        "overall",
        "weight",
        "plays",
        "playcount",
        "count",
        "quantity",
        "value",
    ),
    "time": ("timestamp", "time", "date", "datetime", "unixreviewtime", "reviewtime", "createdat", "ts"),
}

SHOWN = 8
# Named columns of a table in which users and items are looked for by their places.
MAX_GUESSED = 4


class InteractionLog(NamedTuple):
    """Interactions one by one.

    Attributes:
        name: str.
        users: str array `(n,)`.
        items: str array `(n,)`.
        ratings: float array `(n,)`, or None.
        times: float array `(n,)`, seconds, or None.
        report: list of `ReadAs`.
    """

    name: str
    users: np.ndarray
    items: np.ndarray
    ratings: np.ndarray | None = None
    times: np.ndarray | None = None
    report: list = ()


def log_of_table(name, columns, names, cells, reading):
    """The log in a table.

    Args:
        name: str. Name of the source.
        columns: list of arrays, the cells as they were read.
        names: list of str, or None for a table without names: then users, items, ratings and times stand in this order.
        cells: Callable. Position of a column to its cells as text, list of str.
        reading: dict with `user_column`, `item_column`, `rating_column` and `time_column`.

    Returns:
        `InteractionLog`.

    Raises:
        ValueError: if there are no two such columns, a user or an item is missing or no name, or a rating is no number.
    """
    places, report = _places(name, columns, names, reading)
    ids = {role: _ids(name, role, columns[places[role]], cells(places[role])) for role in ("user", "item")}
    ratings = (
        None
        if places["rating"] is None
        else _numbers(name, columns[places["rating"]], _called(names, places["rating"]))
    )
    times = None
    if places["time"] is not None:
        times, how = as_seconds(columns[places["time"]], _called(names, places["time"]))
        report.append(ReadAs("time", f"{how}, {in_words(times.min())} to {in_words(times.max())}", "--time none"))
    return InteractionLog(name, ids["user"], ids["item"], ratings, times, report)


def _called(names, place):
    return f"column {place + 1}" if names is None else f"column `{names[place]}`"


def _places(name, columns, names, reading):
    """Position of the column of each role, or None, and lines for the report."""
    wanted = {role: reading[f"{role}_column"] for role in KNOWN}
    places = {}
    for role, column in wanted.items():
        if column is not None and is_column(column):
            places[role] = _named(name, role, column, names, len(columns))
        elif column is not None:
            places[role] = None
    by_name = {} if names is None else {_plain(n): i for i, n in reversed(list(enumerate(names)))}
    for role, known in KNOWN.items():
        if role not in places:
            free = [by_name[one] for one in known if one in by_name and by_name[one] not in places.values()]
            places[role] = free[0] if free else None
    _by_position(places, wanted, names, len(columns))
    for role in ("user", "item"):
        if places[role] is None:
            shown = "no names" if names is None else ", ".join(names[:SHOWN]) + (" ..." if len(names) > SHOWN else "")
            raise ValueError(f"{name} must have a column of {role}s: say which by --{role}. Received: columns {shown}")
    report = [
        ReadAs(f"{role}s", _called(names, place), f"--{role}") for role, place in places.items() if place is not None
    ]
    return places, report


def _by_position(places, wanted, names, n_columns):
    """Fill up by position: users first, then items; ratings and times only where no names tell of other things.

    Not in a table of many named columns: it may be one of users by items, or hold anything.
    """
    if names is not None and n_columns > MAX_GUESSED:
        return
    roles = ("user", "item", "rating", "time") if names is None else ("user", "item")
    free = [i for i in range(n_columns) if i not in places.values()]
    for role in roles:
        if places[role] is None and wanted[role] is None and free:
            places[role] = free.pop(0)


def _named(name, role, column, names, n_columns):
    if names is not None and column in names:
        return names.index(column)
    if column.isdigit() and 1 <= int(column) <= n_columns:
        return int(column) - 1
    shown = f"{n_columns} columns without names: give a number from 1" if names is None else ", ".join(names)
    raise ValueError(f"`{role}_column` must be a column of {name}. Received: {column!r}; it has {shown}")


def is_known(name):
    """Whether a cell is the name of a column of users, items, ratings or times."""
    return any(_plain(name) in known for known in KNOWN.values())


def _plain(name):
    return re.sub(r"[^a-z]", "", str(name).lower())


def _ids(name, role, column, text):
    """Cells as ids: text, or whole numbers as text."""
    kind = getattr(column.dtype, "kind", "O")
    if kind == "f":
        bad = np.flatnonzero(~np.isfinite(column) | (column % 1 != 0))
        if len(bad):
            raise ValueError(
                f"{name} must have a {role} in every row, text or a whole number. Received: {column[bad[0]]} in row "
                f"{bad[0] + 1}, and {len(bad) - 1} more"
            )
        return column.astype(np.int64).astype(str)
    if kind == "b" or kind in "Mm":
        raise ValueError(
            f"{name} must have {role}s that are text or whole numbers. Received: a column of {column.dtype}"
        )
    # As they are written: 007 is not 7.
    ids = np.array([cell.strip() for cell in text], dtype=object)
    bad = np.flatnonzero((ids == "") | (ids == "nan") | (ids == "None"))
    if len(bad):
        raise ValueError(
            f"{name} must have a {role} in every row. Received: none in row {bad[0] + 1}, and {len(bad) - 1} more"
        )
    return ids.astype(str)


def _numbers(name, column, called):
    import pandas

    numbers = pandas.to_numeric(pandas.Series(column), errors="coerce").to_numpy(np.float64)
    bad = np.flatnonzero(~np.isfinite(numbers))
    if len(bad):
        raise ValueError(
            f"{name} must have a number in every row of {called}; name another by --rating, or none. "
            f"Received: {column[bad[0]]!r} in row {bad[0] + 1}, and {len(bad) - 1} more"
        )
    return numbers
