"""Lines of the report about the columns of a table, columns of like treatment in one line."""

from keras_vae.data.reading import ReadAs, some_of
from keras_vae.data.table_columns import Column

_SEPARATELY, _NAMES = 3, 6
# Which word is 1 differs from column to column, and cannot be seen from the numbers.
_CODED_SEPARATELY = 8


def report_of(columns: list[Column]) -> list[ReadAs]:
    """What became of every column; never more lines than a few for every sort of treatment.

    Args:
        columns: list of `Column` with their roles.

    Returns:
        list of `ReadAs`.
    """
    groups = {}
    for column in columns:
        for key, one, many, option in column.remarks:
            groups.setdefault(key, []).append((column.name, one, many, option))
    lines = []
    for key, members in groups.items():
        few = _CODED_SEPARATELY if key == "coded" else _SEPARATELY
        # Columns with words of their own are told one by one, if they are few.
        if len(members) <= few and len({one for _, one, _, _ in members}) > 1:
            lines += [ReadAs(f"column `{name}`", one, option.replace("NAME", name)) for name, one, _, option in members]
            continue
        names = [name for name, _, _, _ in members]
        _, one, many, option = members[0]
        if len(members) == 1:
            lines.append(ReadAs(f"column `{names[0]}`", one, option.replace("NAME", names[0])))
        else:
            lines.append(ReadAs(columns_in_words(names), one if _are_one(members) else many, option))
    return lines


def columns_in_words(names: list[str]) -> str:
    """ "columns a, b, c (3)", or "columns pixel0 ... pixel783 (784)" where there are many."""
    if len(names) <= _NAMES:
        return f"columns {some_of(names)} ({len(names)})"
    return f"columns {names[0]} ... {names[-1]} ({len(names)})"


def _are_one(members):
    return len({one for _, one, _, _ in members}) == 1
