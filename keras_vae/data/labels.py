"""Labels of the rows as classes or as real numbers."""

import pathlib
from typing import NamedTuple

import numpy as np

from keras_vae.data.reading import ReadAs

# Whole numbers with more different values than this, and few rows for each, measure something: they are no classes.
_MAX_CLASSES = 50
_ROWS_PER_CLASS = 5


class Labels(NamedTuple):
    """Labels of one source.

    Attributes:
        parts: dict name -> array `(n,)`: int64 classes, or float32 real numbers; empty if the labels cannot be used.
        class_names: tuple of str, or None if the labels were numbers.
        report: list of `ReadAs`.
    """

    parts: dict[str, np.ndarray]
    class_names: tuple[str, ...] | None
    report: list[ReadAs]


def as_labels(
    parts: dict[str, np.ndarray],
    source: str | pathlib.Path,
    classes: tuple[str, ...] | None = None,
    real: bool | None = None,
) -> Labels:
    """Labels of one data set: classes as int64, real numbers as float32.

    Names are numbered in alphabetical order over all parts. Rows of one-hot vectors are classes. Numbers that are not
    whole are real labels; so are whole numbers with more than 50 different values and fewer than 5 rows for each.

    Args:
        parts: dict name -> array, shape `(n,)`, `(n, 1)` or one-hot `(n, k)`: numbers or text.
        source: Path or str, for the messages.
        classes: names of the classes of the first data, by number, or None if there were no names or there is no first.
        real: bool. Whether the labels of the first data were real numbers; None to look at the values.

    Returns:
        `Labels`. Where `classes` is given and the labels are others, there are none, and the report says so.

    Raises:
        ValueError: if an array has another rank, or holds anything but finite numbers or text.
    """
    if not parts:
        return Labels({}, None, [])
    what = ", ".join(parts)
    flat = {name: _flat(name, y, source) for name, y in parts.items()}
    if all(y.dtype.kind in "US" for y in flat.values()):
        return _named({name: y.astype(str) for name, y in flat.items()}, what, classes, real)
    for name, y in flat.items():
        if y.dtype.kind not in "buif" or not np.all(np.isfinite(y)):
            raise ValueError(f"`{name}` of {source} must hold finite numbers or names. Received: {_came(y)}")
    if classes:
        return Labels({}, classes, [ReadAs(f"labels {what}", "not used: numbers, where the first data had names")])
    real = _are_real(flat.values()) if real is None else real
    if not real and not all(np.array_equal(y, np.round(y)) for y in flat.values()):
        return Labels({}, None, [ReadAs(f"labels {what}", "not used: real numbers, where the first data had classes")])
    if real:
        line = ReadAs(f"labels {what}", "real numbers, which colour the pictures and are no feature")
        return Labels({name: y.astype(np.float32) for name, y in flat.items()}, None, [line])
    held = {name: y.astype(np.int64) for name, y in flat.items()}
    n_classes = len(np.unique(np.concatenate(list(held.values()))))
    return Labels(held, None, [ReadAs(f"labels {what}", f"{n_classes} class{'es' if n_classes != 1 else ''}")])


def _flat(name, y, source):
    if y.ndim == 2 and y.shape[1] > 1 and y.dtype.kind in "buif" and _is_one_hot(y):
        return y.argmax(axis=1)
    if y.ndim != 1 and not (y.ndim == 2 and y.shape[1] == 1):
        raise ValueError(
            f"`{name}` of {source} must have shape (n,), one label per row, or be one-hot, (n, classes). "
            f"Received: shape {y.shape}"
        )
    return y.reshape(-1)


def _is_one_hot(y):
    return bool(np.all((y == 0) | (y == 1)) and np.all(y.sum(axis=1) == 1))


def _named(flat, what, classes, real):
    everything = np.unique(np.concatenate(list(flat.values())))
    if classes is None and real is not None:
        return Labels({}, None, [ReadAs(f"labels {what}", "not used: names, where the first data had numbers")])
    if classes:
        unknown = sorted(set(everything.tolist()) - set(classes))
        if unknown:
            shown = ", ".join(unknown[:5]) + (", ..." if len(unknown) > 5 else "")
            return Labels({}, classes, [ReadAs(f"labels {what}", f"not used: the first data had no class {shown}")])
        number = {name: k for k, name in enumerate(classes)}
        held = {name: np.array([number[cell] for cell in y.tolist()], np.int64) for name, y in flat.items()}
    else:
        classes = tuple(everything.tolist())
        held = {name: np.searchsorted(everything, y).astype(np.int64) for name, y in flat.items()}
    shown = ", ".join(classes[:5]) + (", ..." if len(classes) > 5 else "")
    return Labels(
        held, classes, [ReadAs(f"labels {what}", f"{len(classes)} class{'es' if len(classes) > 1 else ''}: {shown}")]
    )


def _are_real(arrays):
    together = np.concatenate([y.astype(np.float64) for y in arrays])
    if not np.array_equal(together, np.round(together)):
        return True
    n_values = len(np.unique(together))
    return n_values > _MAX_CLASSES and len(together) < _ROWS_PER_CLASS * n_values


def _came(y):
    return f"dtype {y.dtype}" if y.dtype.kind not in "buif" else "NaN or inf"
