"""What the cells of one column of a table are: numbers in many spellings, text, dates, or nothing."""

import math
import re
from typing import Any, NamedTuple

import numpy as np

# Spellings of an empty cell.
HOLES = ("", "NA", "N/A", "n/a", "NaN", "nan", "NAN", "null", "NULL", "Null", "None", "<NA>", "#N/A", "#NA")
HOLES += ("?", "-", "--", ".")
# A column with this share of numbers is meant to be one of numbers: what else it holds is a mistake.
_MIN_SHARE = 0.9
# Pairs of words of which the first is 1 and the second is 0.
_YES_NO = (("yes", "no"), ("y", "n"), ("true", "false"), ("t", "f"), ("on", "off"), ("ja", "nein"), ("oui", "non"))
_YES_NO += (("si", "no"), ("sí", "no"), ("m", "f"), ("male", "female"), ("present", "absent"))
_YES_NO += (("positive", "negative"), ("pos", "neg"), ("high", "low"))

_EXPONENT = r"(?:[eE][+-]?\d+)?"
_POINT = re.compile(rf"(?=[+-]?\.?\d)[+-]?(?:\d+|\d{{1,3}}(?:[,' ]\d{{3}})+)?(?:\.\d*)?{_EXPONENT}")
_COMMA = re.compile(rf"(?=[+-]?,?\d)[+-]?(?:\d+|\d{{1,3}}(?:[.' ]\d{{3}})+)?(?:,\d*)?{_EXPONENT}")
_CURRENCY = r"(?:[$€£¥₹]|USD|EUR|GBP|CHF|JPY)"
_WITH_CURRENCY = re.compile(rf"([+-]?)\s*{_CURRENCY}\s*(.*)|(.*?)\s*{_CURRENCY}")
_WITH_UNIT = re.compile(r"([+-]?[\d.,' ]*\d[.,]?)\s*([^\d\s.,'+-][^\d]{0,7})")
# A decimal comma that cannot be a thousands separator: other than three digits behind it, or a leading zero.
_SURELY_COMMA = re.compile(r"[+-]?(?:\d*,(?:\d{1,2}|\d{4,})|0,\d+|\d{1,3}(?:\.\d{3})+,\d+)")
_SURELY_POINT = re.compile(r"[+-]?(?:\d*\.(?:\d{1,2}|\d{4,})|0?\.\d+|\d{1,3}(?:,\d{3})+\.\d+|\d{1,3}(?:,\d{3}){2,})")
_TIME = r"(?:[T ]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[AaPp][Mm])?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?)?"
# 2024-01-31, 31.1.2024, 31 Jan 2024, Jan 31, 2024, each perhaps with a time; 2024-01; 14:05.
_DAYS = (r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}", r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}")
_DAYS += (r"\d{1,2}[- .][A-Za-z]{3,9}\.?[- .,]+\d{2,4}", r"[A-Za-z]{3,9}\.? \d{1,2},? \d{4}")
_DATE = re.compile(rf"(?:{'|'.join(_DAYS)}){_TIME}|\d{{4}}-\d{{2}}")
_HOUR = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|[0-9a-fA-F]{32}")


class Cells(NamedTuple):
    """The cells of one column.

    Attributes:
        kind: `"numbers"`, `"text"`, `"dates"`, `"empty"`, `"mixed"` (numbers, text in a few) or `"nested"` (lists).
        values: float64 array `(n,)`, NaN for holes and for what is no number; None for text and dates.
        texts: list of str or None: the cells as text, "" for holes; None if they came as numbers.
        holes: bool array `(n,)`.
        spelling: str. What was taken off the numbers, such as "%", or "".
        example: str. A cell that was spelled so; of mixed columns the first that is no number.
        row: int. Row of that cell.
    """

    kind: str
    values: np.ndarray | None
    texts: list[str] | None
    holes: np.ndarray
    spelling: str = ""
    example: str = ""
    row: int = -1


def look_at(column: Any, decimal: str = ".") -> Cells:
    """Decide what the cells of a column are.

    Args:
        column: pandas Series.
        decimal: "." or ",", the decimal point of the file. Where it is ".", the cells of a column can say otherwise.
    """
    kind = getattr(column.dtype, "kind", "O")
    if kind in "iuf":
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        holes = ~np.isfinite(values)
        return Cells("empty" if holes.all() else "numbers", values, None, holes)
    if kind in "mM":
        return Cells("dates", None, [str(cell) for cell in column], column.isna().to_numpy())
    cells = column.tolist()
    if any(isinstance(cell, (list, dict, tuple, np.ndarray)) for cell in cells):
        return Cells("nested", None, None, np.zeros(len(cells), bool))
    missing = column.isna().tolist()
    texts = ["" if is_missing else str(cell).strip() for cell, is_missing in zip(cells, missing, strict=True)]
    known_holes = set(HOLES)
    texts = ["" if text in known_holes else text for text in texts]
    holes = np.array([not text for text in texts])
    if holes.all():
        return Cells("empty", np.full(len(texts), np.nan), None, holes)
    return _look_at_text(texts, holes, decimal)


