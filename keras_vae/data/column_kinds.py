"""What a column of a table is, judged by its cells: real, count, binary or category, or nothing to learn from."""

import dataclasses

import numpy as np

from keras_vae.data.array_values import EXACT
from keras_vae.data.column_cells import ColumnCells, is_text
from keras_vae.data.reading import some_of
from keras_vae.data.table_cells import yes_no
from keras_vae.data.table_column import DAYS, HOURS, SPAN, TableColumn, unit_of_days

# More different words than this are pooled, those above it that were asked for too.
_MAX_WORDS, _MAX_ASKED = 50, 1000
_ROWS_PER_WORD = 2
# A word that is kept when others are pooled comes so often at least.
_MIN_COUNT, _MIN_SHARE = 5, 0.001
# Fewer rows can hold two different numbers by chance.
_MIN_ROWS = 20
# A column of counts has a tail to the right with this skewness or more.
_SKEWED = 1.0
_WORDS_SHOWN = 4


@dataclasses.dataclass(frozen=True)
class Judged:
    """What a column was found to be.

    Attributes:
        column: `TableColumn`, or None where it is left out.
        words: str. What it is, for the report; or why it is left out.
        problem: str. Why it cannot be what was asked for, or "".
    """

    column: TableColumn | None
    words: str
    problem: str = ""


def judge(name: str, cells: ColumnCells, wanted: str | None = None) -> Judged:
    """What a column is.

    Args:
        name: str.
        cells: `ColumnCells`, of the rows to learn from.
        wanted: one of "real", "count", "binary", "category", which overrules the guess; or None.

    Returns:
        `Judged`.
    """
    if cells.kind == "nested":
        return _left_out("lists or other objects in its cells", wanted)
    if cells.kind == "empty":
        return _left_out("every cell is empty", wanted)
    if wanted == "category":
        return _category(name, cells, _MAX_ASKED)
    if wanted == "binary":
        return _binary(name, cells)
    if cells.kind == "words":
        if wanted is not None:
            return Judged(None, "", f"must hold numbers to be {wanted!r}. Received: {_some_words(cells)}")
        return _words(name, cells)
    return _numbers(name, cells, wanted)


def _left_out(why, wanted):
    return Judged(None, why, f"can be no {wanted!r}: {why}" if wanted else "")


def _words(name, cells):
    """A column of words that nothing was said about."""
    counts = np.bincount(cells.codes[cells.codes >= 0], minlength=len(cells.words))
    n_rows, n_words = int(counts.sum()), int(np.count_nonzero(counts))
    if n_words == 2 or yes_no(_commonest(cells)) is not None:
        return _binary(name, cells)
    if n_words == 1 or n_words <= min(_MAX_WORDS, n_rows / _ROWS_PER_WORD):
        return _category(name, cells, _MAX_WORDS)
    often = np.sort(counts[counts >= max(_MIN_COUNT, _MIN_SHARE * cells.n_rows)])[::-1]
    if 2 * often.sum() >= n_rows:
        return _category(name, cells, _MAX_WORDS, min_count=int(often[min(_MAX_WORDS, len(often)) - 1]))
    return Judged(None, f"{n_words:,} different words in {n_rows:,} rows: names of things")


def _commonest(cells):
    """The words that there are, the commonest first."""
    counts = np.bincount(cells.codes[cells.codes >= 0], minlength=len(cells.words))
    return [cells.words[code] for code in np.argsort(-counts, kind="stable") if counts[code]]


def _category(name, cells, n_most, min_count=1):
    if cells.kind in ("dates", "times", "spans") and cells.codes is None:
        return Judged(None, "", f"must hold words or numbers to be 'category'. Received: {cells.kind}")
    codes, words = cells.as_words()
    counts = np.bincount(codes[codes >= 0], minlength=len(words))
    kept = [code for code in np.argsort(-counts, kind="stable") if counts[code] >= min_count][:n_most]
    n_seen = int(np.count_nonzero(counts))
    commonest = [words[code] for code in kept]
    if cells.ordered or cells.codes is None:
        known = [words[code] for code in sorted(kept)]
    else:
        known = sorted(commonest)
    dtype = "object" if cells.kind == "bool" and not is_text(cells.dtype) else cells.dtype
    column = TableColumn(name, "category", tuple(known), dtype=dtype)
    shown = ", ".join(commonest[:_WORDS_SHOWN]) + (", ..." if len(known) > _WORDS_SHOWN else "")
    told = f"category of {len(known)} word{'s' if len(known) > 1 else ''} ({shown})"
    if len(known) < n_seen:
        n_pooled = int(counts.sum() - counts[kept].sum())
        told += f", {n_seen - len(known):,} rarer ones in {n_pooled:,} rows are {column.other!r}"
    return Judged(column, told)


