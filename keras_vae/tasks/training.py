"""Training of one run from its config, resumed where it stopped."""

import contextlib
import math
import time

import keras

from keras_vae.models import make_vae
from keras_vae.optimizers import Adam
from keras_vae.tasks.data_source import check_same_data
from keras_vae.tasks.distribution import check_agreement, this_worker
from keras_vae.tasks.model_input import part_input, steps_per_epoch, training_batches
from keras_vae.tasks.report import write_report

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

    Raises:
        ValueError: at the end of an epoch whose loss is not finite; the checkpoint before it stays.
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
        logs = logs or {}
        if not math.isfinite(logs.get("loss", 0.0)):
            raise ValueError(
                f"the loss is not finite in epoch {epoch + 1}: begin another run with a --learning-rate below "
                f"{self.config['learning_rate']:g}"
            )
        for key, value in {"epoch": epoch + 1, **logs}.items():
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


def train(run, config, dataset, verbose="auto"):
    """Train a run to its last epoch, from the newest checkpoint if there is one, and write its report.

    Where TF_CONFIG names several workers they train it together, each on its share of every batch; the chief alone
    writes, and reports outside of the strategy.

    Args:
        run: `RunFolder`. The same folder for all workers.
        config: dict, as `settings.open_run` gives it.
        dataset: `Dataset` that the config names.
        verbose: as in `keras.Model.fit`.

    Returns:
        dict of the final figures, as in `metrics.json`; None in a worker that is not the chief.

    Raises:
        ValueError: if the data are not those of the config, the model cannot be made from it, the checkpoint cannot be
            read, the loss becomes infinite, another process is training the run, or workers were not started alike.
        ConnectionError: if another worker is gone.
    """
    check_same_data(dataset, config)
    worker = this_worker()
    with run.locked() if worker.is_chief else contextlib.nullcontext():
        recorder = None
        # Nothing is left to do together after the last epoch: a chief that was killed in its report goes on alone.
        if run.epochs_done < config["epochs"]:
            with worker.strategy() as strategy:
                recorder = fit(run, config, dataset, worker, strategy, verbose)
        if not worker.is_chief:
            return None
        if recorder is None:
            run.write_config(config)
        if recorder is None or worker.n_workers > 1:
            model, epochs_done = run.load_checkpoint()
            history = run.read_history(epochs_done)
        else:
            model, history = recorder.model, recorder.history
        metrics = write_report(run, model, dataset, config, history)
        model.save(run.model_file)
        # Last: a run is finished when its figures are there.
        run.write_metrics(metrics)
    return metrics


def fit(run, config, dataset, worker, strategy, verbose):
    """Train the epochs that are left; returns the `Recorder`."""
    # Not around `fit` as well: in the scope the chief could not save alone.
    with strategy.scope():
        check_agreement(worker, config=config, epochs_done=run.epochs_done)
        model, epochs_done = run.load_checkpoint()
        if model is None:
            model = build_model(config)
    recorder = Recorder(run, config, run.read_history(epochs_done))
    model.fit(
        training_batches(dataset, config, start_epoch=epochs_done),
        initial_epoch=epochs_done,
        epochs=config["epochs"],
        steps_per_epoch=steps_per_epoch(dataset, config),
        validation_data=part_input(dataset, config, "test") if dataset.n_test else None,
        callbacks=[recorder] if worker.is_chief else None,
        verbose=verbose if worker.is_chief else 0,
    )
    return recorder


def build_model(config):
    """The compiled, untrained model of a config."""
    vae = make_vae(
        tuple(config["event_shape"]),
        config["latent_dim"],
        config["network"],
        tuple(config["hidden_units"]) if config["hidden_units"] else None,
        config["likelihood"],
        n_classes=config["input"]["n_classes"],
        beta=config["beta"],
        free_bits=config["free_bits"],
        seed=config["seed"],
    )
    vae.compile(Adam(config["learning_rate"]))
    return vae
