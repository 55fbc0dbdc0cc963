"""Whether the first line of a table holds the names of its columns."""

import itertools
import re

from keras_vae.data.table_cells import HOLES, is_any_number

LABEL_NAMES = ("label", "class", "y", "target")
_MIN_ROWS, _MIN_COLUMNS = 5, 3


def has_header(rows: list[list[str]]) -> tuple[bool, str]:
    """Look at the first lines of a table.

    | first line | header |
    | --- | --- |
    | a cell is `label`, `class`, `y` or `target` | yes |
    | 0, 1, 2 ... or 1, 2, 3 ..., perhaps behind an empty cell (two columns: if no whole number stands below) | yes |
    | the first cell is empty, and alone in that, above cells that all differ | yes |
    | no cell is a number, and one stands above numbers or none stands again below | yes |
    | rising numbers, each further from the numbers below it than those are from each other, and words | yes |
    | anything else | no |

    Args:
        rows: list of lists of str. The first lines, of equal length, none empty.

    Returns:
        (has_header, why): bool; str, the reason in words.
    """
    first = [cell.strip() for cell in rows[0]]
    below = [[row[j].strip() for row in rows[1:] if j < len(row)] for j in range(len(first))]
    if any(cell.lower() in LABEL_NAMES for cell in first):
        return True, "it holds the name of a label column"
    if _counts(first, below):
        return True, "it counts the columns"
    if _stands_beside_names_of_rows(first, below):
        return True, "its first cell is empty above cells that all differ"
    named = [cell for cell in first if cell not in HOLES]
    if not any(is_any_number(cell) for cell in first) and named:
        above_numbers = any(
            cell not in HOLES and _are_numbers(column) for cell, column in zip(first, below, strict=True)
        )
        again = any(cell in column for cell, column in zip(first, below, strict=True) if cell not in HOLES)
        if above_numbers or not again:
            return True, "no cell of it is a number"
        return False, "its words stand in the columns below as well"
    if _unlike(first, below):
        return True, "its numbers rise and are unlike those below"
    return False, "it looks like the lines below"


def _counts(first, below):
    """Whether the cells are the numbers of the columns. Two such numbers and lines of the same kind are data."""
    start = 1 if first and not first[0] else 0
    cells, below = first[start:], below[start:]
    n = len(cells)
    if n < 2 or cells not in ([str(k) for k in range(n)], [str(k) for k in range(1, n + 1)]):
        return False
    if n == 2:
        return not any(re.fullmatch(r"[+-]?\d+", cell) for column in below for cell in column)
    return not all(column[:1] == [cell] for cell, column in zip(cells, below, strict=True))


def _stands_beside_names_of_rows(first, below):
    """Whether only the first cell is empty, no other comes twice, and the cells below it are full and all differ."""
    others = first[1:]
    if first[0] or not others or any(cell in HOLES for cell in others) or len(set(others)) < len(others):
        return False
    return len(below[0]) > 1 and "" not in below[0] and len(set(below[0])) == len(below[0])


def _are_numbers(column):
    cells = [cell for cell in column if cell not in HOLES]
    return bool(cells) and sum(map(is_any_number, cells)) > len(cells) / 2


def _unlike(first, below):
    """Whether the numbers of the first line rise and are far from those below, and its words are new."""
    is_number = [re.fullmatch(r"\d+(\.\d+)?", cell) is not None for cell in first]
    if sum(is_number) < _MIN_COLUMNS:
        return False
    heads = [float(cell) for cell, number in zip(first, is_number, strict=True) if number]
    if not all(a < b for a, b in itertools.pairwise(heads)):
        return False
    return all(
        _is_far(float(cell), column) if number else not is_any_number(cell) and cell not in column
        for cell, number, column in zip(first, is_number, below, strict=True)
    )


def _is_far(head, column):
    try:
        values = [float(cell) for cell in column if cell not in HOLES]
    except ValueError:
        return False
    return len(values) >= _MIN_ROWS and min(abs(head - value) for value in values) > max(values) - min(values)
