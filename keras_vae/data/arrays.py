"""What kind of examples arrays are, and their conversion to the form that `Dataset` holds.

| array | becomes |
| --- | --- |
| rank 2 | table, float32 as it comes |
| rank 3, integers 0 to 255, or uint16 with both sides >= 8 | images `(n, height, width, 1)`, uint8 |
| rank 3, other integers | sequences `(n, steps, features)`, float32; tokens `(n, steps)` if one feature |
| rank 3, float, both sides >= 8, in [-1, 1] or whole 0 to 255 | images `(n, height, width, 1)` |
| rank 3, other float | sequences `(n, steps, features)`, float32 |
| rank 4, integers or whole floats 0 to 255 | images, uint8; channels before the sides go behind them |
| rank 4, other float | images, float32 in the range they come in; channels likewise |

Integer or boolean images of 0 and 1 are black and white: they become 0 and 255. 16 bits become 8.
"""

import math
import pathlib
from typing import NamedTuple

import numpy as np

from keras_vae._checks import check_choice
from keras_vae._reading import KINDS
from keras_vae.data.array_values import MAX_TOKENS, hold, is_whole, range_of, values_of_images
from keras_vae.data.reading import ReadAs

# Float arrays of rank 3 with a shorter side are series, not pictures.
_MIN_SIDE = 8
_OTHER_KIND = {"image": {3: "--kind sequence", 4: "--kind table"}, "sequence": {3: "--kind image"}, "table": {}}


class Examples(NamedTuple):
    """The examples of one source.

    Attributes:
        parts: dict name -> array, as `Dataset` holds them.
        kind: `"image"`, `"table"` or `"sequence"`.
        values: one of `array_values.VALUES`.
        report: list of `ReadAs`.
        note: str. What was changed in the values, else "".
    """

    parts: dict[str, np.ndarray]
    kind: str
    values: str
    report: list[ReadAs]
    note: str


def as_examples(parts: dict[str, np.ndarray], source: str | pathlib.Path) -> tuple[dict[str, np.ndarray], str, str]:
    """Parts, kind and note of `read_examples`, all of it guessed."""
    examples = read_examples(parts, source)
    return examples.parts, examples.kind, examples.note


def read_examples(
    parts: dict[str, np.ndarray],
    source: str | pathlib.Path,
    kind: str | None = None,
    values: str | None = None,
    event_shape: tuple[int, ...] | None = None,
) -> Examples:
    """Decide what kind of data the arrays of one file are, by the table above, and convert them.

    Args:
        parts: dict name -> array; the parts of one data set, which may differ in their length alone.
        source: Path or str, for the messages.
        kind: what they are, or None to guess. `"image"` makes square pictures of a table, `"sequence"` tokens
            `(n, steps)`, int32, or series of one feature; `"table"` makes anything flat.
        values: one of `array_values.VALUES`, or None to look at the values.
        event_shape: shape of the examples that the first data had, or None.

    Raises:
        ValueError: for arrays that are empty, not numeric, not finite, of another rank or of different event shapes,
            and for values that cannot be what `kind` and `values` say.
    """
    _check_arrays(parts, source)
    report = []
    if kind is None:
        kind = _guess_kind(parts)
        other = _OTHER_KIND[kind].get(next(iter(parts.values())).ndim, "")
        report = [ReadAs("kind", _kind_in_words(parts, kind), other)]
    check_choice("kind", kind, KINDS)
    event_shape = None if event_shape is None else tuple(event_shape)
    shaped, lines = {"image": _as_images, "sequence": _as_sequences, "table": _as_table}[kind](
        parts, source, event_shape
    )
    if values is None:
        values = _values_of(shaped, kind)
    held, changed = hold(shaped, values, source)
    if kind == "sequence" and values != "tokens":
        held = {name: x[..., np.newaxis] if x.ndim == 2 else x for name, x in held.items()}
    note = "; ".join(line.read_as.removeprefix("black and white: ") for line in changed)
    return Examples(held, kind, values, [*report, *lines, *changed], note)


def _values_of(parts, kind):
    if kind == "image":
        return values_of_images(parts)
    if kind == "sequence" and next(iter(parts.values())).ndim == 2 and _may_be_tokens(parts):
        return "tokens"
    return "numbers"


