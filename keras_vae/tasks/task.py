"""A use of a VAE as one object: its data, its model, how it is trained, and what is reported of it."""

import json
import pathlib

import keras

from keras_vae._files import atomic_path
from keras_vae.evaluation.likelihood import check_density
from keras_vae.evaluation.plots import plot_history
from keras_vae.models.registered import register_classes
from keras_vae.serving.export import export_saved_model
from keras_vae.tasks.effort import Effort, affordable
from keras_vae.tasks.sample_figure import sample_figure
from keras_vae.tasks.scores import N_ROWS, annealed, score, split_kl
from keras_vae.tasks.setting import COMMON
from keras_vae.tasks.task_training import TaskTraining

# Importance samples per example where nothing is said, and how long their estimate may take after a training, and when
# it is asked for.
N_SAMPLES = 500
REPORT_SECONDS, EVALUATE_SECONDS = 15.0, 40.0


class Task(TaskTraining):
    """Base of the uses: data, model, training and report of one use; `runs/` and the shell work with any of them.

    The next class gives `settings`, `learned_names` and `build_model`, and overrides what its data need. What is done
    with data is in `TaskData`, the training in `TaskTraining`; after `fit` there are `model_`, `history_` and
    `kept_epoch_`, the epoch whose weights the model has.

    Args:
        **settings: as in the table `settings`.

    Raises:
        TypeError: for an argument that is not in the table.
    """

    # What the model is worth.

    def evaluate(self, model, data, n_samples=None, n_annealed=0, n_rows=None, seconds=EVALUATE_SECONDS):
        """Figures of a model on the held-out part of data.

        Args:
            model: trained.
            data: as `load` gives it.
            n_samples: int >= 1, or None for 500, fewer of a slow model. Importance samples per example for log p(x).
            n_rows: int >= 1, or None for as many as fit into the time. Examples for log p(x), random ones of an array.
            seconds: float. About how long the estimate of log p(x) may take, where not both numbers are given.
            n_annealed: int >= 0. Examples, the first ones, whose log p(x) is checked by annealing.

        Returns:
            dict that JSON can hold: `part` of the data, figures, `units` and `note`.
        """
        x, _, part = self.held_out(data)
        effort = self.effort(model, data.size(part), seconds, n_samples, n_rows)
        figures = {**self.score(model, x, *effort), **split_kl(model, x)}
        if n_annealed:
            figures |= annealed(model, x, n_annealed, effort.n_samples)
        return {"part": part, **figures, "units": self.units(model), "note": data.note}

    def effort(self, model, n_available, seconds, n_samples=None, n_rows=None):
        """Importance samples and rows for log p(x), `Effort`: those given, else what fits into the time."""
        if n_samples is not None and n_rows is not None:
            return Effort(n_samples, min(n_rows, n_available))
        n_available = n_available if n_rows is None else min(n_rows, n_available)
        return affordable(model, n_available, seconds, n_samples or N_SAMPLES, n_samples is not None)

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
        effort = self.effort(model, min(data.size(part), N_ROWS), REPORT_SECONDS)
        figures = self.score(model, x, *effort)
        figures = {"part": part, **figures, "units": self.units(model), "note": data.note}
        return figures, self.pictures(model, data, history)

    def pictures(self, model, data, history):
        """Iterator over the pictures of `report`."""
        yield "loss_curves", plot_history(history)

    def score_rows(self, model, x, n_samples):
        """What a model makes of every row: dict of arrays `(n,)` by name, nats.

        Args:
            model: trained.
            x: rows, as of `rows`.
            n_samples: int >= 1. Importance samples per row for `log_prob`.

        Raises:
            ValueError: for a model without a bound.
        """
        check_density(model)
        bounds, _ = model.bound_rows(x, n_samples)
        results = {"elbo": bounds.elbo, "log_prob": bounds.log_prob}
        return results | {"reconstruction_loss": -bounds.elbo - bounds.kl, "kl": bounds.kl}

    def new_rows(self, model, n, seed, temperature=1.0, draw=None, condition=None):
        """`n` new rows that look like the data, as `columns_of` takes them; arguments as in `runs.sample_run`."""
        draw = self.kind_ == "table" if draw is None else draw
        return model.sample(n, seed=seed, temperature=temperature, draw=draw, condition=condition)

    def condition_of_samples(self, n, label=None):
        """What the model is told of `n` new examples; here nothing, None.

        Args:
            n: int >= 1.
            label: str or None. The class that they are to be of.

        Raises:
            ValueError: for a label of a model that is told none.
        """
        if label is not None:
            raise ValueError(
                "`label` must be None for a model that is told no class: train one with --condition label. Received: "
                f"label={label!r}"
            )

    def describe_samples(self, condition):
        """What stands beside new examples in a file: dict of arrays `(n,)` by name, here empty."""
        return {}

    def sample_figure(self, model, n, seed=None, temperature=1.0, condition=None):
        """Picture of `n` new examples, a matplotlib figure; see `sample_figure`."""
        return sample_figure(model, n, seed, temperature, condition=condition)

    def describe(self, data):
        """What is trained on what, as pairs of a word and a line for people; the word may be ""."""
        shape = "x".join(map(str, self.event_shape_))
        held_out = f", {data.n_validation} validation" if getattr(data, "n_validation", 0) else ""
        yield "data", f"{data.name}: {data.n_train} training{held_out} and {data.n_test} test examples of {shape}"
        if data.note:
            yield "", data.note
        yield "model", self.describe_model(data)

    def describe_model(self, data):
        """The settings of the use itself in a line."""
        own = {name: value for name, value in self.settings_.items() if name not in COMMON and value is not None}
        return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in own.items())

    def columns_of(self, x):
        """Rows that look like the data as columns of a table: what `runs` writes into a file of such rows.

        Args:
            x: array `(n, *event_shape)`, in the units of the data.

        Returns:
            dict by name: arrays `(n,)`, or pairs of an array `(n, ...)` and the names of its columns or None.
        """
        return {"x": (x, self.feature_names_ if x.ndim == 2 else None)}

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
            task = cls(**content["settings"]).with_learned(content["learned"])
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
        return export_saved_model(self.model_, path, preprocess, self.endpoints(self.model_))

    def endpoints(self, model):
        """What a SavedModel of the use serves beside what every model does: dict of `models.Endpoint` by name."""
        return {}
