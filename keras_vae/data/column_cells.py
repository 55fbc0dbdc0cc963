"""Cells of one column of a table in memory (pandas, polars, NumPy, lists) as numbers or as numbered words."""

import re
from typing import Any, NamedTuple

import numpy as np

from keras_vae.data.table_cells import HOLES, is_date, is_time, numbers_of

# A column with this share of numbers is meant to be one of numbers: what else it holds is a mistake.
_MIN_SHARE = 0.9
_DAY = 86_400_000_000
_DAY_FIRST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})[-/.]\d{2,4}.*")
_NUMBERS = ("integer", "floating", "mixed-integer-float", "decimal")
# What `dtype` says of text that spells dates whose day comes first.
DAY_FIRST = "str, day first"


def is_text(dtype: str) -> bool:
    """Whether cells of this `ColumnCells.dtype` came as words, and not as numbers, dates or truth values."""
    return dtype in ("str", "object", "category", DAY_FIRST) or dtype.startswith(("string", "large_string"))


def numpy_dtype(dtype: str) -> np.dtype:
    """The dtype of NumPy for numbers that came as `dtype`: float64 for those that came as anything else."""
    name = dtype.removeprefix("category[").removeprefix("object ").split("[")[0].removesuffix("]").lower()
    try:
        found = np.dtype("bool" if name == "boolean" else name)
    except (TypeError, ValueError):
        return np.dtype("float64")
    return found if found.kind in "iufb" else np.dtype("float64")


class ColumnCells(NamedTuple):
    """The cells of one column.

    Attributes:
        kind: `"numbers"`, `"bool"`, `"words"`, `"dates"` (days since 1970-01-01, UTC), `"times"` (hours since
            midnight), `"spans"` (days), `"empty"`, `"nested"` (lists, bytes) or `"mixed"` (numbers, text in a few).
        numbers: float64 array `(n,)`, NaN for holes; None for words.
        codes: int array `(n,)`, number of the word in each row, -1 for a hole; None for what did not come as text.
        words: list of str. The different texts as they are written, without blanks around them.
        dtype: str. What the cells came as: a dtype of NumPy or pandas, `"date"`, `"time"`, `"str"`.
        ordered: bool. Whether the order of the words was given with the column.
        spelling: str. What was taken off numbers that came as text, such as "%", or "".
        row: int. Of mixed cells the first row that holds no number.
    """

    kind: str
    numbers: np.ndarray | None
    codes: np.ndarray | None = None
    words: list[str] | tuple = ()
    dtype: str = "float64"
    ordered: bool = False
    spelling: str = ""
    row: int = -1

    @property
    def n_rows(self) -> int:
        """Number of cells."""
        return len(self.codes) if self.numbers is None else len(self.numbers)

    @property
    def holes(self) -> np.ndarray:
        """Bool array `(n,)`: where there is nothing. What is no number among numbers is no hole."""
        return np.isnan(self.numbers) if self.codes is None else self.codes < 0

    def take(self, rows: np.ndarray) -> "ColumnCells":
        """The cells of these rows."""
        numbers, codes = (None if values is None else values[rows] for values in (self.numbers, self.codes))
        cells = self._replace(numbers=numbers, codes=codes)
        return cells._replace(kind="empty") if self.kind != "nested" and cells.holes.all() else cells

    def as_words(self) -> tuple[np.ndarray, list[str]]:
        """(codes, words), whatever the cells are: numbers as `number_text` writes them."""
        if self.codes is not None:
            return self.codes, list(self.words)
        holes = np.isnan(self.numbers)
        different, codes = np.unique(self.numbers[~holes], return_inverse=True)
        everywhere = np.full(len(holes), -1, dtype=np.int64)
        everywhere[~holes] = codes
        names = ["False", "True"] if self.kind == "bool" else None
        return everywhere, [names[int(v)] if names else number_text(v) for v in different.tolist()]


def number_text(value: float) -> str:
    """A number as the word of a category: "3" for 3.0, "0.5"."""
    return str(int(value)) if value == int(value) else repr(float(value))


