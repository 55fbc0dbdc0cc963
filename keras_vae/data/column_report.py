"""Lines of the report about columns of mixed tables: one a column, or one for all of a kind where there are many."""

from collections.abc import Mapping

from keras_vae.data.column_cells import ColumnCells
from keras_vae.data.column_kinds import Judged
from keras_vae.data.reading import ReadAs
from keras_vae.data.table_report import columns_in_words

# With more columns than this nobody reads one line for each.
_SEPARATELY = 30
_OPTION, _DROPPED = "--column-kinds {}=...", "--drop"


def lines_of(judged: Mapping[str, Judged], cells: Mapping[str, ColumnCells]) -> list[ReadAs]:
    """What was made of every column.

    Args:
        judged: `Judged` by name, in the order of the table.
        cells: `ColumnCells` by name, of the columns that were looked at.

    Returns:
        list of `ReadAs`.
    """
    if len(judged) <= _SEPARATELY:
        return [_line(name, found, cells.get(name)) for name, found in judged.items()]
    groups = {}
    for name, found in judged.items():
        groups.setdefault(_sort_of(found), []).append(name)
    lines = []
    for sort, names in groups.items():
        if len(names) == 1:
            lines.append(_line(names[0], judged[names[0]], cells.get(names[0])))
            continue
        n_empty = sum(int(cells[name].holes.sum()) for name in names if name in cells)
        is_out = judged[names[0]].column is None
        empty = f", {n_empty:,} empty cells" if n_empty and not is_out else ""
        lines.append(ReadAs(columns_in_words(names), sort + empty, "" if is_out else _OPTION.format("NAME")))
    return lines


def _line(name, found, cells):
    if found.column is None:
        overrule = _DROPPED if cells is None else _OPTION.format(name) if cells.kind == "words" else ""
        return ReadAs(f"column `{name}`", f"left out: {found.words}", overrule)
    n_empty = int(cells.holes.sum())
    empty = f", {n_empty:,} empty" if n_empty else ""
    if 2 * n_empty > cells.n_rows:
        empty = f", {n_empty:,} of {cells.n_rows:,} empty"
    return ReadAs(f"column `{name}`", found.words + empty, _OPTION.format(name))


def _sort_of(found):
    """What columns must have in common to stand in one line."""
    column = found.column
    if column is None:
        return "left out: names of things" if found.words.endswith("names of things") else f"left out: {found.words}"
    if column.unit is not None:
        return {"hours": "times of day, in hours", "days": "time spans, in days"}.get(column.unit, "dates, in days")
    return "category" if column.kind == "category" else column.kind
