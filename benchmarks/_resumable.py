"""Long trainings that go on where they were broken off: the state in a folder of one's own, minutes counted."""

import json
import math
import sys
import time

import keras


def train_resumable(folder, make_model, batches, n_epochs, steps_per_epoch, on_epoch=None, callbacks=()):
    """Train to the last epoch, from the state in `folder` if there is one.

    Args:
        folder: path. Gets `model.keras` and `progress.json`, every half a minute and at the end.
        make_model: Callable. The compiled model to begin with.
        batches: Callable. The number of the first epoch to an endless `tf.data.Dataset`.
        n_epochs: int.
        steps_per_epoch: int.
        on_epoch: Callable `(model, epochs done, logs)` to True for stopping early, or None.
        callbacks: Keras callbacks without a state of their own.

    Returns:
        `(model, progress)`: the dict holds `epochs`, `minutes` and `stopped`.
    """
    recorder = _Recorder(folder, n_epochs, on_epoch)
    model = keras.models.load_model(recorder.model_file) if recorder.progress["epochs"] else make_model()
    if recorder.progress["epochs"] < n_epochs and not recorder.progress["stopped"]:
        done = recorder.progress["epochs"]
        arguments = {"initial_epoch": done, "epochs": n_epochs, "steps_per_epoch": steps_per_epoch, "verbose": 0}
        model.fit(batches(done), callbacks=[*callbacks, recorder], **arguments)
    return model, recorder.progress


class _Recorder(keras.callbacks.Callback):
    def __init__(self, folder, n_epochs, on_epoch):
        super().__init__()
        self.folder, self.n_epochs, self.on_epoch = folder, n_epochs, on_epoch
        self.model_file, self.progress_file = folder / "model.keras", folder / "progress.json"
        self.progress = {"epochs": 0, "minutes": 0.0, "stopped": False}
        if self.progress_file.exists():
            self.progress = json.loads(self.progress_file.read_text())

    def on_train_begin(self, logs=None):
        self._started = time.monotonic() - 60.0 * self.progress["minutes"]
        self._saved = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        if not math.isfinite(logs["loss"]):
            raise ValueError(f"the loss is not finite in epoch {epoch + 1}")
        self.progress |= {"epochs": epoch + 1, "minutes": (time.monotonic() - self._started) / 60.0}
        terms = ", ".join(f"{name} {value:.2f}" for name, value in logs.items() if name != "loss")
        line = f"{self.folder.name}: epoch {epoch + 1} of {self.n_epochs}, {self.progress['minutes']:.1f} min, {terms}"
        print(line, file=sys.stderr, flush=True)
        if self.on_epoch is not None and self.on_epoch(self.model, epoch + 1, logs):
            self.progress["stopped"] = self.model.stop_training = True
        if time.monotonic() > self._saved + 30.0 or self.progress["stopped"] or epoch + 1 == self.n_epochs:
            self._save()

    def _save(self):
        from keras_vae._files import write_text

        self.model.save(self.model_file)
        write_text(self.progress_file, json.dumps(self.progress))
        self._saved = time.monotonic()
