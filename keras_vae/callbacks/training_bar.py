"""Callback that shows one bar for a whole training, with the time that is left."""

import keras

from keras_vae._progress import progress


class TrainingBar(keras.callbacks.Callback):
    """One bar over all epochs: how far, how long still, and the bound on the data held out.

    Without a terminal or notebook it writes a line every ten seconds. Use it with `fit(verbose=0)`.

    Args:
        monitor: str. The metric that is shown, where it is there.
        label: str. What stands in front of the epoch, where several trainings follow each other.
    """

    # Asked at the end of a call of several steps.
    looks_at_batches = False

    def __init__(self, monitor: str = "val_elbo", label: str = ""):
        super().__init__()
        self.monitor = monitor
        self.label = label
        self.bar = None
        self._shown = ""

    def on_train_begin(self, logs=None):
        self._per_epoch = self.params.get("steps") or 1
        self._epoch = 0

    def on_epoch_begin(self, epoch, logs=None):
        if self.bar is None:
            n_epochs = self.params["epochs"]
            whole, done = n_epochs * self._per_epoch, epoch * self._per_epoch
            self.bar = progress(total=whole, desc="training", unit="steps", delay=0.0, initial=done)
        self._epoch = epoch
        self.bar.set_description_str(f"{self.label}epoch {epoch + 1} of {self.params['epochs']}", refresh=False)

    def on_train_batch_end(self, batch, logs=None):
        self._move_to(self._epoch * self._per_epoch + batch + 1)

    def on_epoch_end(self, epoch, logs=None):
        self._move_to((epoch + 1) * self._per_epoch)
        for name in (self.monitor, "elbo"):
            if name in (logs or {}):
                held_out = "held-out ELBO" if name.startswith("val_") else "ELBO"
                self.bar.set_postfix_str(f"{held_out} {logs[name]:.2f}", refresh=False)
                break

    def _move_to(self, step):
        self.bar.update(step - self.bar.n)

    def on_train_end(self, logs=None):
        self.close()

    def close(self):
        """Take the bar away; also after an exception, when Keras does not say that the training has ended."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None
