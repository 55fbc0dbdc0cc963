"""`TableColumns`: what the columns of a table are, learned once; any later table becomes numbers by it, and back."""

import dataclasses
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from keras_vae._reading import check_column_kinds
from keras_vae.data.column_cells import ColumnCells, cells_of
from keras_vae.data.column_kinds import Judged, judge
from keras_vae.data.column_report import lines_of
from keras_vae.data.column_values import decode_column
from keras_vae.data.reading import ReadAs, nearest, raise_problems, some_of, unknown_names
from keras_vae.data.table_column import TableColumn, encode_column
from keras_vae.data.table_container import Parts, apart, together

_PROBLEMS_NAMED = 10


@dataclasses.dataclass(frozen=True)
class TableColumns:
    """The columns of one table, learned once, by which every later table is read.

    `encode` makes float32 numbers of a table: words become codes, dates days, times hours, and NaN is a hole. `decode`
    makes a table of numbers. A category has one class more than it has words: the last is for words that were rare
    when it was learned, and for words that it has never seen.

    Attributes:
        columns: tuple of `TableColumn`, in the order of the columns of `encode`.
        left_out: dict from the name of a column that is no feature to the reason.
        report: tuple of `ReadAs`. What was made of every column, and how it is overruled.
        names: tuple of str. All columns of the table, those that were left out included.
        has_names: bool. Whether the names came with the table; without them columns are matched by position.
        container: str. What the table was: "pandas", "polars", "dict" or "array".

    Example:
        >>> from keras_vae.data.columns import TableColumns
        >>> table = {"size": [1.5, 2.5, 3.0, 1.0], "city": ["Rome", "Paris", "Rome", "Paris"]}
        >>> columns = TableColumns.learn(table, column_kinds={"city": "category"})
        >>> columns.encode({"city": ["Rome", None], "size": [2.0, 4.0]})
        array([[ 2.,  1.],
               [ 4., nan]], dtype=float32)
        >>> columns.likelihood_columns()
        ['real', 3]
    """

    columns: tuple[TableColumn, ...]
    left_out: dict[str, str]
    report: tuple[ReadAs, ...] = dataclasses.field(repr=False)
    names: tuple[str, ...] = dataclasses.field(repr=False)
    has_names: bool = True
    container: str = "pandas"

    @classmethod
    def learn(
        cls,
        table: Any,
        names: Iterable[str] | None = None,
        column_kinds: Mapping[str, str] | None = None,
        drop: Iterable[str] = (),
    ) -> "TableColumns":
        """Learn what the columns of a table are.

        Args:
            table: pandas or polars DataFrame, array `(n, columns)`, list of rows, or dict of columns.
            names: str. Names for the columns of an array; `x0`, `x1`, ... without.
            column_kinds: dict from names to "real", "count", "binary" or "category", which overrules the guess.
            drop: str. Names of columns that are left out.

        Returns:
            `TableColumns`.

        Raises:
            ValueError: if it is no table, a cell is infinite or text among numbers, a column cannot be what
                `column_kinds` says, a name is unknown, or no column is left.

        Warns:
            UserWarning: if columns are left out that `drop` does not name: empty ones, lists, words that name things.
        """
        parts, drop = apart(table, None if names is None else list(names)), tuple(drop)
        raise_problems("the table", unknown_names("drop", drop, parts.names))
        cells = {n: cells_of(column) for n, column in zip(parts.names, parts.columns, strict=True) if n not in drop}
        columns, problems = cls.learned(parts, cells, column_kinds or {}, drop)
        if not problems:
            _, wrong, _ = columns.encode_cells(cells)
            problems = [f"column `{name}` {text}" for name, text in wrong]
        raise_problems("the table", problems)
        left_out = {name: why for name, why in columns.left_out.items() if name in cells}
        if left_out:
            has_words = any(cells[name].kind == "words" for name in left_out)
            hint = ", or say that words are a category (`column_kinds`)" if has_words else ""
            told = [f"`{name}`: {why}" for name, why in list(left_out.items())[:_PROBLEMS_NAMED]]
            told += [f"and {len(left_out) - len(told)} more"] if len(left_out) > len(told) else []
            warnings.warn(f"columns left out ({'; '.join(told)}); drop them from the table{hint}", stacklevel=2)
        return columns

    @classmethod
    def learned(
        cls,
        parts: Parts,
        cells: Mapping[str, ColumnCells],
        column_kinds: Mapping[str, str],
        drop: tuple[str, ...] = (),
        rows: np.ndarray | None = None,
    ) -> tuple["TableColumns | None", list[str]]:
        """Like `learn`, of columns whose cells have been looked at.

        Args:
            parts: `Parts`, of which the names count.
            cells: `ColumnCells` by name, of the columns to learn from.
            column_kinds, drop: as in `learn`.
            rows: int array, rows to learn from; None for all.

        Returns:
            (columns, problems): `TableColumns`, None if there are problems; list of str.
        """
        kinds = check_column_kinds("column_kinds", column_kinds)
        problems = unknown_names("column_kinds", kinds, [*cells, *drop])
        judged = {n: judge(n, c if rows is None else c.take(rows), kinds.get(n)) for n, c in cells.items()}
        problems += [f"column `{n}` {found.problem} (`column_kinds`)" for n, found in judged.items() if found.problem]
        judged |= {name: Judged(None, "as asked") for name in drop}
        judged = {name: judged[name] for name in parts.names if name in judged}
        left_out = {name: found.words for name, found in judged.items() if found.column is None}
        if not problems and len(left_out) == len(judged):
            why = "; ".join(f"`{name}`: {reason}" for name, reason in list(left_out.items())[:_PROBLEMS_NAMED])
            problems = [f"no column is left to learn from{f' ({why})' if why else ''}"]
        if problems:
            return None, problems[:_PROBLEMS_NAMED]
        chosen = tuple(found.column for found in judged.values() if found.column is not None)
        report = tuple(lines_of(judged, cells))
        return cls(chosen, left_out, report, tuple(parts.names), parts.has_names, parts.container), []

    @classmethod
    def of_numbers(cls, names: Iterable[str] | int) -> "TableColumns":
        """Columns of real numbers, with nothing to learn.

        Args:
            names: str, or the number of columns, which are then `x0`, `x1`, ...
        """
        has_names = not isinstance(names, int)
        names = tuple(names) if has_names else tuple(f"x{j}" for j in range(names))
        columns = tuple(TableColumn(name, "real") for name in names)
        return cls(columns, {}, (), names, has_names, "pandas" if has_names else "array")

    def encode(self, table: Any) -> np.ndarray:
        """A table as numbers.

        Args:
            table: as `learn` takes it. Columns are matched by name where both tables have names, else by position: all
                columns, or the features alone.

        Returns:
            float32 array `(n, n_columns)`. NaN for holes, and with a warning for what a binary column does not know and
            for what is no count. A word that a category does not know is its last class, with a warning.

        Raises:
            ValueError: if a column is missing or of another type, or a cell is infinite.
        """
        parts = apart(table)
        x = self._of_plain_numbers(parts, table)
        if x is not None:
            return x
        columns, problems, told = self.matched(parts)
        raise_problems("the table", problems)
        x, problems, more = self.encode_cells({name: cells_of(column) for name, column in columns.items()})
        raise_problems("the table", [f"column `{name}` {text}" for name, text in problems])
        told = [*told, *(f"column `{name}`: {text}" for name, text in more)]
        if told:
            warnings.warn("; ".join(told), stacklevel=2)
        return x

    def _of_plain_numbers(self, parts, table):
        """An array of real numbers at once, without a look at each column; None for anything else."""
        if parts.dtype is None or not self.are_plain or len(parts.columns) != len(self.columns):
            return None
        with np.errstate(over="ignore"):
            x = np.array(table, dtype=np.float32)
        return None if np.isinf(x).any() else x

    def matched(self, parts: Parts) -> tuple[dict[str, Any], list[str], list[str]]:
        """Columns of another table by the names of these.

        Returns:
            (columns, problems, told): dict from names to what `parts` holds; list of str, what is wrong; list of str,
                what there is to say about columns that are ignored.
        """
        wanted = [column.name for column in self.columns]
        if not (self.has_names and parts.has_names):
            for names in (self.names, wanted):
                if len(names) == len(parts.columns):
                    held = dict(zip(names, parts.columns, strict=True))
                    return {name: held[name] for name in wanted}, [], []
            n = f"{len(wanted)}" if len(wanted) == len(self.names) else f"{len(self.names)} or {len(wanted)}"
            return {}, [f"a table without names must have {n} columns. Received: {len(parts.columns)}"], []
        held = dict(zip(parts.names, parts.columns, strict=True))
        missing = [name for name in wanted if name not in held]
        if missing:
            hint = "".join(nearest(name, held) for name in missing[:3])
            return {}, [f"it lacks columns: {some_of(missing)}{hint}. Received: {some_of(list(held))}"], []
        more = [name for name in held if name not in self.names]
        return {name: held[name] for name in wanted}, [], [f"ignored, as they are new: {some_of(more)}"] if more else []

    def encode_cells(
        self, cells: Mapping[str, ColumnCells], place: Any = None
    ) -> tuple[np.ndarray, list[tuple[str, str]], list[tuple[str, str]]]:
        """Cells of the columns as numbers.

        Args:
            cells: `ColumnCells` by name, for every one of `columns`.
            place: function from the number of a row, from 0, to words such as "line 5"; None for "row 3 (from 0)".

        Returns:
            (x, problems, told): float32 array `(n, n_columns)`; lists of (name of the column, text).
        """
        x = np.full((next(iter(cells.values())).n_rows, len(self.columns)), np.nan, dtype=np.float32)
        problems, told = [], []
        for j, column in enumerate(self.columns):
            encoded = encode_column(column, cells[column.name])
            if encoded.problem:
                problems.append((column.name, encoded.problem + _place(encoded, place)))
                continue
            x[:, j] = encoded.x
            told += [(column.name, encoded.told)] if encoded.told else []
        return x, problems[:_PROBLEMS_NAMED], told

    def decode(self, x: np.ndarray, like: Any = None) -> Any:
        """A table of numbers: the inverse of `encode`.

        Args:
            x: Array `(n, n_columns)`. Codes of categories, 0 and 1 (or probabilities) of binary columns, else numbers.
            like: a table whose kind of container the result shall have, or "pandas", "polars", "dict" or "array"; None
                for that of the table that was learned. A pandas frame of as many rows gives its index.

        Returns:
            The table: words, dates, whole numbers and truth values as they came, NaN as a hole. Numbers have the
            precision of float32.

        Raises:
            ValueError: if `x` has another shape, a code is none of the category, or `like` is no table.
        """
        x = np.asarray(x)
        if x.ndim != 2 or x.shape[1] != len(self.columns):
            raise ValueError(f"`x` must have shape (n, {len(self.columns)}). Received: shape {x.shape}")
        values = [decode_column(column, x[:, j]) for j, column in enumerate(self.columns)]
        dtypes = [column.dtype for column in self.columns]
        return together(values, dtypes, [c.name for c in self.columns], self.container if like is None else like)

    @property
    def are_plain(self) -> bool:
        """Whether every column is of real numbers that came as numbers."""
        return all(column.kind == "real" and column.unit is None for column in self.columns)

    @property
    def kinds(self) -> list[str]:
        """Kind of each column: "real", "count", "binary" or "category"."""
        return [column.kind for column in self.columns]

    @property
    def n_classes(self) -> list[int]:
        """Number of classes of each column, the one for other words included; 2 of binary columns, 0 of numbers."""
        return [column.n_classes for column in self.columns]

    def likelihood_columns(self) -> list[str | int]:
        """Of each column "real", "binary" or "count", or the number of classes of a category."""
        return [column.n_classes if column.kind == "category" else column.kind for column in self.columns]

    def to_json(self) -> dict[str, Any]:
        """A dict that JSON can hold."""
        return {
            "left_out": dict(self.left_out),
            "has_names": self.has_names,
            "container": self.container,
            "columns": [column.to_json() for column in self.columns],
            "report": [list(line) for line in self.report],
            "names": list(self.names),
        }

    @classmethod
    def of_json(cls, held: dict[str, Any]) -> "TableColumns":
        """The inverse of `to_json`.

        Raises:
            ValueError: if it is another dict.
        """
        fields = {field.name for field in dataclasses.fields(cls)}
        if not isinstance(held, dict) or set(held) != fields:
            raise ValueError(
                f"`held` must be what `to_json` gives, with {', '.join(sorted(fields))}. Received: {held!r}"
            )
        columns = tuple(TableColumn.of_json(column) for column in held["columns"])
        report = tuple(ReadAs(*line) for line in held["report"])
        return cls(**{**held, "columns": columns, "report": report, "names": tuple(held["names"])})


def _place(encoded, place=None):
    """Where a cell is wrong: " in line 5"."""
    if encoded.row < 0:
        return ""
    return f" in {place(encoded.row) if place else f'row {encoded.row} (from 0)'}{encoded.hint}"
