"""The folder of one training run: what lies where, written so that nothing half-done stands under a final name."""

import contextlib
import csv
import json
import math
import os
import pathlib
import re
import zipfile

import keras

from keras_vae._files import atomic_path, write_text

try:
    import fcntl
except ImportError:  # Windows.
    fcntl = None

FORMAT = 1

# What a config holds, by type; a file that somebody has edited is refused before it leads to a wrong model.
SETTINGS = {
    "data": str,
    "n_train": int,
    "fingerprint": str,
    "event_shape": list,
    "network": str,
    "likelihood": str,
    "latent_dim": int,
    "hidden_units": (list, type(None)),
    "beta": (int, float),
    "free_bits": (int, float, type(None)),
    "learning_rate": (int, float),
    "seed": int,
    "epochs": int,
    "batch_size": int,
    "input": dict,
}
INPUT_SETTINGS = ("binarize", "scale", "standardize", "n_classes")


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
        if not run.exists:
            raise ValueError(f"{run.path} is not a run folder: it has no config.json. Make one with `keras-vae train`")
        run.read_config()
        return run

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
        leftovers = self._checkpoint_files()[:-1]
        for place in (self.path, self.checkpoints, self.figures):
            leftovers.extend(place.glob(".tmp-*"))
        for path in leftovers:
            path.unlink(missing_ok=True)

    def is_finished(self, epochs):
        """Whether the model and the final figures of a training of so many epochs are there."""
        if not (self.model_file.is_file() and self.metrics_file.is_file()):
            return False
        try:
            return self.read_metrics().get("epochs") == epochs
        except ValueError:
            return False  # They can be made again from the checkpoint.

    def read_config(self):
        """The settings of the run.

        Raises:
            ValueError: if the file cannot be read, or does not hold the settings of this version.
        """
        config = self._read_json(self.config_file)
        if config.get("format") != FORMAT:
            raise ValueError(f"{self.config_file} is not a config of format {FORMAT} of keras-vae")
        wrong = [name for name, kind in SETTINGS.items() if not isinstance(config.get(name, ...), kind)]
        if not wrong:
            wrong = [name for name in INPUT_SETTINGS if name not in config["input"]]
        if wrong:
            raise ValueError(f"{self.config_file} must hold {', '.join(wrong)} as `keras-vae train` wrote it")
        return config

    def write_config(self, config):
        """Write the settings of the run."""
        write_text(self.config_file, json.dumps({"format": FORMAT, **config}, indent=2) + "\n")

    def read_metrics(self):
        """The final figures of a finished run.

        Raises:
            ValueError: if the file cannot be read.
        """
        return self._read_json(self.metrics_file)

    def write_metrics(self, metrics):
        """Write the final figures of the run."""
        write_text(self.metrics_file, to_json(metrics, indent=2) + "\n")

    def _read_json(self, path):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ValueError(f"{path} cannot be read: {error}") from None
        if not isinstance(content, dict):
            raise ValueError(f"{path} cannot be read: it holds no JSON object")
        return content

    def read_history(self, n_epochs):
        """Logs of the first `n_epochs` epochs: dict of lists, `epoch` counted from 1 among them; empty for none.

        Raises:
            ValueError: if the file cannot be read or holds fewer.
        """
        if n_epochs == 0:
            return {}
        try:
            with self.history_file.open(newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))[:n_epochs]
            history = {key: [float(row[key]) for row in rows] for key in (rows[0] if rows else ())}
        except (OSError, TypeError, ValueError, csv.Error) as error:
            raise ValueError(f"{self.history_file} cannot be read: {error}") from None
        if history.get("epoch") != list(range(1, n_epochs + 1)):
            raise ValueError(f"{self.history_file} must hold the {n_epochs} epochs of the newest checkpoint")
        return {**history, "epoch": [int(epoch) for epoch in history["epoch"]]}

    def write_history(self, history):
        """Write the logs by epoch; numbers keep every digit, so that a resumed run ends with the same file."""
        with atomic_path(self.history_file) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(history)
            writer.writerows(zip(*history.values(), strict=True))

    def save_checkpoint(self, model, epoch):
        """Save the whole training state after `epoch` epochs; older checkpoints go when it is there."""
        newest = self.checkpoints / f"epoch-{epoch:05d}.keras"
        model.save(newest)
        for path in self._checkpoint_files():
            if path != newest:
                path.unlink(missing_ok=True)

    def load_checkpoint(self):
        """The newest training state: `(model, epochs done)`, or `(None, 0)` where there is none.

        Raises:
            ValueError: if the file is there and cannot be read.
        """
        files = self._checkpoint_files()
        return (load_model(files[-1]), self.epochs_done) if files else (None, 0)

    @property
    def epochs_done(self):
        """Epochs behind the newest checkpoint."""
        files = self._checkpoint_files()
        return _epoch_of(files[-1]) if files else 0

    def _checkpoint_files(self):
        if not self.checkpoints.is_dir():
            return []
        files = (p for p in self.checkpoints.iterdir() if re.fullmatch(r"epoch-\d+\.keras", p.name))
        return sorted(files, key=_epoch_of)

    def load_model(self):
        """The trained model; of an unfinished run the newest checkpoint.

        Raises:
            ValueError: if there is neither, or the file cannot be read.
        """
        if self.model_file.is_file():
            return load_model(self.model_file)
        model, _ = self.load_checkpoint()
        if model is None:
            raise ValueError(f"{self.path} has no model yet: its training has not finished an epoch")
        return model


def load_model(path):
    """A `.keras` file as a `VAE`; Keras's safe mode stays on, so that reading it runs no code from it.

    Raises:
        ValueError: if it cannot be read, or is another model.
    """
    # Also registers the classes that Keras looks for.
    from keras_vae.models import VAE

    try:
        model = keras.models.load_model(path)
    except Exception as error:
        # Keras, h5py and zipfile raise half a dozen types for a damaged file; the first line says which it was.
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        if os.path.isfile(path) and not zipfile.is_zipfile(path):
            reason = "it is damaged or cut off: no .keras archive"  # Keras would call it missing.
        raise ValueError(f"{path} cannot be read as a model: {reason}") from None
    if not isinstance(model, VAE):
        raise ValueError(f"{path} must hold a VAE of keras-vae. Received: {type(model).__name__}")
    return model


def check_writable(path):
    """Check, before anything is computed, that a file or folder can be made at `path`.

    Raises:
        NotADirectoryError: if a part of the path is a file.
        PermissionError: if the folder cannot be written to.
    """
    folder = next(p for p in pathlib.Path(path).absolute().parents if p.exists())
    if not folder.is_dir():
        raise NotADirectoryError(f"`out` must be in a folder. Received: out={str(path)!r}, and {folder} is a file")
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"`out` must be in a folder that can be written to. Received: out={str(path)!r}")


def to_json(figures, indent=None):
    """A dict of figures as JSON, which has no NaN and no infinity: these become null."""
    finite = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in figures.items()}
    return json.dumps(finite, indent=indent, allow_nan=False)


def _is_hidden(path):
    return path.name.startswith(".")


def _epoch_of(checkpoint):
    return int(checkpoint.stem.removeprefix("epoch-"))


def _lock(folder, path):
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ValueError(f"{path} is being trained by another process") from None
    except OSError:
        pass  # A file system without locks: then it is up to the user.