def cells_of(column: Any, decimal: str = ".") -> ColumnCells:
    """Look at a column.

    Args:
        column: pandas or polars Series, or array `(n,)`.
        decimal: "." or ",". The decimal point of numbers that came as text; cells can say otherwise where it is ".".

    Returns:
        `ColumnCells`.
    """
    import pandas

    if type(column).__module__.split(".")[0] == "polars":
        return _of_polars(column, decimal)
    if isinstance(column, np.ndarray):
        if column.dtype.kind in "iuf":
            return _numbers(column, str(column.dtype))
        column = pandas.Series(column)
    dtype = column.dtype
    if isinstance(dtype, pandas.CategoricalDtype):
        return _of_categories(column)
    kind = getattr(dtype, "kind", "O")
    if kind in "mM" and isinstance(dtype, pandas.ArrowDtype):
        return _of_objects(column.astype(object), decimal)
    if kind in "iufb":
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return _numbers(values, str(dtype), "bool" if kind == "b" else "numbers")
    if kind == "M":
        return _numbers(_days(column), str(dtype), "dates")
    if kind == "m":
        return _numbers(_spans(column), str(dtype), "spans")
    return _of_objects(column, decimal)


def _numbers(values, dtype, kind="numbers"):
    values = np.asarray(values, dtype=np.float64)
    return ColumnCells("empty" if np.isnan(values).all() else kind, values, dtype=dtype)


def _of_categories(column):
    import pandas

    categories = column.cat.categories
    codes = column.cat.codes.to_numpy().astype(np.int64)
    if categories.dtype.kind in "iuf":
        words, dtype = [number_text(value) for value in categories.tolist()], f"category[{categories.dtype}]"
    elif pandas.api.types.infer_dtype(categories) in ("string", "empty", "boolean"):
        words, dtype = [str(word) for word in categories], "category"
    else:
        return cells_of(column.astype(categories.dtype))
    return ColumnCells("empty" if (codes < 0).all() else "words", None, codes, words, dtype, ordered=True)


def _of_objects(column, decimal):
    """Cells that have no dtype of their own: Python objects or text."""
    import pandas

    inferred = pandas.api.types.infer_dtype(column, skipna=True)
    if inferred == "boolean":
        return _numbers(column.astype("boolean").to_numpy(np.float64, na_value=np.nan), "object bool", "bool")
    if inferred in _NUMBERS:
        return _numbers(pandas.to_numeric(column.astype(object).where(column.notna(), None)), "object number")
    if inferred in ("date", "datetime", "datetime64"):
        dates = pandas.to_datetime(column, utc=True)
        return _numbers(_days(dates), "date" if inferred == "date" else "datetime64[us]", "dates")
    if inferred in ("timedelta", "timedelta64"):
        return _numbers(_spans(pandas.to_timedelta(column)), "timedelta64[us]", "spans")
    if inferred == "time":
        hours = [np.nan if cell is None or cell != cell else _hours_of(str(cell)) for cell in column]
        return _numbers(hours, "time", "times")
    if inferred == "empty":
        return ColumnCells("empty", np.full(len(column), np.nan), dtype=str(column.dtype))
    present = column[column.notna()]
    if inferred != "string":
        if any(isinstance(cell, (list, dict, tuple, set, bytes, complex, np.ndarray)) for cell in present):
            return ColumnCells("nested", np.zeros(len(column)), dtype="object")
        present = present.map(str)
    codes = np.full(len(column), -1, dtype=np.int64)
    found, words = pandas.factorize(present.astype(object))
    codes[column.notna().to_numpy()] = found
    return cells_of_words(codes, [str(word) for word in words], str(column.dtype), decimal)


def _of_polars(column, decimal):
    import polars

    dtype = column.dtype
    if dtype == polars.Boolean:
        return _numbers(column.cast(polars.Float64).to_numpy(), "boolean", "bool")
    if dtype.is_numeric():
        name = "Float64" if dtype == polars.Decimal else str(dtype)
        return _numbers(column.cast(polars.Float64).to_numpy(), name)
    if dtype == polars.Date:
        return _numbers(column.cast(polars.Float64).to_numpy(), "date", "dates")
    if dtype == polars.Datetime:
        zone = f", {dtype.time_zone}" if dtype.time_zone else ""
        micros = column.cast(polars.Datetime("us", dtype.time_zone)).cast(polars.Int64)
        return _numbers(micros.cast(polars.Float64).to_numpy() / _DAY, f"datetime64[{dtype.time_unit}{zone}]", "dates")
    if dtype == polars.Time:
        return _numbers(column.cast(polars.Int64).cast(polars.Float64).to_numpy() / 3.6e12, "time", "times")
    if dtype == polars.Duration:
        micros = column.cast(polars.Duration("us")).cast(polars.Int64).cast(polars.Float64).to_numpy()
        return _numbers(micros / _DAY, f"timedelta64[{dtype.time_unit}]", "spans")
    if dtype in (polars.Categorical, polars.Enum):
        words = dtype.categories.to_list() if dtype == polars.Enum else None
        return _of_categories(_pandas_categories(column.cast(polars.String).to_list(), words))
    if dtype in (polars.String, polars.Null):
        # Polars ranks words much faster than pandas numbers Python objects.
        codes = column.cast(polars.String).rank("dense").cast(polars.Int64).fill_null(0).to_numpy() - 1
        return cells_of_words(codes, column.cast(polars.String).drop_nulls().unique().sort().to_list(), "str", decimal)
    return ColumnCells("nested", np.zeros(len(column)), dtype="object")