def _guess_kind(parts):
    first = next(iter(parts.values()))
    if first.ndim != 3:
        return "table" if first.ndim == 2 else "image"
    lowest, highest = range_of(parts)
    sides = min(first.shape[1:]) >= _MIN_SIDE
    if first.dtype.kind != "f":
        is_image = (lowest >= 0 and highest <= 255) or (first.dtype == np.uint16 and sides)
    else:
        is_image = sides and values_of_images(parts) in ("unit", "signed", "bytes")
    return "image" if is_image else "sequence"


def _kind_in_words(parts, kind):
    first = next(iter(parts.values()))
    of = " x ".join(map(str, first.shape[1:]))
    if kind == "table":
        return f"a table of {of} columns"
    low, high = range_of(parts)
    if kind == "sequence":
        return f"sequences of {first.shape[1]} steps (values {low:.6g} to {high:.6g})"
    return f"images, {of} (values {low:.6g} to {high:.6g})"


def _as_images(parts, source, event_shape):
    """Arrays of shape `(n, height, width, channels)`."""
    first = next(iter(parts.values()))
    if first.ndim == 2:
        side = math.isqrt(first.shape[1])
        shape = event_shape or (side, side, 1)
        if math.prod(shape) != first.shape[1]:
            raise ValueError(
                f"a table of {source} can be read as images if it has a square number of columns, such as 784. "
                f"Received: {first.shape[1]} columns"
            )
        line = ReadAs(
            f"{first.shape[1]} columns", f"images of {' x '.join(map(str, shape))}, row by row", "--kind table"
        )
        return {name: x.reshape(-1, *shape) for name, x in parts.items()}, [line]
    if first.ndim == 3:
        return {name: x[..., np.newaxis] for name, x in parts.items()}, []
    if first.shape[1] in (1, 3) and first.shape[3] > 4 and first.shape[1:] != event_shape:
        line = ReadAs(f"shape {first.shape[1:]}", "channels first: the channel axis is moved to the end")
        return {name: np.moveaxis(x, 1, -1) for name, x in parts.items()}, [line]
    return parts, []


def _as_sequences(parts, source, event_shape):
    """Arrays of shape `(n, steps, features)`, or `(n, steps)` where there is one feature of whole numbers."""
    first = next(iter(parts.values()))
    if first.ndim == 4:
        raise ValueError(f"sequences of {source} must have rank 2 or 3. Received: shape {first.shape}")
    # A model of series of one feature, whose next file holds whole numbers by chance, still takes series.
    as_numbers = event_shape is not None and len(event_shape) == 2
    if first.ndim == 3 and first.shape[2] == 1 and not as_numbers and _may_be_tokens(parts):
        parts, first = {name: x[..., 0] for name, x in parts.items()}, first[..., 0]
    if first.ndim == 2 and not as_numbers and _may_be_tokens(parts):
        highest = int(range_of(parts)[1])
        line = ReadAs("whole numbers", f"tokens 0 to {highest}, sequences of {first.shape[1]} of them", "--kind table")
        return parts, [line]
    if first.ndim == 2:
        parts = {name: x[..., np.newaxis] for name, x in parts.items()}
    return parts, []


def _may_be_tokens(parts):
    lowest, highest = range_of(parts)
    return lowest >= 0 and highest < MAX_TOKENS and is_whole(parts)


def _as_table(parts, source, event_shape):
    """Arrays of shape `(n, columns)`."""
    first = next(iter(parts.values()))
    if first.ndim == 2:
        return parts, []
    line = ReadAs(f"shape {first.shape[1:]}", f"made flat: {math.prod(first.shape[1:])} columns")
    return {name: x.reshape(len(x), -1) for name, x in parts.items()}, [line]


def _check_arrays(parts, source):
    for name, x in parts.items():
        if x.dtype.kind not in "buif":
            raise ValueError(f"`{name}` of {source} must be an array of numbers. Received: dtype {x.dtype}")
        if x.size == 0:
            raise ValueError(f"`{name}` of {source} is empty. Received: shape {x.shape}")
        if not 2 <= x.ndim <= 4:
            raise ValueError(
                f"`{name}` of {source} must have rank 2 (table), 3 (grey images or sequences) or 4 (images), with the "
                f"examples along the first axis. Received: shape {x.shape}"
            )
    (first_name, first), *rest = parts.items()
    for name, x in rest:
        if x.shape[1:] != first.shape[1:] or (x.dtype.kind == "f") != (first.dtype.kind == "f"):
            raise ValueError(
                f"`{first_name}` and `{name}` of {source} must hold examples of one shape and kind. "
                f"Received: {first.dtype}{first.shape} and {x.dtype}{x.shape}"
            )