def _binary(name, cells):
    if cells.kind == "bool":
        return Judged(TableColumn(name, "binary", dtype=cells.dtype), "binary: true is 1, false is 0")
    if cells.codes is None:
        different = np.unique(cells.numbers[~np.isnan(cells.numbers)])
        # One value that is 0 or 1 leaves no doubt about the other.
        pair = (0.0, 1.0) if set(different.tolist()) <= {0.0, 1.0} else tuple(different.tolist())
        if len(pair) != 2 or cells.kind != "numbers":
            return Judged(None, "", f"must hold two different values to be 'binary'. Received: {len(different)}")
        values = None if pair == (0.0, 1.0) else pair
        column = TableColumn(name, "binary", values=values, whole=_is_whole(different), dtype=cells.dtype)
        return Judged(column, f"binary: {pair[1]:g} is 1, {pair[0]:g} is 0" if values else "binary: 0 and 1")
    different = _commonest(cells)
    coding = yes_no(different)
    if coding is None and len(different) == 2:
        # They differ in the case of their letters only.
        coding = {word: code for code, word in enumerate(sorted(different))}
    if coding is None:
        return Judged(None, "", f"must hold two different words to be 'binary'. Received: {_some_words(cells)}")
    # Of several spellings the commonest is given back.
    pair = tuple(next(word for word in different if coding[word] == code) for code in (0, 1))
    return Judged(TableColumn(name, "binary", words=pair, dtype=cells.dtype), f"binary: {pair[1]} is 1, {pair[0]} is 0")


def _numbers(name, cells, wanted):
    """Numbers, dates, times: real, or what their values look like."""
    held = cells.numbers[~np.isnan(cells.numbers)]
    if cells.kind in ("dates", "times", "spans"):
        if wanted not in (None, "real"):
            return Judged(None, "", f"must hold numbers to be {wanted!r}. Received: {cells.kind}")
        return _times(name, cells, held)
    if cells.kind == "bool":
        if wanted is None:
            return _binary(name, cells)
        return Judged(TableColumn(name, wanted, whole=True, dtype=cells.dtype), f"{wanted}: true is 1, false is 0")
    whole = _is_whole(held)
    if wanted == "count" and not (whole and held.min() >= 0):
        wrong = held[(held < 0) | (held != np.round(held))][0]
        return Judged(None, "", f"must hold whole numbers >= 0 to be 'count'. Received: {wrong:g}")
    lowest, highest = held.min(), held.max()
    if wanted is None and lowest < highest and len(held) >= _MIN_ROWS and np.all((held == lowest) | (held == highest)):
        return _binary(name, cells)
    kind = wanted or ("count" if whole and _looks_like_counts(held, lowest, highest) else "real")
    words = f"count from {lowest:g} to {highest:g}" if kind == "count" else f"real, {lowest:.6g} to {highest:.6g}"
    if lowest == highest:
        words = f"{kind}, the same value in every row, {lowest:.6g}"
    if cells.spelling:
        words += f" ({cells.spelling})"
    if whole and np.isfinite(highest) and max(abs(lowest), abs(highest)) > EXACT:
        words += f", whole numbers beyond {EXACT:,}: float32 keeps their first 7 digits"
    return Judged(TableColumn(name, kind, whole=whole, dtype=cells.dtype), words)


def _looks_like_counts(held, lowest, highest):
    """Whether whole numbers start at 0, spread further than a Poisson variable would, and have a tail to the right."""
    if lowest != 0 or highest > EXACT:
        return False
    if np.all((held == lowest) | (held == highest)):
        return False
    mean = held.mean()
    centred = held - mean
    variance = np.mean(centred**2)
    return bool(variance > mean and np.mean(centred**3) > _SKEWED * variance**1.5)


def _times(name, cells, held):
    whole = _is_whole(held)
    if cells.kind == "times":
        told = f"times of day, in hours, {held.min():.4g} to {held.max():.4g}"
        return Judged(TableColumn(name, "real", unit=HOURS, whole=whole, dtype=cells.dtype), told)
    if cells.kind == "spans":
        told = f"time spans, in days, {held.min():.6g} to {held.max():.6g}"
        return Judged(TableColumn(name, "real", unit=SPAN, whole=whole, dtype=cells.dtype), told)
    # Times of day within dates: days since 1970 would leave float32 nothing finer than minutes.
    unit = DAYS if whole else unit_of_days(held.min())
    first, last = (np.datetime64(int(np.floor(day)), "D") for day in (held.min(), held.max()))
    column = TableColumn(name, "real", unit=unit, whole=whole, dtype=cells.dtype)
    return Judged(column, f"dates {first} to {last}, in {unit}")


def _is_whole(held):
    return bool(len(held)) and bool(np.array_equal(held, np.round(held)))


def _some_words(cells):
    codes, words = cells.as_words()
    return some_of([words[code] for code in np.unique(codes[codes >= 0])], 6)
