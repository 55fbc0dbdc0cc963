"""What each column of a table is: a feature, the label, the name of the row, or nothing that a model can use."""

import dataclasses
from collections import Counter
from typing import Any

import numpy as np

from keras_vae.data.array_values import EXACT
from keras_vae.data.delimited import RawTable
from keras_vae.data.reading import Reading, is_column, is_switched_off, some_of, unknown_names
from keras_vae.data.table_cells import Cells, is_known_pair, is_uuid, look_at, yes_no
from keras_vae.data.table_header import LABEL_NAMES

# A text column with more different words than this, or fewer rows for each, is no set of classes.
_MAX_CLASSES, _ROWS_PER_CLASS = 50, 2
# Fewer rows can be in order, or all different, by chance.
_MIN_ROWS = 5
_INDEX_NAMES = ("", "index", "idx", "row", "rownames", "row_names", "no", "nr", "#", "level_0")


@dataclasses.dataclass
class Column:
    """One column and what became of it.

    Attributes:
        name: str. From the header, or the number of the column from 1.
        cells: `Cells`.
        role: `"feature"`, `"label"`, `"id"` or `"left out"`; "" while it is open.
        values: float64 array `(n,)` of a feature, NaN for holes.
        coding: dict from text to number of a feature that came as text, or None.
        remarks: list of `(key, one, many, option)`: a sort of treatment; the words for this column alone; the words for
            many such columns; the option that overrules it, with `NAME` for the name, or "".
        series: pandas Series of the cells as they came; its name is the position of the column.
        named_rows: bool. Whether it came first and without a name, and all cells differ.
    """

    name: str
    cells: Cells
    role: str = ""
    values: np.ndarray | None = None
    coding: dict[str, int] | None = None
    remarks: list[tuple[str, str, str, str]] = dataclasses.field(default_factory=list)
    series: Any = None
    named_rows: bool = False

    def tell(self, key: str, one: str, many: str = "", option: str = "") -> None:
        """Add a remark."""
        self.remarks.append((key, one, many or one, option))

    def leave_out(self, why: str, option: str = "") -> None:
        """Make it no feature."""
        self.role = "left out"
        self.tell(f"left out: {why}", f"left out: {why}", option=option)

    def different(self) -> list[str]:
        """The different texts, holes apart, in order of appearance."""
        return list(dict.fromkeys(text for text in self.cells.texts or () if text))


def columns_of(raw: RawTable) -> tuple[list[Column], list[str]]:
    """Columns of a table with their cells looked at, and what is wrong with their names.

    Args:
        raw: `RawTable`.

    Returns:
        (columns, problems): list of `Column` without a role; list of str.
    """
    width = raw.frame.shape[1]
    names = list(raw.names) if raw.names is not None else [str(number) for number in range(1, width + 1)]
    columns = [
        Column(name, look_at(series, raw.decimal), series=series)
        for name, (_, series) in zip(names, raw.frame.items(), strict=True)
    ]
    for number, column in enumerate(columns, 1):
        if not column.name or column.name.startswith("Unnamed: "):
            if column.cells.kind == "empty":
                column.leave_out("no name and every cell is empty")
            elif _counts_rows(column.cells):
                column.leave_out("the numbers of the rows", "--columns")
            elif number == 1 and _all_differ(column):
                # What programs write in front of the rows without a name is what they call the rows.
                column.named_rows = True
            column.name = column.name or f"column {number}"
    twice = [name for name, count in Counter(column.name for column in columns).items() if count > 1]
    problems = [f"every column must have a name of its own. Received twice or more: {some_of(twice)}"] if twice else []
    return columns, problems


