"""Callback that keeps the folder of a run up to date while it is trained."""

import math
import time

import keras

from keras_vae.training.rehearsal import put_back, state_of

# An interrupted run repeats at most so many seconds, or 20 times what a save takes where that is longer: saving costs
# at most a twentieth of the training.
CHECKPOINT_SECONDS = 5.0
CHECKPOINT_SHARE = 0.05


class Recorder(keras.callbacks.Callback):
    """Keep `config.json`, `history.csv`, the checkpoint and the best weights of a run up to date.

    The config is written when all checks are passed and training begins; history and checkpoint after the first epoch,
    then every few seconds, and at the end.

    Args:
        run: `RunFolder`.
        config: dict.
        history: dict of lists by name. What earlier sessions of the run logged.
        keeper: `KeepBest` of the same training, asked before this callback, or None.
    """

    def __init__(self, run, config, history, keeper=None):
        super().__init__()
        self.run = run
        self.config = config
        self.history = {key: list(values) for key, values in history.items()}
        self.keeper = keeper
        self._next_save = float("-inf")
        self._saved_epoch = None
        # Number of the last finished epoch and its state, until that is saved.
        self._unsaved = None

    def on_train_begin(self, logs=None):
        self.run.write_config(self.config)

    def on_epoch_end(self, epoch, logs=None):
        n_before = len(self.history.get("epoch", ()))
        # A metric of the examples held out is not there in every epoch.
        for key, value in {**dict.fromkeys(self.history, math.nan), **(logs or {}), "epoch": epoch + 1}.items():
            self.history.setdefault(key, [math.nan] * n_before).append(value)
        self._unsaved = epoch + 1, state_of(self.model)
        if time.monotonic() >= self._next_save:
            self._save(epoch + 1)

    def on_train_end(self, logs=None):
        if self._saved_epoch != len(self.history["epoch"]):
            self._save(len(self.history["epoch"]))

    def save_finished(self, model):
        """Save the last finished epoch of a training that was broken off, in the midst of the next one or of a save.

        Args:
            model: the model of the training; it has the state of that epoch afterwards.
        """
        if self._unsaved is not None:
            epoch, state = self._unsaved
            put_back(model, state)
            self.history = {key: values[:epoch] for key, values in self.history.items()}
            self._save(epoch)

    def _save(self, epoch):
        """Write what leads to a state before the state itself: resuming drops what is beyond it."""
        begun = time.monotonic()
        self.run.write_history({"epoch": self.history["epoch"], **self.history})
        if self.keeper is not None and self.keeper.epoch is not None:
            start = self.keeper.start if self.keeper.epoch == 0 else None
            self.run.save_best(self.keeper.weights, self.keeper.epoch, start)
        self.run.save_checkpoint(self.model, epoch)
        self._saved_epoch, self._unsaved = epoch, None
        now = time.monotonic()
        self._next_save = now + max(CHECKPOINT_SECONDS, (now - begun) / CHECKPOINT_SHARE)
