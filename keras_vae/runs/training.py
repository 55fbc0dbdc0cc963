"""Training of one run, resumed where it stopped."""

import contextlib
import importlib.util
from typing import Any, NamedTuple

import keras

from keras_vae._files import atomic_path
from keras_vae.callbacks.keep_best import KeepBest
from keras_vae.callbacks.training_bar import TrainingBar
from keras_vae.runs.config import check_same_data
from keras_vae.runs.recorder import Recorder
from keras_vae.runs.workers import check_agreement, this_worker


class Trained(NamedTuple):
    """What a training leaves behind.

    Attributes:
        model: the model with its last weights.
        history: dict of lists by name.
        keeper: `KeepBest`, which has the weights of the best epoch.
    """

    model: Any
    history: dict[str, list]
    keeper: KeepBest


def train(run, config, task, data, verbose=1, announce=None, tensorboard=False):
    """Train a run to its end, from the newest checkpoint if there is one, and write its report.

    Where TF_CONFIG names several workers they train it together, each on its share of every batch; the chief alone
    writes, and reports outside of the strategy.

    Args:
        run: `RunFolder`. The same folder for all workers.
        config: dict, as `open_run` gives it.
        task: prepared `Task` of the run.
        data: what the task loaded.
        verbose: 0 for silence, 1 for a bar.
        announce: Callable or None. Called with the `Plan` of a new training before its first step.
        tensorboard: bool. Whether logs for TensorBoard are written into the run folder.

    Returns:
        dict of the final figures, as in `metrics.json`; None in a worker that is not the chief.

    Raises:
        ValueError: if the data are not the data of the config, the model cannot be made from it, the checkpoint cannot
            be read, the loss becomes infinite, another process is training the run, or workers were not started alike.
        ConnectionError: if another worker is gone.
        ImportError: if logs are wanted and TensorBoard is not installed.
        KeyboardInterrupt: as it comes; every epoch that was finished is saved.
    """
    check_same_data(config, task, data)
    if tensorboard:
        check_tensorboard()
    worker = this_worker()
    with run.locked() if worker.is_chief else contextlib.nullcontext():
        trained = None
        # Nothing is left to do together after the last epoch: a chief that was killed in its report goes on alone.
        if not run.is_trained(config, task):
            with worker.strategy() as strategy:
                trained = fit(run, config, task, data, worker, strategy, verbose, announce, tensorboard)
        if not worker.is_chief:
            return None
        if trained is None:
            run.write_config(config)
        if trained is None or worker.n_workers > 1:
            trained = from_checkpoint(run, task)
        metrics = finish(run, task, data, trained)
        # Last: a run is finished when its figures are there.
        run.write_metrics({"epochs": config["settings"]["epochs"], **metrics})
    return {"epochs": config["settings"]["epochs"], **metrics}


def check_tensorboard():
    """Check, before anything is trained, that logs for TensorBoard can be written.

    Raises:
        ImportError: if it is not installed.
    """
    if importlib.util.find_spec("tensorboard") is None:
        raise ImportError("`tensorboard` must be installed to write its logs: pip install 'keras_vae[tensorboard]'")


def fit(run, config, task, data, worker, strategy, verbose=0, announce=None, tensorboard=False):
    """Train the epochs that are left; returns `Trained`."""
    # Not around `fit` as well: in the scope the chief could not save alone.
    with strategy.scope():
        check_agreement(worker, config=config, epochs_done=run.epochs_done)
        model, epochs_done = run.load_checkpoint()
        if model is None:
            model = task.build_model()
            # Workers that measured each for itself would not agree.
            if worker.n_workers == 1 and task.epochs_are_open:
                plan = task.plan(model, data)
                if announce is not None:
                    announce(plan)
    history = run.read_history(epochs_done)
    keeper = task.keep_best(history, **run.load_best())
    if epochs_done == 0:
        task.judge_start(model, data, keeper)
    recorder = Recorder(run, config, history, keeper)
    bar = TrainingBar()
    callbacks = [keeper]
    if worker.is_chief:
        callbacks += [recorder, *([bar] if verbose else [])]
        callbacks += [keras.callbacks.TensorBoard(run.path / "tensorboard")] if tensorboard else []
    try:
        task.train(model, data, start_epoch=epochs_done, callbacks=callbacks, verbose=0)
    except KeyboardInterrupt:
        recorder.save_finished(model)
        raise
    finally:
        bar.close()
    return Trained(model, recorder.history, keeper)


def from_checkpoint(run, task):
    """What a training has left in the run folder."""
    model, epochs_done = run.load_checkpoint()
    history = run.read_history(epochs_done)
    return Trained(model, history, task.keep_best(history, **run.load_best()))


def finish(run, task, data, trained):
    """Keep the best weights, write model and pictures, and return the final figures."""
    model, n_epochs = trained.model, len(trained.history["epoch"])
    kept_epoch = trained.keeper.restore(model)
    kept_epoch = n_epochs if kept_epoch is None else kept_epoch
    task.finish(model, data)
    figures, pictures = task.report(model, data, {**trained.history, "kept_epoch": kept_epoch})
    for name, figure in pictures:
        with atomic_path(run.figures / f"{name}.png") as path:
            figure.savefig(path)
    model.save(run.model_file)
    return {"epochs_done": n_epochs, "kept_epoch": kept_epoch, **figures}
