"""`Dataset`, the result of every loader: the parts of the data, and the shape and kind of an example."""

import dataclasses
from typing import Any

import numpy as np

from keras_vae._checks import check_choice, check_int, check_number, check_shape
from keras_vae._reading import FITS, KINDS
from keras_vae.data.columns import TableColumns
from keras_vae.data.reading import ReadAs
from keras_vae.data.split_rows import split_rows

PARTS = ("train", "validation", "test")
# Makes the split of the validation part another one than the split of the test part, whatever the seed.
_VALIDATION_STREAM = 1


@dataclasses.dataclass(frozen=True, eq=False)
class Dataset:
    """A data set in parts: arrays, or names of image files, which are read when they are used.

    The training part is always there, the validation part (on which a training is stopped) and the test part (on which
    the result is judged) may be missing.

    Args:
        name: str. `"digits"`, `"mnist"`, ..., or the name of the file or folder.
        x_train: Array, shape `(n, *event_shape)`, or None if the examples stay in files. Grey and colour values are
            uint8, 0 to 255; tokens are int32; sentences are str in an array of objects, shape `(n,)`; everything else
            is float32 in the units of the source.
        x_test: The same for the test part; None if there is no such part.
        y_train: Array of labels, shape `(n,)`, or None: int64 classes, or float32 real numbers.
        y_test: The same for the test part.
        event_shape: tuple. Shape of one example, without the batch axis; () for sentences.
        kind: `"image"`, `"table"`, `"sequence"` or `"text"`.
        train_files: tuple of str or None. Image files of the training part, when `x_train` is None.
        test_files: The same for the test part.
        note: str. What a reader of its numbers must know, such as "a part of CIFAR-10"; often empty.
        class_names: tuple of str or None. Name of each label, when the source has names.
        feature_names: tuple of str or None. Name of each column of a table, when the source has names.
        x_validation, y_validation, validation_files: the same as for the other parts.
        ids_train, ids_validation, ids_test: tuple of str or None. Name of each row, from the id column of a table.
        label_name: str or None. Name of the column or array of labels.
        report: tuple of `ReadAs`. What was read as what, and which option overrules it.
        schema: dict that JSON can hold. What `load(schema=...)` needs to read another file exactly as this one.
        fit: how images of a folder are brought to the event shape: `"stretch"`, `"crop"` or `"pad"`.

    Raises:
        ValueError: if `kind` or `fit` is unknown, a part does not have the event shape, there is no training part, or
            there are not as many labels or ids as examples.
    """

    name: str
    x_train: np.ndarray | None = dataclasses.field(repr=False)
    x_test: np.ndarray | None = dataclasses.field(repr=False)
    y_train: np.ndarray | None = dataclasses.field(repr=False)
    y_test: np.ndarray | None = dataclasses.field(repr=False)
    event_shape: tuple[int, ...]
    kind: str
    train_files: tuple[str, ...] | None = dataclasses.field(default=None, repr=False)
    test_files: tuple[str, ...] | None = dataclasses.field(default=None, repr=False)
    note: str = ""
    class_names: tuple[str, ...] | None = None
    feature_names: tuple[str, ...] | None = dataclasses.field(default=None, repr=False)
    x_validation: np.ndarray | None = dataclasses.field(default=None, repr=False)
    y_validation: np.ndarray | None = dataclasses.field(default=None, repr=False)
    validation_files: tuple[str, ...] | None = dataclasses.field(default=None, repr=False)
    ids_train: tuple[str, ...] | None = dataclasses.field(default=None, repr=False)
    ids_validation: tuple[str, ...] | None = dataclasses.field(default=None, repr=False)
    ids_test: tuple[str, ...] | None = dataclasses.field(default=None, repr=False)
    label_name: str | None = dataclasses.field(default=None, repr=False)
    report: tuple[ReadAs, ...] = dataclasses.field(default=(), repr=False)
    schema: dict[str, Any] = dataclasses.field(default_factory=dict, repr=False)
    fit: str = dataclasses.field(default="stretch", repr=False)

    def __post_init__(self):
        check_choice("kind", self.kind, KINDS)
        check_choice("fit", self.fit, FITS)
        shape = () if self.kind == "text" else check_shape("event_shape", self.event_shape)
        object.__setattr__(self, "event_shape", shape)
        if self.n_train == 0:
            raise ValueError(f"a Dataset needs `x_train` or `train_files`. Received: neither, for {self.name!r}")
        for part in PARTS:
            x = getattr(self, f"x_{part}")
            if x is not None and tuple(x.shape[1:]) != self.event_shape:
                raise ValueError(
                    f"`x_{part}` must have shape (n, {', '.join(map(str, self.event_shape))}). "
                    f"Received: x_{part}.shape={tuple(x.shape)}"
                )
            for name, what in ((f"y_{part}", "label"), (f"ids_{part}", "id")):
                given = getattr(self, name)
                if given is not None and len(given) != self.size(part):
                    raise ValueError(
                        f"`{name}` must hold one {what} per example, {self.size(part)}. Received: {len(given)} {what}s"
                    )

    def size(self, part: str) -> int:
        """Number of examples in `part` ("train", "validation" or "test"); 0 if there is no such part.

        Raises:
            ValueError: if `part` is none of them.
        """
        check_choice("part", part, PARTS)
        x, files = getattr(self, f"x_{part}"), getattr(self, f"{part}_files")
        return len(x) if x is not None else len(files or ())

    @property
    def n_train(self) -> int:
        """Number of training examples."""
        return self.size("train")

    @property
    def n_validation(self) -> int:
        """Number of validation examples; 0 if there is no validation part."""
        return self.size("validation")

    @property
    def n_test(self) -> int:
        """Number of test examples; 0 if there is no test part."""
        return self.size("test")

    @property
    def columns(self) -> TableColumns | None:
        """What the columns of a table are that was read with `Reading(mixed=True)`; None for other data."""
        return TableColumns.of_json(self.schema["columns_as"]) if "columns_as" in self.schema else None

    @property
    def real_labels(self) -> bool:
        """Whether the labels are real numbers, such as prices, and no classes."""
        return any(y is not None and y.dtype.kind == "f" for y in (getattr(self, f"y_{part}") for part in PARTS))

    def with_validation(self, fraction: float, seed: int) -> "Dataset":
        """The same data with a random validation part, which is taken from the training part, never from the test part.

        Args:
            fraction: float in [0, 1). Share of the training part; above 0 at least one example.
            seed: int >= 0. Seed of the split.

        Returns:
            `Dataset`; this one if it has a validation part already, if `fraction` is 0, or if it has one example.

        Raises:
            ValueError: if `fraction` or `seed` is out of range.
        """
        if check_number("fraction", fraction, minimum=0, maximum=1) == 1:
            raise ValueError("`fraction` must be < 1, or nothing is left to train on. Received: fraction=1")
        rows = split_rows(self.n_train, fraction, (check_int("seed", seed, 0), _VALIDATION_STREAM))
        if self.n_validation or not len(rows[1]):
            return self
        changes = {}
        for part, chosen in zip(("train", "validation"), rows, strict=True):
            for name, of in (
                ("x_{}", "x_train"),
                ("y_{}", "y_train"),
                ("{}_files", "train_files"),
                ("ids_{}", "ids_train"),
            ):
                changes[name.format(part)] = _rows_of(getattr(self, of), chosen)
        return dataclasses.replace(self, **changes)


def _rows_of(values, rows):
    """The rows of an array or a tuple; None stays None."""
    if values is None:
        return None
    return tuple(values[row] for row in rows) if isinstance(values, tuple) else values[rows]
