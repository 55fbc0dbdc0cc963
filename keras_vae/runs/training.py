"""Training of one run, resumed where it stopped."""

import contextlib
import time

import keras

from keras_vae._files import atomic_path
from keras_vae.runs.config import check_same_data
from keras_vae.runs.workers import check_agreement, this_worker

# An interrupted run repeats at most so many seconds, or 20 times what a save takes where that is longer: saving costs
# at most a twentieth of the training.
CHECKPOINT_SECONDS = 5.0
CHECKPOINT_SHARE = 0.05


class Recorder(keras.callbacks.Callback):
    """Keep `config.json`, `history.csv` and the checkpoint of a run up to date.

    The config is written when all checks are passed and training begins; history and checkpoint after the first epoch,
    then every few seconds, and at the end.

    Args:
        run: `RunFolder`.
        config: dict.
        history: dict of lists by name. What earlier sessions of the run logged.
    """

    def __init__(self, run, config, history):
        super().__init__()
        self.run = run
        self.config = config
        self.history = {key: list(values) for key, values in history.items()}
        self._next_save = float("-inf")
        self._saved_epoch = None

    def on_train_begin(self, logs=None):
        self.run.write_config(self.config)

    def on_epoch_end(self, epoch, logs=None):
        for key, value in {"epoch": epoch + 1, **(logs or {})}.items():
            self.history.setdefault(key, []).append(value)
        if time.monotonic() >= self._next_save:
            self._save(epoch + 1)

    def on_train_end(self, logs=None):
        if self._saved_epoch != len(self.history["epoch"]):
            self._save(len(self.history["epoch"]))

    def _save(self, epoch):
        """Write the history, then the state that it leads to: resuming drops rows beyond the state."""
        begun = time.monotonic()
        self.run.write_history(self.history)
        self.run.save_checkpoint(self.model, epoch)
        self._saved_epoch = epoch
        now = time.monotonic()
        self._next_save = now + max(CHECKPOINT_SECONDS, (now - begun) / CHECKPOINT_SHARE)


def train(run, config, task, data, verbose="auto"):
    """Train a run to its last epoch, from the newest checkpoint if there is one, and write its report.

    Where TF_CONFIG names several workers they train it together, each on its share of every batch; the chief alone
    writes, and reports outside of the strategy.

    Args:
        run: `RunFolder`. The same folder for all workers.
        config: dict, as `open_run` gives it.
        task: prepared `Task` of the run.
        data: what the task loaded.
        verbose: as in `keras.Model.fit`.

    Returns:
        dict of the final figures, as in `metrics.json`; None in a worker that is not the chief.

    Raises:
        ValueError: if the data are not the data of the config, the model cannot be made from it, the checkpoint cannot
            be read, the loss becomes infinite, another process is training the run, or workers were not started alike.
        ConnectionError: if another worker is gone.
    """
    check_same_data(config, task, data)
    n_epochs, worker = config["settings"]["epochs"], this_worker()
    with run.locked() if worker.is_chief else contextlib.nullcontext():
        recorder = None
        # Nothing is left to do together after the last epoch: a chief that was killed in its report goes on alone.
        if run.epochs_done < n_epochs:
            with worker.strategy() as strategy:
                recorder = fit(run, config, task, data, worker, strategy, verbose)
        if not worker.is_chief:
            return None
        if recorder is None:
            run.write_config(config)
        if recorder is None or worker.n_workers > 1:
            model, epochs_done = run.load_checkpoint()
            history = run.read_history(epochs_done)
        else:
            model, history = recorder.model, recorder.history
        metrics = {"epochs": n_epochs, **write_report(run, task, model, data, history)}
        model.save(run.model_file)
        # Last: a run is finished when its figures are there.
        run.write_metrics(metrics)
    return metrics


def fit(run, config, task, data, worker, strategy, verbose):
    """Train the epochs that are left; returns the `Recorder`."""
    # Not around `fit` as well: in the scope the chief could not save alone.
    with strategy.scope():
        check_agreement(worker, config=config, epochs_done=run.epochs_done)
        model, epochs_done = run.load_checkpoint()
        if model is None:
            model = task.build_model()
    recorder = Recorder(run, config, run.read_history(epochs_done))
    task.train(
        model,
        data,
        start_epoch=epochs_done,
        callbacks=[recorder] if worker.is_chief else None,
        verbose=verbose if worker.is_chief else 0,
    )
    return recorder


def write_report(run, task, model, data, history):
    """Write the pictures of a run and return its final figures, as `Task.report` gives them."""
    figures, pictures = task.report(model, data, history)
    for name, figure in pictures:
        with atomic_path(run.figures / f"{name}.png") as path:
            figure.savefig(path)
    return figures