def _look_at_text(texts, holes, decimal):
    different = list(dict.fromkeys(text for text in texts if text))
    numbers, spelling, example = numbers_of(different, decimal)
    if len(numbers) == len(different):
        values = np.array([numbers.get(text, math.nan) for text in texts], dtype=np.float64)
        return Cells("numbers", values, texts, holes | ~np.isfinite(values), spelling, example)
    if all(is_date(text) or is_time(text) for text in different):
        return Cells("dates", None, texts, holes)
    is_number = np.array([text in numbers for text in texts])
    if is_number.sum() >= _MIN_SHARE * (~holes).sum():
        values = np.array([numbers.get(text, math.nan) for text in texts], dtype=np.float64)
        row = int(np.flatnonzero(~is_number & ~holes)[0])
        return Cells("mixed", values, texts, holes, spelling, texts[row], row)
    return Cells("text", None, texts, holes)


def numbers_of(texts: list[str], decimal: str = ".") -> tuple[dict[str, float], str, str]:
    """The numbers that texts spell, with thousands separators, currency, per cent or one unit, point or comma.

    Args:
        texts: list of str, none empty.
        decimal: "." or ",". Where it is ",", a point separates thousands (1.234) if it can.

    Returns:
        (numbers, spelling, example): dict from text to float, without those that are no number; what was taken off or
            understood, "" for plain numbers; and a text that was spelled so.
    """
    plain = {text: number for text in texts if (number := _plain(text)) is not None}
    if len(plain) == len(texts) and decimal == ".":
        return plain, "", ""
    bare, taken = _bare(texts)
    decimal = "," if decimal == "," else decimal_of(list(bare.values()))
    numbers = {text: number for text, rest in bare.items() if (number := as_number(rest, decimal)) is not None}
    if len(numbers) < max(len(plain), 1):
        return plain, "", ""
    spelling = [taken] if taken else []
    if decimal == ",":
        spelling.append("decimal comma")
    odd = next((text for text in numbers if plain.get(text) != numbers[text]), "")
    return numbers, ", ".join(spelling) or ("thousands separators" if odd else ""), odd


def as_number(text: str, decimal: str = ".") -> float | None:
    """The number that a text spells, or None.

    Args:
        text: str.
        decimal: "." or ",". The other one, a space or an apostrophe may separate thousands.
    """
    text = text.strip().replace("\u2212", "-").replace("\u00a0", " ").replace("\u202f", " ").replace("\u2019", "'")
    pattern = _POINT if decimal == "." else _COMMA
    if not pattern.fullmatch(text):
        return _plain(text)
    bare = text.replace(" ", "").replace("'", "")
    bare = bare.replace(",", "") if decimal == "." else bare.replace(".", "").replace(",", ".")
    return float(bare)


def decimal_of(texts: list[str]) -> str:
    """Whether numbers spelled so have a decimal "." or ","; "." where both readings are possible for all of them."""
    comma = sum(1 for text in texts if _SURELY_COMMA.fullmatch(text))
    point = sum(1 for text in texts if _SURELY_POINT.fullmatch(text))
    return "," if comma > point else "."


def is_any_number(text: str) -> bool:
    """Whether a text spells a number in any of the known ways."""
    return bool(numbers_of([text])[0])


def is_date(text: str) -> bool:
    """Whether a text spells a day, perhaps with a time, or a month."""
    return _DATE.fullmatch(text) is not None


def is_time(text: str) -> bool:
    """Whether a text spells a time of day, such as 14:05."""
    return _HOUR.fullmatch(text) is not None


def yes_no(different: list[str]) -> dict[str, int] | None:
    """Coding of a text column with two values as 1 and 0, or None.

    Args:
        different: list of str. The different texts of a column.

    Returns:
        dict from text to 1 or 0. Of known pairs such as yes and no the first is 1, whatever the case of its letters;
            of others the later one in the alphabet.
    """
    folded = sorted({text.casefold() for text in different})
    if len(folded) != 2:
        return None
    one = next((pair[0] for pair in _YES_NO if sorted(pair) == folded), folded[1])
    return {text: int(text.casefold() == one) for text in different}


def is_known_pair(different: list[str]) -> bool:
    """Whether two texts are a pair such as yes and no."""
    return sorted({text.casefold() for text in different}) in [sorted(pair) for pair in _YES_NO]


def is_uuid(text: str) -> bool:
    """Whether a text is a universally unique identifier."""
    return _UUID.fullmatch(text) is not None


def _plain(text):
    """The number that a programming language would read, NaN and infinities included; underscores are not taken."""
    if "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None


def _bare(texts):
    """Texts without the currency, the per cent sign or the unit that all of them have, and what it was."""
    if all(text.endswith("%") for text in texts):
        return {text: text[:-1].strip() for text in texts}, "per cent"
    bare, n_found = {}, 0
    for text in texts:
        match = _WITH_CURRENCY.fullmatch(text)
        n_found += match is not None
        bare[text] = text if match is None else ((match[1] or "") + match[2] if match[2] is not None else match[3])
    if n_found:
        return bare, "currency"
    units = [_WITH_UNIT.fullmatch(text) for text in texts]
    if len(texts) > 1 and all(units) and len({match[2].strip() for match in units}) == 1:
        return {text: match[1].strip() for text, match in zip(texts, units, strict=True)}, f"unit {units[0][2].strip()}"
    return {text: text for text in texts}, ""
