"""`TableColumn`, what one column of a table is, and its cells as numbers: codes of words, days, hours, counts."""

import math
from typing import Any, NamedTuple

import numpy as np

from keras_vae.data.column_cells import DAY_FIRST, ColumnCells, days_of_words, is_text, number_text, numpy_dtype
from keras_vae.data.reading import some_of

DAYS, HOURS, SPAN = "days since 1970-01-01", "hours", "days"
_WORDS_SHOWN = 5


class TableColumn(NamedTuple):
    """What one column of a table is.

    Attributes:
        name: str.
        kind: `"real"`, `"count"`, `"binary"` or `"category"`.
        words: tuple of str or None. The known words of a category in the order of their codes; of a binary column that
            came as words the word of 0 and the word of 1.
        values: (float, float) or None. The numbers of 0 and of 1 of a binary column that came as other numbers.
        unit: str or None. What the numbers of dates count, such as "days since 1970-01-01"; "hours" for times of day,
            "days" for time spans.
        whole: bool. Whether all numbers were whole when the column was learned.
        dtype: str. What the cells came as, by which they are given back.
    """

    name: str
    kind: str
    words: tuple[str, ...] | None = None
    values: tuple[float, float] | None = None
    unit: str | None = None
    whole: bool = False
    dtype: str = "float64"

    @property
    def n_classes(self) -> int:
        """Number of classes: the words and one more for "other", 2 of a binary column, 0 of numbers."""
        return {"binary": 2, "category": len(self.words or ()) + 1}.get(self.kind, 0)

    @property
    def other(self) -> str:
        """The word that stands for all others: "other", or a longer one where that is a word of the column."""
        word = "other"
        while word in (self.words or ()):
            word = f"any {word}"
        return word

    def to_json(self) -> dict[str, Any]:
        """A dict that JSON can hold."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in self._asdict().items()}

    @classmethod
    def of_json(cls, held: dict[str, Any]) -> "TableColumn":
        """The inverse of `to_json`."""
        return cls(**{name: tuple(v) if isinstance(v, list) else v for name, v in held.items()})


class Encoded(NamedTuple):
    """Cells of a column as numbers.

    Attributes:
        x: float64 array `(n,)`, NaN for holes.
        told: str. What was made of cells that the column did not have before, or "".
        problem: str. What is wrong, or "".
        row: int. The first row that is wrong, or -1.
        hint: str. What stands behind the place of that row in a message, or "".
    """

    x: np.ndarray | None
    told: str = ""
    problem: str = ""
    row: int = -1
    hint: str = ""


def encode_column(column: TableColumn, cells: ColumnCells) -> Encoded:
    """Cells of a column as numbers.

    Args:
        column: `TableColumn`.
        cells: `ColumnCells` of the column in any table.

    Returns:
        `Encoded`. A word that a category does not know is its last class; what a binary column does not know, and what
            is no count, is a hole.
    """
    if cells.kind == "empty":
        return Encoded(np.full(cells.n_rows, np.nan))
    if cells.kind == "nested":
        return Encoded(None, problem="must hold one value in a cell. Received: lists, bytes or other objects")
    if column.kind == "category":
        return _encode_category(column, cells)
    if cells.codes is not None and numpy_dtype(column.dtype).kind == "b" and column.kind == "binary":
        column = column._replace(words=("False", "True"))
    if column.words is not None:
        return _encode_words(column, cells)
    return _encode_numbers(column, cells)


def _encode_category(column, cells):
    codes, words = cells.as_words()
    if not is_text(column.dtype):
        words = [_as_number_text(word) for word in words]
    number = {word: code for code, word in enumerate(column.words)}
    of_words = np.array([*(number.get(word, len(number)) for word in words), np.nan], dtype=np.float64)
    seen = np.unique(codes[codes >= 0])
    new = [words[code] for code in seen if words[code] not in number]
    told = ""
    if new:
        n, are = (
            int((of_words[codes] == len(number)).sum()),
            "is no known word" if len(new) == 1 else "are no known words",
        )
        told = f"{_named(new)} {are}: read as {column.other!r} in {n} row{'s' if n > 1 else ''}"
    return Encoded(of_words[codes], told)


def _as_number_text(word):
    try:
        return number_text(float(word))
    except (ValueError, OverflowError):
        return word


def _encode_words(column, cells):
    """Two words as 0 and 1, whatever the case of their letters where that leaves no doubt."""
    codes, words = cells.as_words()
    number = {word.casefold(): code for code, word in enumerate(column.words)}
    if len(number) < len(column.words):
        number = {}
    number = {word: number.get(word.casefold()) for word in words} | dict(zip(column.words, (0, 1), strict=True))
    of_words = np.array([*(number[word] for word in words), np.nan], dtype=np.float64)
    return Encoded(of_words[codes], _no_outcome(codes, words, [word for word in words if number[word] is None], column))


def _no_outcome(codes, words, new, column):
    """What is told of values that are neither of the two outcomes."""
    seen = {words[code] for code in np.unique(codes[codes >= 0])}
    new = [word for word in new if word in seen]
    first, second = column.words or tuple(map(number_text, column.values or (0.0, 1.0)))
    return f"{_named(new)} is neither {first} nor {second}: read as empty" if new else ""


def _encode_numbers(column, cells):
    problem = _problem_of_type(column, cells)
    if problem:
        return problem
    numbers = _in_the_known_order(column, cells).numbers - origin_of(column.unit)
    with np.errstate(over="ignore"):
        infinite = np.isinf(numbers.astype(np.float32))
    if infinite.any():
        row = int(np.flatnonzero(infinite)[0])
        return Encoded(None, problem=f"must hold finite float32 numbers. Received: {numbers[row]:.6g}", row=row)
    if column.kind == "binary":
        zero, one = column.values or (0.0, 1.0)
        x = np.where(numbers == one, 1.0, np.where(numbers == zero, 0.0, np.nan))
        new = [number_text(value) for value in np.unique(numbers[np.isnan(x) & ~np.isnan(numbers)])]
        return Encoded(x, _no_outcome(np.arange(len(new)), new, new, column))
    if column.kind == "count":
        wrong = (numbers < 0) | (numbers != np.round(numbers)) & ~np.isnan(numbers)
        if wrong.any():
            new = [number_text(value) for value in np.unique(numbers[wrong])]
            verb = "is no count" if len(new) == 1 else "are no counts"
            return Encoded(np.where(wrong, np.nan, numbers), f"{_named(new)} {verb}: read as empty")
    return Encoded(numbers)


def _problem_of_type(column, cells):
    """What is wrong with cells of another type than the column had, `Encoded`; None if nothing is."""
    kind, what = _type_of(column)
    if cells.kind == kind or (kind == "numbers" and cells.kind == "bool"):
        return None
    is_wrong, hint = ~cells.holes, ""
    if cells.kind == "mixed" and kind == "numbers":
        is_wrong &= np.isnan(cells.numbers)
        hint = f" ({int(is_wrong.sum())} of {cells.n_rows} rows are no numbers); empty the cell, or drop the column"
    row = int(np.flatnonzero(is_wrong)[0])
    received = cells.kind if cells.codes is None else repr(cells.words[cells.codes[row]])
    return Encoded(None, problem=f"must hold {what}. Received: {received}", row=row, hint=hint)


def _type_of(column):
    """The kind of cells that a column of numbers must have, and its name in a message."""
    if column.unit is None:
        return "numbers", "numbers"
    return {HOURS: ("times", "times of day"), SPAN: ("spans", "time spans")}.get(column.unit, ("dates", "dates"))


def _in_the_known_order(column, cells):
    """Text dates with day and month in the order of the first table: a later one may leave both orders possible."""
    day_first = column.dtype == DAY_FIRST
    if cells.kind != "dates" or cells.codes is None or (cells.dtype == DAY_FIRST) == day_first:
        return cells
    days = days_of_words(list(cells.words), day_first)
    return cells if days is None else cells._replace(numbers=np.append(days, np.nan)[cells.codes])


def origin_of(unit: str | None) -> float:
    """Days between 1970-01-01 and the day from which the dates of a column are counted."""
    if unit is None or not unit.startswith("days since "):
        return 0.0
    return float(np.datetime64(unit.removeprefix("days since "), "D").astype(np.int64))


def unit_of_days(first: float) -> str:
    """The unit of dates that are counted from the day of `first`, days since 1970-01-01."""
    return f"days since {np.datetime64(math.floor(first), 'D')}"


def _named(words):
    return some_of([repr(word) for word in words], _WORDS_SHOWN)
