"""`Reading`, what a user says about how a source is to be read, and `ReadAs`, what the reader says it did."""

import dataclasses
import difflib
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from keras_vae._checks import check_choice
from keras_vae._reading import FITS, IMPUTES, KINDS, check_column_kinds, check_image_size

# What `label` and `id` are set to by someone who wants no such column.
NO_COLUMN = ("", "none")
_NAMES_SHOWN = 20


class ReadAs(NamedTuple):
    """One line of the table "what was read as what".

    Attributes:
        what: str. The thing in the source, such as "separator" or "column `age`".
        read_as: str. What it was taken for.
        overrule: str. The option of the shell that changes it, or "".
    """

    what: str
    read_as: str
    overrule: str = ""


@dataclasses.dataclass(frozen=True)
class Reading:
    """How a source is to be read: what is given here is not guessed.

    Args:
        kind: `"image"`, `"table"`, `"sequence"`, `"text"` (sentences as they are), or None to look at the values.
        key: str. Name of the array with the examples in an `.npz` file, or None.
        label: str. Column of labels; "" or "none" for no such column; None to look for one.
        drop: tuple of str. Columns that are left out.
        columns: tuple of str. The only columns that are features; empty for all. Of a file that is read as text the
            one column with the sentences.
        id: str. Column that names the rows; "" or "none" for no such column; None to look for one.
        impute: what is done about empty cells: `"median"` fills them with the median of the column in the training
            part, `"drop"` leaves out the row. None is `"median"`.
        header: bool. Whether the first line of a table holds the names; None to look at it.
        size: int or (height, width) in pixels, to which the images of a folder are brought; None for the first image's.
        fit: how an image of another aspect is brought to the size: `"stretch"`, `"crop"` (its middle) or `"pad"`
            (with black). None is `"stretch"`.
        grey: bool. Whether the images of a folder are read in grey; None for what the first image is.
        mixed: bool. Whether a table keeps its words, dates and holes: words become codes, holes stay NaN, and
            `Dataset.columns` says what each column is. `impute="median"` then fills holes of words with the commonest
            one. Means nothing for sources that are no tables, and for tables that hold numbers without holes only.
        column_kinds: dict from names of columns to `"real"`, `"count"`, `"binary"` or `"category"`, which overrules
            what is found; held as a tuple of pairs. Whoever gives it reads with `mixed`.

    Raises:
        ValueError: for an unknown choice, a value of another type, for a column that is wanted in two places, and for
            `column_kinds` of images or sequences.
    """

    kind: str | None = None
    key: str | None = None
    label: str | None = None
    drop: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    id: str | None = None
    impute: str | None = None
    header: bool | None = None
    size: int | tuple[int, int] | None = None
    fit: str | None = None
    grey: bool | None = None
    mixed: bool = False
    column_kinds: Mapping[str, str] | tuple[tuple[str, str], ...] = ()

    def __post_init__(self):
        for name, choices in (("kind", KINDS), ("impute", IMPUTES), ("fit", FITS)):
            if getattr(self, name) is not None:
                check_choice(name, getattr(self, name), choices)
        for name in ("key", "label", "id"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                raise ValueError(f"`{name}` must be a name. Received: {name}={value!r}")
        for name in ("header", "grey"):
            check_choice(name, getattr(self, name), (None, True, False))
        check_choice("mixed", self.mixed, (True, False))
        for name in ("drop", "columns"):
            object.__setattr__(self, name, _check_names(name, getattr(self, name)))
        object.__setattr__(self, "size", check_image_size("size", self.size))
        kinds = check_column_kinds("column_kinds", self.column_kinds or {})
        object.__setattr__(self, "column_kinds", tuple(kinds.items()))
        if kinds and self.kind not in (None, "table"):
            raise ValueError(f"`column_kinds` are for tables. Received: kind={self.kind!r}")
        object.__setattr__(self, "mixed", self.mixed or bool(kinds))
        self._check_one_place()

    @property
    def as_mixed(self) -> bool:
        """Whether a table is read with its words, dates and holes."""
        return self.mixed and self.kind in (None, "table")

    def _check_one_place(self):
        places = {name: (getattr(self, name),) for name in ("label", "id") if is_column(getattr(self, name))}
        places |= {"drop": self.drop, "columns": self.columns}
        seen = {}
        for place, names in places.items():
            for name in names:
                if name in seen:
                    raise ValueError(
                        f"a column must stand in one of `label`, `id`, `drop` and `columns`. "
                        f"Received: {name!r} in `{seen[name]}` and `{place}`"
                    )
                seen[name] = place

    def given(self) -> dict:
        """What is given, by name: the arguments that are not what they are by default (`""` is given)."""
        return {
            field.name: value
            for field in dataclasses.fields(self)
            if (value := getattr(self, field.name)) != field.default
        }


def is_column(name: str | None) -> bool:
    """Whether `label` or `id` names a column, and is neither left open nor switched off."""
    return name is not None and name.strip().lower() not in NO_COLUMN


def is_switched_off(name: str | None) -> bool:
    """Whether `label` or `id` says that there is no such column."""
    return name is not None and not is_column(name)


def unknown_names(option: str, wanted: Iterable[str], names: Collection[str]) -> list[str]:
    """One sentence per wanted name that is not among `names`, with the names that come nearest.

    Args:
        option: str. The option that the names were given to, such as "drop".
        wanted: str. Names that were asked for.
        names: str. Names that there are.

    Returns:
        list of str, empty if all are there.
    """
    found = []
    for name in wanted:
        if name in names:
            continue
        found.append(f"`{option}` names {name!r}, which there is not{nearest(name, names)}; there are {some_of(names)}")
    return found


def nearest(name: str, names: Collection[str]) -> str:
    """The names that come nearest to one that there is not, as " (nearest: age, aged)"; "" if none is near."""
    lower = {other.lower(): other for other in names}
    near = [lower[match] for match in difflib.get_close_matches(str(name).lower(), lower, n=3)]
    return f" (nearest: {', '.join(near)})" if near else ""


def some_of(names: Collection[str], shown: int = _NAMES_SHOWN) -> str:
    """Names in a row, the middle left out where there are more than `shown`: "a, b ... y, z (26)"."""
    names = list(names)
    if len(names) <= shown:
        return ", ".join(names)
    half = shown // 2
    return f"{', '.join(names[:half])} ... {', '.join(names[-half:])} ({len(names)})"


def raise_problems(source: object, problems: list[str]) -> None:
    """Say all that is wrong with one source at once.

    Raises:
        ValueError: if there is any problem.
    """
    if len(problems) == 1:
        raise ValueError(f"{source} cannot be read: {problems[0]}")
    if problems:
        listed = "; ".join(f"({number}) {problem}" for number, problem in enumerate(problems, 1))
        raise ValueError(f"{source} cannot be read, for {len(problems)} reasons: {listed}")


def check_used(source: object, what: str, reading: "Reading", used: Collection[str]) -> None:
    """Refuse options that mean nothing for this kind of source, instead of ignoring them.

    Args:
        source: Path or str, for the message.
        what: str. What the source is, such as "a table".
        reading: `Reading`.
        used: str. Names of the arguments that mean something.

    Raises:
        ValueError: if another one is given.
    """
    # Who asks for mixed tables says nothing about a source that is none.
    unused = [name for name in reading.given() if name not in (*used, "mixed")]
    if unused:
        raise ValueError(
            f"{source} is {what}, which takes {', '.join(f'`{name}`' for name in used) or 'no such option'}. "
            f"Received: {', '.join(f'{name}={getattr(reading, name)!r}' for name in unused)}"
        )


def _check_names(option, names):
    if isinstance(names, str) or not isinstance(names, (tuple, list)) or not all(isinstance(n, str) for n in names):
        raise ValueError(f"`{option}` must be a tuple of names of columns. Received: {option}={names!r}")
    return tuple(names)
