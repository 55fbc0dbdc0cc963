"""The settings that say how files are read, for every use that reads tables, arrays or folders of images."""

from keras_vae._reading import COLUMN_KINDS, FITS, IMPUTES, KINDS, check_column_kinds, check_image_size
from keras_vae.tasks.setting import Setting, check_flag, check_names, check_text, choice, listed, parse_names

SECTION = "How files are read"


def check_size(name, value):
    """A whole number >= 1, or (height, width), as a list of two that JSON can hold.

    Raises:
        ValueError: for anything else.
    """
    return list(check_image_size(name, value))


def parse_size(name, text):
    """ "64" as [64, 64], "48x64" as [48, 64].

    Raises:
        ValueError: for other text.
    """
    try:
        sides = [int(part) for part in text.lower().split("x")]
    except ValueError:
        sides = []
    if len(sides) not in (1, 2):
        raise ValueError(f"`{name}` must be a number or HEIGHTxWIDTH, as 48x64. Received: {text!r}")
    return sides * 2 if len(sides) == 1 else sides


def parse_column_kinds(name, text):
    """ "city=category, year=real" as {"city": "category", "year": "real"}.

    Raises:
        ValueError: for other text.
    """
    pairs = [part.rpartition("=")[::2] for part in parse_names(name, text)]
    if not all(column for column, _ in pairs):
        raise ValueError(f"`{name}` must be names with their kinds, as city=category,year=real. Received: {text!r}")
    return {column.strip(): kind.strip() for column, kind in pairs}


def _setting(check, help, default_text=None, **kwargs):
    return Setting(check, None, help, default_text, section=SECTION, **kwargs)


# Tasks of sentences read nothing else, and no other task does.
_KINDS = tuple(kind for kind in KINDS if kind != "text")
READING = {
    "kind": _setting(
        help=f"What the data are: {listed(_KINDS)}", default_text="by their shape and values", **choice(_KINDS)
    ),
    "key": _setting(check_text, "Array of an .npz file that holds the examples.", "x, x_train, or the only one"),
    "label": _setting(check_text, "Column of labels, which is no feature; none for no such column.", "by its name"),
    "id": _setting(check_text, "Column that names the rows, kept for results; none for no such column.", "by its name"),
    "columns": _setting(check_names, "Use these columns only, as age,height.", "all numbers", parse=parse_names),
    "drop": _setting(check_names, "Leave these columns out, as name,notes.", parse=parse_names),
    "column_kinds": _setting(
        check_column_kinds,
        f"What columns of a table are, as city=category,year=real: {listed(COLUMN_KINDS)}",
        "by their cells",
        parse=parse_column_kinds,
    ),
    "impute": _setting(
        help=f"Empty cells: {listed(IMPUTES)}",
        default_text="holes, or median if likelihood is given",
        **choice(IMPUTES),
    ),
    "header": _setting(check_flag, "Whether the first line of a table holds names.", "by its cells", kind=bool),
    "size": _setting(check_size, "Size of the images of a folder, as 64 or 48x64.", "by the images", parse=parse_size),
    # `fit` is what an estimator does.
    "image_fit": _setting(
        help=f"How images come to that size: {listed(FITS)}", default_text="stretch", option="fit", **choice(FITS)
    ),
    "grey": _setting(check_flag, "Whether the images of a folder are read in grey.", "by the first image", kind=bool),
}
