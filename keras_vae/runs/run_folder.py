"""The folder of one training run: what lies where, written so that nothing half-done stands under a final name."""

import contextlib
import csv
import json
import os
import pathlib
import re
import zipfile

import numpy as np

from keras_vae._files import atomic_path, write_text
from keras_vae.runs.config import checked_config, read_json
from keras_vae.runs.load_model import load_model
from keras_vae.runs.output import check_writable, to_json

try:
    import fcntl
except ImportError:  # Windows.
    fcntl = None


class RunFolder:
    """`config.json`, `history.csv`, `metrics.json`, `model.keras`, `figures/*.png` and checkpoints of one run.

    Args:
        path: str or path. The folder; need not exist yet.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.config_file = self.path / "config.json"
        self.history_file = self.path / "history.csv"
        self.metrics_file = self.path / "metrics.json"
        self.model_file = self.path / "model.keras"
        self.figures = self.path / "figures"
        self.checkpoints = self.path / "checkpoints"

    @classmethod
    def open(cls, path):
        """The run folder at `path`.

        Raises:
            ValueError: if it is not one, or its `config.json` cannot be read.
        """
        run = cls(path)
        run.check_exists()
        run.read_config()
        return run

    def check_exists(self):
        """Check that a run has begun here.

        Raises:
            ValueError: if not.
        """
        if not self.exists:
            raise ValueError(f"{self.path} is not a run folder: it has no config.json. Make one with `keras-vae train`")

    @property
    def exists(self):
        """Whether a run has begun here."""
        return self.config_file.is_file()

    def check_free(self):
        """Check that a new run can begin here and nothing is lost: at most one that never finished an epoch is there.

        Raises:
            ValueError: if something else is there.
            OSError: if nothing can be written there.
        """
        if self.exists:
            self.read_config()
            if self.epochs_done or self.model_file.exists():
                raise ValueError(f"{self.path} holds a run already: pass --resume to go on with it, or another --out")
        elif self.path.exists() and not (self.path.is_dir() and all(map(_is_hidden, self.path.iterdir()))):
            raise ValueError(f"{self.path} exists and is not a run folder: pass another --out")
        check_writable(self.path)

    @contextlib.contextmanager
    def locked(self):
        """Keep other processes from training the run while the block runs, and clear away what a killed one left.

        The lock goes with the process, however that ends. A folder made for it goes if nothing was written into it.

        Raises:
            ValueError: if another process is training the run.
        """
        is_new = not self.path.exists()
        self.path.mkdir(parents=True, exist_ok=True)
        folder = None if fcntl is None else os.open(self.path, os.O_RDONLY)
        try:
            if folder is not None:
                _lock(folder, self.path)
            self._clear_leftovers()
            yield
        finally:
            if folder is not None:
                os.close(folder)
            if is_new:
                with contextlib.suppress(OSError):
                    self.path.rmdir()  # Refused where there is anything in it.

    def _clear_leftovers(self):
        leftovers = self.checkpoint_files()[:-1]
        for place in (self.path, self.checkpoints, self.figures):
            leftovers.extend(place.glob(".tmp-*"))
        for path in leftovers:
            path.unlink(missing_ok=True)

    def is_trained(self, config, task):
        """Whether there is nothing left to train: the last epoch is done, or the held-out bound no longer rises.

        Args:
            config: dict. Of the run, with the epochs that are wanted.
            task: prepared `Task` of the run.
        """
        done = self.epochs_done
        if done == 0 or done >= config["settings"]["epochs"]:
            return done > 0
        return task.keep_best(self.read_history(done)).is_over

    def is_finished(self, config, task):
        """Whether the model and the final figures of the whole training are there.

        Args:
            config: dict. Of the run, with the epochs that are wanted.
            task: prepared `Task` of the run.
        """
        if not (self.model_file.is_file() and self.metrics_file.is_file()):
            return False
        try:
            metrics = self.read_metrics()
        except ValueError:
            return False  # They can be made again from the checkpoint.
        # A run from before trainings could end early has no number of its own for the epochs done.
        done = metrics.get("epochs_done", metrics.get("epochs"))
        is_wanted = metrics.get("epochs") == config["settings"]["epochs"] or self.is_trained(config, task)
        return is_wanted and done == (self.epochs_done or done)

    def read_config(self):
        """What the run was begun with, a dict; see `config.py`.

        Raises:
            ValueError: if the file cannot be read, or is not a config of this version.
        """
        return checked_config(read_json(self.config_file), self.config_file)

    def write_config(self, config):
        """Write what the run was begun with."""
        write_text(self.config_file, json.dumps(config, indent=2) + "\n")

    def read_metrics(self):
        """The final figures of a finished run.

        Raises:
            ValueError: if the file cannot be read.
        """
        return read_json(self.metrics_file)

    def write_metrics(self, metrics):
        """Write the final figures of the run."""
        write_text(self.metrics_file, to_json(metrics, indent=2) + "\n")

    def read_history(self, n_epochs=None):
        """Logs of the first `n_epochs` epochs: dict of lists, `epoch` counted from 1 among them; empty for none.

        Args:
            n_epochs: int, or None for all that the file holds, also those beyond the newest checkpoint.

        Raises:
            ValueError: if the file cannot be read or holds fewer.
        """
        if n_epochs == 0 or (n_epochs is None and not self.history_file.is_file()):
            return {}
        try:
            with self.history_file.open(newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))[:n_epochs]
            history = {key: [float(row[key]) for row in rows] for key in (rows[0] if rows else ())}
        except (OSError, TypeError, ValueError, csv.Error) as error:
            raise ValueError(f"{self.history_file} cannot be read: {error}") from None
        n_epochs = len(rows) if n_epochs is None else n_epochs
        if n_epochs and history.get("epoch") != list(range(1, n_epochs + 1)):
            raise ValueError(f"{self.history_file} must hold the {n_epochs} epochs of the newest checkpoint")
        return {**history, "epoch": [int(epoch) for epoch in history["epoch"]]}

    def write_history(self, history):
        """Write the logs by epoch; numbers keep every digit, so that a resumed run ends with the same file."""
        with atomic_path(self.history_file) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(history)
            writer.writerows(zip(*history.values(), strict=True))

    def save_best(self, weights, epoch, start=None):
        """Save the weights of the best epoch so far, beside those of the best before it.

        Args:
            weights: list of arrays.
            epoch: int; 0 for the start of the training.
            start: float or None. The metric of the start, for epoch 0.
        """
        path = self.checkpoints / f"best-{epoch:05d}.npz"
        if not path.is_file():
            with atomic_path(path) as temporary, temporary.open("wb") as file:
                more = {} if start is None else {"start": start}
                np.savez(file, **{f"w{i:05d}": value for i, value in enumerate(weights)}, **more)

    def load_best(self):
        """What `KeepBest` needs to go on with the best epoch up to the newest checkpoint.

        Returns:
            dict of `weights`, a list of arrays, and `start`, a float or None; empty where nothing is there.

        Raises:
            ValueError: if the file cannot be read.
        """
        files = self._best_files()
        if not files:
            return {}
        try:
            with np.load(files[-1], allow_pickle=False) as archive:
                weights = [archive[name] for name in sorted(archive.files) if name != "start"]
                return {"weights": weights, "start": float(archive["start"]) if "start" in archive.files else None}
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise ValueError(f"{files[-1]} cannot be read: {error}") from None

    def _best_files(self):
        """The weights of best epochs up to the newest checkpoint; those of a later one were written before a kill."""
        return [file for file in self._numbered(r"best-\d+\.npz") if _epoch_of(file) <= self.epochs_done]

    def save_checkpoint(self, model, epoch):
        """Save the whole training state after `epoch` epochs; older checkpoints go when it is there."""
        newest = self.checkpoints / f"epoch-{epoch:05d}.keras"
        model.save(newest)
        for path in (*self.checkpoint_files()[:-1], *self._best_files()[:-1]):
            path.unlink(missing_ok=True)

    def load_checkpoint(self):
        """The newest training state: `(model, epochs done)`, or `(None, 0)` where there is none.

        Raises:
            ValueError: if the file is there and cannot be read.
        """
        files = self.checkpoint_files()
        return (load_model(files[-1]), self.epochs_done) if files else (None, 0)

    @property
    def epochs_done(self):
        """Epochs behind the newest checkpoint."""
        files = self.checkpoint_files()
        return _epoch_of(files[-1]) if files else 0

    def checkpoint_files(self):
        """The checkpoints that are there, the newest last."""
        return self._numbered(r"epoch-\d+\.keras")

    def _numbered(self, pattern):
        """Files in `checkpoints` whose names match, by the number in them."""
        if not self.checkpoints.is_dir():
            return []
        return sorted((p for p in self.checkpoints.iterdir() if re.fullmatch(pattern, p.name)), key=_epoch_of)

    @property
    def kept_epoch(self):
        """Number of the epoch whose weights `load_model` gives; None for a run from before this was written down."""
        if self.model_file.is_file():
            return self.read_metrics().get("kept_epoch") if self.metrics_file.is_file() else None
        files = self._best_files()
        return _epoch_of(files[-1]) if files else self.epochs_done

    def load_model(self):
        """The model with the best weights: the trained one, or of an unfinished run what it has reached.

        Raises:
            ValueError: if there is none, or the file cannot be read.
        """
        if self.model_file.is_file():
            return load_model(self.model_file)
        model, _ = self.load_checkpoint()
        if model is None:
            raise ValueError(f"{self.path} has no model yet: its training has not finished an epoch")
        best = self.load_best()
        if best:
            model.set_weights(best["weights"])
        return model


def _is_hidden(path):
    return path.name.startswith(".")


def _epoch_of(file):
    return int(file.stem.rpartition("-")[2])


def _lock(folder, path):
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ValueError(f"{path} is being trained by another process") from None
    except OSError:
        pass  # A file system without locks: then it is up to the user.
