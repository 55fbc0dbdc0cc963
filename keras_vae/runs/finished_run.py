"""A run of the shell in Python: its model, its settings, and its data as the training had them."""

from typing import Any, NamedTuple

from keras_vae.runs.config import check_same_data, task_of
from keras_vae.runs.run_folder import RunFolder


class Run(NamedTuple):
    """What `load_run` gives.

    Attributes:
        model: the model with the weights of the best epoch.
        settings: dict. All settings of the training, those chosen by the data too.
        data: `keras_vae.data.Dataset` with the parts of the training, or what the use of the run has for data.
        task: the `Task`; `task.rows(data, "test")` are the rows as the model takes them.
        history: dict of lists by name.
        metrics: dict of the final figures; empty for a run that is not finished.
        epoch: int or None. Number of the epoch that the weights are of.
    """

    model: Any
    settings: dict
    data: Any
    task: Any
    history: dict
    metrics: dict
    epoch: int | None


def load_run(path) -> Run:
    """A run that `keras-vae train` has made.

    Args:
        path: str or path. The run folder.

    Returns:
        `Run`.

    Raises:
        ValueError: for a folder that is no run, a run without a finished epoch, or data that have changed.
        FileNotFoundError: if the data are gone.
    """
    folder = RunFolder.open(path)
    config = folder.read_config()
    task = task_of(config)
    model = folder.load_model()
    data = task.load(config["data"])
    check_same_data(config, task, data)
    metrics = folder.read_metrics() if folder.metrics_file.is_file() else {}
    history = folder.read_history(folder.epochs_done)
    return Run(model, config["settings"], data, task, history, metrics, folder.kept_epoch)