def give_roles(columns: list[Column], reading: Reading) -> list[str]:
    """Give every column a role: first as the user says, then by its name and its cells.

    Args:
        columns: list of `Column`, which are changed.
        reading: `Reading`, of which `label`, `id`, `drop`, `columns`, `mixed` and `column_kinds` count. Features of
            mixed tables get their role only: what they are is for `TableColumns` to say.

    Returns:
        list of str: problems, such as names that do not exist.
    """
    names = [column.name for column in columns]
    kinds = [name for name, _ in reading.column_kinds]
    problems = [
        problem
        for option, wanted in (("drop", reading.drop), ("columns", reading.columns), ("column_kinds", kinds))
        for problem in unknown_names(option, wanted, names)
    ]
    for option in ("label", "id"):
        wanted = getattr(reading, option)
        if is_column(wanted):
            problems += unknown_names(option, [wanted], names)
            for column in columns:
                if column.name == wanted:
                    column.role, column.remarks = option, []
    for column in columns:
        if column.name in reading.drop:
            column.role, column.remarks = "", []
            column.leave_out("as asked", "--drop")
        elif column.name in reading.columns or (column.name in kinds and not reading.columns and not column.role):
            column.role, column.remarks = "feature", []
    if reading.label is None:
        problems += _find_label_by_name(columns, reading)
    if reading.id is None:
        _find_id(columns)
    _leave_out_indices(columns, reading)
    if reading.label is None and not any(column.role == "label" for column in columns):
        _find_label_by_cells(columns, reading)
    problems += _make_features(columns, reading)
    if reading.label is None and not any(column.role == "feature" for column in columns):
        _learn_a_lone_label(columns, reading)
    return problems


def _make_features(columns, reading):
    """Make what has no role yet a feature, or leave it out; what is wrong with columns that were asked for."""
    problems = []
    for column in columns:
        asked = column.name in reading.columns
        if not column.role and reading.columns:
            column.leave_out("not asked for", "--columns")
        column.role = column.role or "feature"
        if column.role == "feature" and not reading.as_mixed:
            _make_feature(column, asked)
            if column.role == "left out" and asked:
                problems.append(f"`columns` names {column.name!r}, which is no feature ({column.remarks[-1][1]})")
    return problems


def _find_label_by_name(columns, reading):
    found = [column for column in columns if not column.role and column.name.lower() in LABEL_NAMES]
    if any(column.name.lower() == "x" for column in columns):
        # Beside an x, a y is the other coordinate of a point.
        found = [column for column in found if column.name.lower() != "y"]
    if len(found) > 1:
        return [
            f"at most one column can hold the labels. Received: {some_of([c.name for c in found])}; "
            f'say which (`label`), or "none"'
        ]
    for column in found:
        _make_label(column, reading)
    return []


def _learn_a_lone_label(columns, reading):
    """A `y` or `target` of numbers beside which there is nothing to learn is no label: it is what there is to learn."""
    for column in columns:
        if column.role == "label" and column.name.lower() in ("y", "target") and column.cells.kind == "numbers":
            column.role = "feature"
            if not reading.as_mixed:
                _make_feature(column, asked=False)


def _make_label(column, reading):
    """Make a column that looks like the label the label; without a label in some rows it is of no use."""
    n_holes = int(column.cells.holes.sum())
    if n_holes and reading.impute != "drop":
        return column.leave_out(f"it looks like the label, which {n_holes} rows do not have", "--impute drop")
    column.role = "label"
    return None


def _find_id(columns):
    """Find the column that names the rows: one called id whose cells all differ, else the first of texts that do."""
    free = [column for column in columns if not column.role]
    named = [column for column in free if is_id_name(column.name)]
    texts = [column for column in free if column.cells.kind == "text"]
    nameless = [column for column in free if column.named_rows]
    exact = [column for column in named if column.name.lower() in ("id", "uuid", "guid") and _all_differ(column)]
    candidates = [*(exact or nameless or [column for column in named if _all_differ(column)])]
    candidates += [c for c in texts if all(map(is_uuid, c.different())) and _all_differ(c)]
    enough = bool(columns) and len(columns[0].cells.holes) >= _MIN_ROWS
    candidates += [c for c in texts if enough and _all_differ(c)]
    for column in candidates[:1]:
        column.role = "id"
        column.tell("id", "the name of the row, no feature", option="--id none")
    for column in (*named, *nameless):
        if not column.role:
            column.leave_out(
                "the names of the rows" if column.named_rows else "by its name it names things and measures nothing",
                "--id none",
            )


def is_id_name(name: str) -> bool:
    """Whether a column with this name holds names of things: `id`, `ID`, `customer_id`, `customerId`, `uuid`."""
    return name.lower() in ("id", "uuid", "guid") or name.lower().endswith(("_id", " id", "-id")) or name.endswith("Id")


