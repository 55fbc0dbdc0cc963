"""A use of a VAE as one object: its data, its model, how it is trained, and what is reported of it."""

import json
import math
import os
import pathlib

import keras
import numpy as np

from keras_vae._files import atomic_path
from keras_vae.data.arrays import as_examples
from keras_vae.data.dataset import Dataset
from keras_vae.data.load import load
from keras_vae.data.named import NAMES
from keras_vae.data.pipelines import batches
from keras_vae.evaluation.plots import plot_history
from keras_vae.models.registered import register_classes
from keras_vae.serving.export import export_saved_model
from keras_vae.tasks.data_checks import check_event_shape, fingerprint
from keras_vae.tasks.sample_figure import sample_figure
from keras_vae.tasks.scores import N_ROWS, annealed, score, split_kl
from keras_vae.tasks.setting import COMMON
from keras_vae.tasks.settings_estimator import SettingsEstimator

TEST_FRACTION = 0.1
# Importance samples of the report after a training; `evaluate` takes more.
N_SAMPLES = 100


class Task(SettingsEstimator):
    """Base of the uses: data, model, training and report of one use; `runs/` and the shell work with any of them.

    The next class gives `settings`, `learned_names` and `build_model`, and overrides what its data need. After `fit`
    there are `model_` and `history_`.

    Where this class speaks of data it means what `load` gives: an object with `name`, `note`, `event_shape`, `n_train`
    and `n_test`, a `keras_vae.data.Dataset` unless the next class overrides what reads it.

    Args:
        **settings: as in the table `settings`.

    Raises:
        TypeError: for an argument that is not in the table.
    """

    def build_model(self):
        """The compiled, untrained model, made from `settings_` and what `prepare` has learned.

        Raises:
            ValueError: for settings that make no model.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement `build_model()`.")

    # Data.

    def load(self, source, all_rows=False):
        """Data by name or path.

        Args:
            source: str, name or path as `keras_vae.data.load` takes it; or an array `(n, *event_shape)` of training
                examples; or a `Dataset`, which is given back.
            all_rows: bool. Whether no test part is to be split off; one that the data come with stays.

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
            return Dataset("array", x, None, None, None, event_shape=x.shape[1:], kind=kind, note=note)
        return load(source, test_fraction=0.0 if all_rows else TEST_FRACTION, seed=self.seed)

    @staticmethod
    def full_name(source):
        """A name of data as it is, a path in full: a run may go on from another working directory."""
        return source if source == "digits" or source in NAMES else os.path.abspath(os.path.expanduser(source))

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
        return batches(data, **self.pipeline(), start_epoch=start_epoch, repeat=True)

    def pipeline(self):
        """Arguments of `data.batches` for these data. Values stay raw: the model does its own preprocessing."""
        return {"batch_size": self.settings_["batch_size"], "seed": self.settings_["seed"], "scale": False}

    def steps_per_epoch(self, data):
        """Batches of one epoch, the short last one included."""
        return math.ceil(data.n_train / self.settings_["batch_size"])

    def rows(self, data, part="all"):
        """Rows in their own order, as the model takes them.

        Args:
            data: as `load` gives it.
            part: "train", "test" or "all".

        Returns:
            float32 array `(n, *event_shape)`; or a `tf.data.Dataset` for a folder of images.
        """
        names = [name for name in ("train", "test") if part in (name, "all") and data.size(name)]
        parts = [self._rows_of(data, name) for name in names]
        if isinstance(parts[0], np.ndarray):
            return np.concatenate(parts) if len(parts) > 1 else parts[0]
        return parts[0].concatenate(parts[1]) if len(parts) > 1 else parts[0]

    def _rows_of(self, data, part):
        x = getattr(data, f"x_{part}")
        if x is not None:
            return self.as_input(x)
        return batches(data, **self.pipeline(), shuffle=False, part=part)

    def as_input(self, x):
        """An array of the data as the model takes it, float32."""
        return x.astype(np.float32)

    def labels(self, data, part="all"):
        """Labels of the rows of `rows`, array `(n,)`, or None where the data have none."""
        parts = [getattr(data, f"y_{name}") for name in ("train", "test") if part in (name, "all") and data.size(name)]
        return None if any(y is None for y in parts) else np.concatenate(parts)

    def held_out(self, data):
        """The part that a model is judged on.

        Returns:
            `(x, labels or None, part)`: the test part, or the training part where there is no other; x as in `rows`.
        """
        part = "test" if data.n_test else "train"
        return self.rows(data, part), self.labels(data, part), part

    # Training.

    def train(self, model, data, start_epoch=0, **kwargs):
        """Train a model, from the state after `start_epoch` epochs to the last one.

        Args:
            model: as `build_model` gives it, or one that was saved after so many epochs.
            data: as `load` gives it.
            start_epoch: int.
            **kwargs: `callbacks`, `verbose` and the like, as in `keras.Model.fit`.

        Returns:
            `keras.callbacks.History`.
        """
        return model.fit(
            self.batches(data, start_epoch=start_epoch),
            initial_epoch=start_epoch,
            epochs=self.settings_["epochs"],
            steps_per_epoch=self.steps_per_epoch(data),
            validation_data=self.rows(data, "test") if data.n_test else None,
            **kwargs,
        )

    def fit(self, data, y=None, verbose="auto"):
        """Load, prepare, build and train; the same model as a run of the shell with the same settings.

        Args:
            data: as `load` takes it.
            y: ignored; scikit-learn passes it.
            verbose: as in `keras.Model.fit`.

        Returns:
            self, with `model_` and `history_`.

        Raises:
            ValueError: for settings out of range, or data that do not fit them.
        """
        data = self.load(data)
        self.prepare(data)
        self.model_ = self.build_model()
        self.history_ = self.train(self.model_, data, verbose=verbose).history
        return self

    # What the model is worth.

    def evaluate(self, model, data, n_samples=5000, n_annealed=0):
        """Figures of a model on the held-out part of data.

        Args:
            model: trained.
            data: as `load` gives it.
            n_samples: int >= 1. Importance samples per example.
            n_annealed: int >= 0. Examples, the first ones, whose log p(x) is checked by annealing.

        Returns:
            dict that JSON can hold: `part` of the data, figures, `units` and `note`.
        """
        x, _, part = self.held_out(data)
        figures = {**self.score(model, x, n_samples), **split_kl(model, x)}
        if n_annealed:
            figures |= annealed(model, x, n_annealed, n_samples)
        return {"part": part, **figures, "units": self.units(model), "note": data.note}

    def score(self, model, x, n_samples, n_rows=None):
        """The honest figures of a model on rows, see `scores.score`; the next class may add figures of its use."""
        return score(model, x, n_samples, n_rows)

    def units(self, model):
        """What the nats are measured on, in words, where it is not the data as they came; else ""."""
        return "" if model.preprocessing is None else model.preprocessing.nats_of

    def report(self, model, data, history):
        """What is kept of a training.

        Args:
            model: trained.
            data: as `load` gives it.
            history: dict of lists by name, `epoch` among them.

        Returns:
            `(figures, pictures)`: a dict that JSON can hold, and an iterator over pairs of a name and a matplotlib
            figure, each drawn when it is asked for.
        """
        x, _, part = self.held_out(data)
        figures = self.score(model, x, N_SAMPLES, n_rows=N_ROWS)
        figures = {"part": part, **figures, "units": self.units(model), "note": data.note}
        return figures, self.pictures(model, data, history)

    def pictures(self, model, data, history):
        """Iterator over the pictures of `report`."""
        yield "loss_curves", plot_history(history)

    def sample_figure(self, model, n, seed=None, temperature=1.0):
        """Picture of `n` new examples, a matplotlib figure; see `sample_figure`."""
        return sample_figure(model, n, seed, temperature)

    def describe(self, data):
        """What is trained on what, as pairs of a word and a line for people; the word may be ""."""
        shape = "x".join(map(str, self.event_shape_))
        yield "data", f"{data.name}: {data.n_train} training and {data.n_test} test examples of {shape}"
        if data.note:
            yield "", data.note
        yield "model", self.describe_model(data)

    def describe_model(self, data):
        """The settings of the use itself in a line."""
        own = {name: value for name, value in self.settings_.items() if name not in COMMON and value is not None}
        return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in own.items())

    # Kept and deployed.

    def save(self, path):
        """Write the fitted task to a folder, `model.keras` and `task.json`, which must not exist yet.

        Raises:
            ValueError: for a task that is not fitted.
            FileExistsError: if something is at `path`.
        """
        if not hasattr(self, "model_"):
            raise ValueError(f"{type(self).__name__} must be fitted before it is saved: call `fit`")
        if pathlib.Path(path).exists():
            raise FileExistsError(f"`path` must not exist yet. Received: path={str(path)!r}")
        content = {"settings": self.settings_, "learned": self.learned(), "history": self.history_}
        with atomic_path(path) as temporary:
            temporary.mkdir()
            self.model_.save(temporary / "model.keras")
            (temporary / "task.json").write_text(json.dumps(content), encoding="utf-8")

    @classmethod
    def load_fitted(cls, path):
        """The fitted task that `save` wrote.

        Raises:
            ValueError: if the folder does not hold one of this use.
        """
        path = pathlib.Path(path)
        try:
            content = json.loads((path / "task.json").read_text(encoding="utf-8"))
            task = cls(**content["settings"]).restore(content["learned"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path} cannot be read as a {cls.__name__}: {error}") from None
        register_classes()
        task.model_, task.history_ = keras.models.load_model(path / "model.keras"), content["history"]
        return task

    def export(self, path, preprocess=None):
        """Write the fitted model as a SavedModel; arguments and what comes back as in `keras_vae.export_saved_model`.

        Raises:
            ValueError: for a task that is not fitted, or as `export_saved_model`.
        """
        if not hasattr(self, "model_"):
            raise ValueError(f"{type(self).__name__} must be fitted before it is exported: call `fit`")
        return export_saved_model(self.model_, path, preprocess)
