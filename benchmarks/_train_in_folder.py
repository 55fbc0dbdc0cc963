"""Trainings of benchmarks in run folders, as `keras-vae train` makes them: they go on where they were broken off."""

import json
import sys
import time

import keras

from keras_vae.runs.config import read_json
from keras_vae.runs.recorder import Recorder
from keras_vae.runs.run_folder import RunFolder


def train_in_folder(folder, settings, make_model, batches, n_epochs, steps_per_epoch, callbacks=()):
    """Train to the last epoch, or go on with the training that is in the folder.

    Args:
        folder: path. Gets `config.json`, `history.csv`, checkpoints and, at the end, `model.keras`.
        settings: dict that JSON can hold. What the training depends on, `learning_rate` among it.
        make_model: Callable. The compiled model to begin with.
        batches: Callable. The number of the first epoch to an endless `tf.data.Dataset`.
        n_epochs: int.
        steps_per_epoch: int.
        callbacks: Keras callbacks that keep their state in the model or in files of the folder. One of them may end the
            training early.

    Returns:
        `(model, progress)`: the dict holds `epochs`, `minutes` and `cpu_minutes` of training, and `stopped`, whether a
        callback has ended it.

    Raises:
        ValueError: for a folder with a training of other settings, a loss that is not finite, a folder that another
            process trains in, or files that cannot be read.
    """
    run = RunFolder(folder)
    config = json.loads(json.dumps({"settings": {**settings, "epochs": n_epochs}}))
    with run.locked():
        if run.exists and read_json(run.config_file) != config:
            raise ValueError(f"{folder} must hold a training of the same settings; pass another --work")
        model, epochs_done = run.load_checkpoint()
        history = run.read_history(epochs_done)
        model = model or make_model()
        if epochs_done < n_epochs and not progress_of(history)["stopped"]:
            recorder = Recorder(run, config, history)
            fit_arguments = {"initial_epoch": epochs_done, "epochs": n_epochs, "steps_per_epoch": steps_per_epoch}
            clock = Clock(run.path.name, progress_of(history))
            model.fit(batches(epochs_done), callbacks=[*callbacks, clock, recorder], verbose=0, **fit_arguments)
            history = recorder.history
        if not run.model_file.is_file():
            model.save(run.model_file)
    return model, progress_of(history)


def progress_of(history):
    """How far a training is, from its logs by epoch."""
    if not history:
        return {"epochs": 0, "minutes": 0.0, "cpu_minutes": 0.0, "stopped": False}
    last = {name: values[-1] for name, values in history.items()}
    return {
        "epochs": last["epoch"],
        "minutes": last["minutes"],
        "cpu_minutes": last["cpu_minutes"],
        "stopped": bool(last["stopped"]),
    }


class Clock(keras.callbacks.Callback):
    """Log the minutes that all epochs have taken and whether the training ends early, and say so on stderr.

    What happens between epochs, such as a checkpoint, is not in the minutes.

    Args:
        name: str. Name of the training.
        progress: dict, as `progress_of` gives it. What earlier sessions have done.
    """

    def __init__(self, name, progress):
        super().__init__()
        self.name = name
        self.minutes, self.cpu_minutes = progress["minutes"], progress["cpu_minutes"]

    def on_epoch_begin(self, epoch, logs=None):
        self._begun = time.monotonic(), time.process_time()

    def on_epoch_end(self, epoch, logs=None):
        begun, cpu_begun = self._begun
        self.minutes += (time.monotonic() - begun) / 60.0
        self.cpu_minutes += (time.process_time() - cpu_begun) / 60.0
        terms = ", ".join(f"{name} {value:.2f}" for name, value in logs.items() if name != "loss")
        line = f"{self.name}: epoch {epoch + 1} of {self.params['epochs']}, {self.minutes:.1f} min, {terms}"
        print(line, file=sys.stderr, flush=True)
        # Logged, and so in the history: a training that has ended early does not go on.
        stopped = float(bool(self.model.stop_training))
        logs |= {"minutes": self.minutes, "cpu_minutes": self.cpu_minutes, "stopped": stopped}