def _leave_out_indices(columns, reading):
    """Leave out columns that count the rows, unless nothing else would be left."""
    if is_switched_off(reading.id):
        return
    free = [column for column in columns if not column.role]
    counting = [
        column
        for column in free
        if _counts_rows(column.cells) and (len(column.cells.holes) >= _MIN_ROWS or column.name.lower() in _INDEX_NAMES)
    ]
    possible = [c for c in columns if c.role in ("", "feature") and (c.cells.kind == "numbers" or reading.as_mixed)]
    if len(counting) < len(possible):
        for column in counting:
            column.leave_out("the numbers of the rows", "--id none")


def _find_label_by_cells(columns, reading):
    """The last column, or the only one of text, if it is text with few different words: then it is the label.

    Where words can be features, the only column of text is one, unless it comes last.
    """
    free = [column for column in columns if not column.role]
    texts = [c for c in free if c.cells.kind == "text" and not is_known_pair(c.different())]
    if not texts:
        return
    column = texts[-1]
    is_last = column is next((c for c in reversed(columns) if c.role != "left out"), None)
    n_rows, n_classes = int((~column.cells.holes).sum()), len(column.different())
    is_lone = len(texts) == 1 and not reading.as_mixed
    if (is_last or is_lone) and 2 <= n_classes <= min(_MAX_CLASSES, n_rows / _ROWS_PER_CLASS):
        _make_label(column, reading)


def _make_feature(column, asked):
    """The numbers of a feature; a column that gives none is left out."""
    cells = column.cells
    if cells.kind == "dates":
        return column.leave_out("dates or times")
    if cells.kind == "nested":
        return column.leave_out("lists in its cells")
    if cells.kind == "empty":
        return column.leave_out("every cell is empty")
    if cells.kind == "text":
        different = column.different()
        column.coding = yes_no(different)
        if column.coding is None:
            why = "one word in every row" if len(different) == 1 else "text"
            return column.leave_out(why, "--label NAME" if why == "text" else "")
        code(column)
    else:
        column.values = cells.values
    if 2 * np.count_nonzero(cells.holes) > len(cells.holes) and not asked:
        column.values = None
        return column.leave_out("more than half of its cells are empty", "--columns")
    describe_numbers(column)
    return None


def code(column: Column) -> None:
    """Set the values of a text column by its `coding`."""
    column.values = np.array([column.coding.get(text, np.nan) for text in column.cells.texts], dtype=np.float64)
    pairs = sorted(column.coding.items(), key=lambda pair: -pair[1])
    words = ", ".join(f"`{text}` is {value}" for text, value in pairs[:4])
    column.tell("coded", words, "two words, read as 1 and 0", "--drop NAME")


def describe_numbers(column: Column) -> None:
    """Add remarks about the values of a feature."""
    cells, values = column.cells, column.values
    if column.coding is None and cells.spelling:
        column.tell(
            f"spelled: {cells.spelling}",
            f"numbers ({cells.spelling}, as in {cells.example!r})",
            f"numbers ({cells.spelling})",
            "--drop NAME",
        )
    elif column.coding is None:
        column.tell("numbers", "numbers", option="--drop NAME")
    held = values[~cells.holes]
    if len(held) and len(values) > 1 and held.min() == held.max():
        column.tell(
            "constant", f"the same value in every row, {held[0]:.6g}", "the same value in every row", "--drop NAME"
        )
    if len(held) and np.abs(held).max() > EXACT and np.array_equal(held, np.round(held)):
        column.tell("large", f"whole numbers beyond {EXACT:,}: float32 keeps their first 7 digits")


def _all_differ(column):
    # The series, as float64 has no place for all digits of a long number.
    return column.cells.kind != "nested" and not column.cells.holes.any() and column.series.is_unique


def _counts_rows(cells):
    """Whether the cells are 0, 1, 2 ... or 1, 2, 3 ... in this order."""
    if cells.kind != "numbers" or cells.texts is not None or not len(cells.values):
        return False
    start = cells.values[0]
    return start in (0, 1) and np.array_equal(cells.values, np.arange(len(cells.values)) + start)
