"""The data of a task: where they come from, their parts, and the rows and batches that its model is given."""

import dataclasses
import math
import os

import numpy as np

from keras_vae.data.arrays import as_examples
from keras_vae.data.dataset import PARTS, Dataset
from keras_vae.data.load import load
from keras_vae.data.named import NAMES
from keras_vae.data.named_text import TEXT_NAMES
from keras_vae.data.pipelines import batches
from keras_vae.data.reading import Reading
from keras_vae.data.split_rows import split_rows
from keras_vae.tasks.data_checks import check_event_shape, fingerprint
from keras_vae.tasks.reading_settings import READING
from keras_vae.tasks.settings_estimator import SettingsEstimator

TEST_FRACTION = 0.1
# Enough to see a bound rise; more would be missing from the training.
MAX_VALIDATION = 5000
# Fewer rows say nothing about a bound that could be told from chance.
MIN_VALIDATION = 5


class TaskData(SettingsEstimator):
    """What a `Task` does with its data.

    Where this class speaks of data it means what `load` gives: an object with `name`, `note`, `event_shape`, `n_train`,
    `n_validation` and `n_test`, a `keras_vae.data.Dataset` unless the next class overrides what reads it.

    One more value is learned: `schema_`, how the data were read, by which others are read in the same way.
    """

    def load(self, source, all_rows=False):
        """Data by name or path.

        Args:
            source: str, name or path as `keras_vae.data.load` takes it; or an array `(n, *event_shape)` of training
                examples; or a `Dataset`, which is given back.
            all_rows: bool. Whether they are to be looked at as a whole: no test and no validation part is split off;
                those that the data come with stay. After `prepare` they are read as the data of the training were.

        Returns:
            `Dataset`.

        Raises:
            ValueError, FileNotFoundError, ConnectionError: as `keras_vae.data.load`.
        """
        if isinstance(source, Dataset):
            return source
        if isinstance(source, np.ndarray):
            parts, kind, note = as_examples({"x": source}, "the array")
            x = parts["x"]
            return self._with_validation(
                Dataset("array", x, None, None, None, event_shape=x.shape[1:], kind=kind, note=note)
            )
        fraction = 0.0 if all_rows else TEST_FRACTION
        if all_rows:
            return self._read(source, fraction, getattr(self, "schema_", None))
        return self._with_validation(self._read(source, fraction))

    def _read(self, source, fraction, schema=None):
        reading = self.reading()
        data = load(source, fraction, self.seed, reading=reading, schema=schema)
        # A task of sentences asks for them.
        if data.kind != "text" or reading.kind == "text":
            return data
        if source in TEXT_NAMES:
            raise ValueError(f"{source} holds sentences, which {type(self).__name__} does not take")
        # What other tasks take of a text is its characters.
        return load(source, fraction, self.seed, reading=dataclasses.replace(reading, kind="sequence"))

    @property
    def kind_(self):
        """What kind of data the task was prepared for: "image", "table", "sequence" or "text"."""
        by_shape = {1: "table", 2: "sequence", 3: "image"}.get(len(self.event_shape_), "sequence")
        return self.schema_.get("kind", by_shape)

    @property
    def feature_names_(self):
        """Names of the columns that the task was prepared for, list of str; None where they have none."""
        return self.schema_.get("features")

    def reading(self):
        """How the source is read, `keras_vae.data.Reading`: what the settings overrule."""
        given = {name.removeprefix("image_"): getattr(self, name) for name in READING if name in self.settings}
        return Reading(**{n: tuple(v) if isinstance(v, list) else v for n, v in given.items() if v is not None})

    def _with_validation(self, data):
        """The data with a part that says when training is over; none is taken from a few rows."""
        share = self.settings["validation"].checked("validation", self.validation)
        n_rows = min(round(share * data.n_train), MAX_VALIDATION)
        if share and n_rows < MIN_VALIDATION:
            n_rows = min(MIN_VALIDATION, data.n_train // 4)
        return data.with_validation(n_rows / data.n_train, self.seed)

    @staticmethod
    def full_name(source):
        """A name of data as it is, a path in full: a run may go on from another working directory."""
        return source if source in ("digits", *NAMES, *TEXT_NAMES) else os.path.abspath(os.path.expanduser(source))

    def check_data(self, data):
        """Check that data can be put into the model.

        Raises:
            ValueError: if they cannot.
        """
        check_event_shape(data, self.event_shape_)

    def fingerprint(self, data):
        """Checksum, str, by which changed data are known: a run goes on with those that it began with only."""
        return fingerprint(data)

    def batches(self, data, start_epoch=0):
        """Endless batches of the training part; epoch e is a pure function of the seed and e, see `data.batches`."""
        told = self.told_of_rows(data, "train")
        return batches(data, **self.pipeline(), condition=told, start_epoch=start_epoch, repeat=True)

    def pipeline(self):
        """Arguments of `data.batches` for these data. Values stay raw: the model does its own preprocessing."""
        return {"batch_size": self.settings_["batch_size"], "seed": self.settings_["seed"], "scale": False}

    def told_of_rows(self, data, part):
        """What the model is told of every row of a part beside the row, array `(n, ...)`; here nothing, None."""

    def steps_per_epoch(self, data):
        """Batches of one epoch, the short last one included."""
        return math.ceil(data.n_train / self.settings_["batch_size"])

    def rows(self, data, part="all"):
        """Rows in the order of the parts, and in their own order within each, as the model takes them.

        Args:
            data: as `load` gives it.
            part: "train", "validation", "test" or "all".

        Returns:
            float32 array `(n, *event_shape)`, a dict of it and the condition where there is one; or a `tf.data.Dataset`
            for a folder of images.
        """
        names = parts_of(data, part)
        parts = [self._rows_of(data, name) for name in names]
        if isinstance(parts[0], np.ndarray):
            told = [self.told_of_rows(data, name) for name in names]
            x = np.concatenate(parts) if len(parts) > 1 else parts[0]
            return x if told[0] is None else {"x": x, "condition": np.concatenate(told)}
        rows = parts[0]
        for more in parts[1:]:
            rows = rows.concatenate(more)
        return rows

    def _rows_of(self, data, part):
        x = getattr(data, f"x_{part}")
        if x is not None:
            return self.as_input(x)
        return batches(data, **self.pipeline(), condition=self.told_of_rows(data, part), shuffle=False, part=part)

    def as_input(self, x):
        """An array of the data as the model takes it, float32."""
        return x.astype(np.float32)

    def labels(self, data, part="all"):
        """Labels of the rows of `rows`, array `(n,)`, or None where the data have none."""
        parts = [getattr(data, f"y_{name}") for name in parts_of(data, part)]
        return None if any(y is None for y in parts) else np.concatenate(parts)

    def parts_of_rows(self, data, is_own):
        """The part that each row of `rows(data)` belongs to, str array `(n,)`.

        Args:
            data: as `load(..., all_rows=True)` gives it.
            is_own: bool. Whether they are the data of the training: then rows that were split off for it are known.
        """
        parts = np.concatenate([np.full(data.size(name), name, dtype=object) for name in parts_of(data)])
        if is_own and not data.n_test:
            n_train = data.n_train
            numbers = np.arange(n_train)[:, np.newaxis]
            train, test = split_rows(n_train, TEST_FRACTION, self.seed)
            split = self._with_validation(
                Dataset("rows", numbers[train], numbers[test] if len(test) else None, None, None, (1,), "table")
            )
            for name in parts_of(split):
                parts[getattr(split, f"x_{name}")[:, 0]] = name
        return parts.astype(str)

    def row_numbers(self, data):
        """Which rows of data those of `rows(data)` are, int array `(n,)`, counted through all parts: here all."""
        return np.arange(sum(data.size(name) for name in parts_of(data)))

    def held_out(self, data):
        """The part that a model is judged on.

        Returns:
            `(x, labels or None, part)`: the test part, or the training part where there is no other; x as in `rows`.
        """
        part = "test" if data.n_test else "train"
        return self.rows(data, part), self.labels(data, part), part


def parts_of(data, part="all"):
    """Names of the parts of `data` that there are, or of the one part.

    Args:
        data: `Dataset`.
        part: "train", "validation", "test" or "all".
    """
    return [name for name in PARTS if part in (name, "all") and data.size(name)]
