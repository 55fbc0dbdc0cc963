"""Numbers of a column of a table back as what the column held: words, dates, whole numbers, holes."""

import datetime

import numpy as np

from keras_vae.data.column_cells import is_text
from keras_vae.data.table_column import HOURS, SPAN, TableColumn, origin_of

_SECONDS_PER_DAY = 86_400
# The days of the years 1 to 9999, and as many as microseconds of 64 bits can count.
_CALENDAR, _COUNTABLE = (-719_162, 2_932_896), (-100_000_000, 100_000_000)


def decode_column(column: TableColumn, x: np.ndarray) -> np.ndarray:
    """Values of a column, the inverse of `encode_column`.

    Args:
        column: `TableColumn`.
        x: float array `(n,)`. Codes of a category; 0 or 1 of a binary column, or a probability, which is 1 from 0.5 on;
            else numbers. NaN is a hole.

    Returns:
        Array `(n,)`: float64 with NaN for holes; datetime64 or timedelta64 with NaT, to the second; or objects (words,
        times of day, dates that came as text in ISO 8601) with None for holes. The last class of a category is
        `column.other`, and a hole where the words are numbers. Numbers are rounded where all known ones were whole.

    Raises:
        ValueError: if a code is none of the column.
    """
    x = np.asarray(x, dtype=np.float64)
    if column.kind == "category":
        return _of_category(column, x)
    if column.kind == "binary":
        x = np.where(np.isnan(x), np.nan, np.where(x >= 0.5, 1.0, 0.0))
        if column.words is not None:
            return _take([*column.words, None], x)
        return x if column.values is None else np.where(x == 1, column.values[1], np.where(x == 0, column.values[0], x))
    if column.whole:
        x = np.round(x)
    if column.unit is None:
        return np.maximum(x, 0) if column.kind == "count" else x
    if column.unit == HOURS:
        return _times(x, column.dtype)
    if column.unit == SPAN:
        return _micros(np.clip(x, *_COUNTABLE)).astype("timedelta64[us]")
    dates = _micros(np.clip(x + origin_of(column.unit), *_CALENDAR)).astype("datetime64[us]")
    return _iso(dates, column.whole) if is_text(column.dtype) else _as_days(dates, column.dtype)


def _of_category(column, x):
    codes = np.round(x)
    wrong = ~np.isnan(x) & ((codes < 0) | (codes >= column.n_classes))
    if wrong.any():
        raise ValueError(
            f"column `{column.name}` of `x` must hold codes from 0 to {column.n_classes - 1}. "
            f"Received: {x[wrong][0]:g} in row {int(np.flatnonzero(wrong)[0])} (from 0)"
        )
    if not is_text(column.dtype):
        numbers = np.array([*map(float, column.words), np.nan])
        return numbers[np.where(np.isnan(codes), len(column.words), codes).astype(np.int64)]
    return _take([*column.words, column.other, None], codes)


def _take(words, codes):
    """The word of each code, the last one of `words` for NaN."""
    of_codes = np.empty(len(words), dtype=object)
    of_codes[:] = words
    return of_codes[np.where(np.isnan(codes), -1, codes).astype(np.int64)]


def _micros(days):
    """Microseconds of days, rounded to the second: the last digits of float32 would be read as parts of one."""
    seconds = np.round(np.where(np.isnan(days), 0, days) * _SECONDS_PER_DAY).astype(np.int64)
    return np.where(np.isnan(days), np.iinfo(np.int64).min, seconds * 1_000_000)


def _iso(dates, whole):
    texts = np.datetime_as_string(dates, unit="D" if whole else "s").astype(object)
    return np.where(np.isnat(dates), None, texts)


def _as_days(dates, dtype):
    """Dates of which the cells were `datetime.date` as such."""
    return dates.astype("datetime64[D]").astype(object) if dtype == "date" else dates


def _times(x, dtype):
    seconds = np.clip(np.round(np.where(np.isnan(x), 0, x) * 3600), 0, _SECONDS_PER_DAY - 1).astype(np.int64)
    times = [datetime.time(s // 3600, s // 60 % 60, s % 60) for s in seconds.tolist()]
    values = np.empty(len(x), dtype=object)
    values[:] = times if dtype == "time" else [time.isoformat() for time in times]
    values[np.isnan(x)] = None
    return values
