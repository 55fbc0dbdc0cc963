"""`Dataset`, the result of every loader: a training and a test part, and the shape and kind of an example."""

import dataclasses

import numpy as np

from keras_vae._checks import check_choice, check_shape

KINDS = ("image", "table", "sequence")
PARTS = ("train", "test")


@dataclasses.dataclass(frozen=True, eq=False)
class Dataset:
    """A data set in two parts: arrays, or names of image files, which are read when they are used.

    Args:
        name: str. `"digits"`, `"mnist"`, ..., or the name of the file or folder.
        x_train: Array, shape `(n, *event_shape)`, or None if the examples stay in files. Grey and colour values are
            uint8, 0 to 255; everything else is float32 in the units of the source.
        x_test: The same for the test part; None if there is no such part.
        y_train: Array of int64 labels, shape `(n,)`, or None.
        y_test: The same for the test part.
        event_shape: tuple. Shape of one example, without the batch axis.
        kind: `"image"`, `"table"` or `"sequence"`.
        train_files: tuple of str or None. Image files of the training part, when `x_train` is None.
        test_files: The same for the test part.
        note: str. What a reader of its numbers must know, such as "a part of CIFAR-10"; often empty.
        class_names: tuple of str or None. Name of each label, when the source has names.
        feature_names: tuple of str or None. Name of each column of a table, when the source has names.

    Raises:
        ValueError: if `kind` is unknown, a part does not have the event shape, there is no training part, or there
            are not as many labels as examples.
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

    def __post_init__(self):
        check_choice("kind", self.kind, KINDS)
        object.__setattr__(self, "event_shape", check_shape("event_shape", self.event_shape))
        if self.n_train == 0:
            raise ValueError(f"a Dataset needs `x_train` or `train_files`. Received: neither, for {self.name!r}")
        for part in PARTS:
            x, y = getattr(self, f"x_{part}"), getattr(self, f"y_{part}")
            if x is not None and tuple(x.shape[1:]) != self.event_shape:
                raise ValueError(
                    f"`x_{part}` must have shape (n, {', '.join(map(str, self.event_shape))}). "
                    f"Received: x_{part}.shape={tuple(x.shape)}"
                )
            if y is not None and len(y) != self.size(part):
                raise ValueError(
                    f"`y_{part}` must hold one label per example, {self.size(part)}. Received: {len(y)} labels"
                )

    def size(self, part: str) -> int:
        """Number of examples in `part` ("train" or "test"); 0 if there is no such part.

        Raises:
            ValueError: if `part` is neither.
        """
        check_choice("part", part, PARTS)
        x, files = getattr(self, f"x_{part}"), getattr(self, f"{part}_files")
        return len(x) if x is not None else len(files or ())

    @property
    def n_train(self) -> int:
        """Number of training examples."""
        return self.size("train")

    @property
    def n_test(self) -> int:
        """Number of test examples; 0 if there is no test part."""
        return self.size("test")