def _pandas_categories(cells, words):
    import pandas

    return pandas.Series(pandas.Categorical(cells, categories=words))


def cells_of_words(codes: np.ndarray, words: list[str], dtype: str = "str", decimal: str = ".") -> ColumnCells:
    """Cells that came as text: words, or the numbers, dates or times that all of them spell.

    Args:
        codes: int array `(n,)`. Number of the word in each row, -1 for a hole.
        words: list of str. The different words, some of which may be spellings of a hole, such as "NA".
        dtype: str. What they came as.
        decimal: "." or ",", the decimal point.
    """
    codes, words = _without_holes(codes, words)
    held = {"codes": codes, "words": words, "dtype": dtype}
    if not words:
        return ColumnCells("empty", np.full(len(codes), np.nan), dtype=dtype)
    numbers, spelling, _ = numbers_of(words, decimal)
    values = _spread([numbers.get(word, np.nan) for word in words], codes)
    if len(numbers) == len(words):
        # A text such as "nan" in other letters is a number that is none.
        held["codes"] = np.where(np.isnan(values), -1, codes)
        return ColumnCells("numbers", values, **held, spelling=spelling)
    if all(map(is_time, words)):
        return ColumnCells("times", _spread([_hours_of(word) for word in words], codes), **held)
    if all(map(is_date, words)):
        day_first = is_day_first(words)
        days = days_of_words(words, day_first)
        if days is not None:
            held["dtype"] = DAY_FIRST if day_first else dtype
            return ColumnCells("dates", _spread(days, codes), **held)
    is_number = np.array([word in numbers for word in words])[codes] & (codes >= 0)
    if is_number.sum() >= _MIN_SHARE * (codes >= 0).sum():
        row = int(np.flatnonzero(~is_number & (codes >= 0))[0])
        return ColumnCells("mixed", values, **held, spelling=spelling, row=row)
    return ColumnCells("words", None, **held)


def _without_holes(codes, words):
    """Words without blanks around them, each once, and without the spellings of a hole; their codes anew."""
    known_holes, numbers, new = set(HOLES), {}, []
    for word in words:
        bare = word.strip()
        new.append(-1 if bare in known_holes else numbers.setdefault(bare, len(numbers)))
    return _spread(new, codes, hole=-1, dtype=np.int64), list(numbers)


def _spread(values, codes, hole=np.nan, dtype=np.float64):
    """The value of each row, from the values of the words."""
    return np.append(np.asarray(values, dtype=dtype), np.asarray(hole, dtype=dtype))[codes]


def is_day_first(words: list[str]) -> bool:
    """Whether dates are written 31.1.2024 or 31/1/2024; where both readings are possible, dots say so."""
    matches = [match for match in map(_DAY_FIRST.fullmatch, words) if match]
    if any(int(match[3]) > 12 for match in matches):
        return False
    return any(int(match[1]) > 12 or match[2] == "." for match in matches)


def days_of_words(words: list[str], day_first: bool) -> np.ndarray | None:
    """Days since 1970-01-01 (UTC) of texts that spell dates, float64; None if one is no date, such as 31.2.2024."""
    import pandas

    try:
        return _days(pandas.Series(pandas.to_datetime(words, format="mixed", dayfirst=day_first, utc=True)))
    except (ValueError, OverflowError):
        return None


def _days(column):
    if getattr(column.dt, "tz", None) is not None:
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    return _in_days(column.to_numpy(dtype="datetime64[us]"))


def _spans(column):
    return _in_days(column.to_numpy(dtype="timedelta64[us]"))


def _in_days(values):
    micros = values.astype(np.int64).astype(np.float64)
    return np.where(np.isnat(values), np.nan, micros / _DAY)


def _hours_of(text):
    """Hours since midnight of "14:05" or "14:05:30.5"."""
    hours, minutes, *seconds = text.split(":")
    return int(hours) + int(minutes) / 60 + (float(seconds[0]) / 3600 if seconds else 0.0)
