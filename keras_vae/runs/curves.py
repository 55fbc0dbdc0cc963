"""The loss curves of a run, also of one that is still being trained."""

import pathlib

from keras_vae._files import atomic_path
from keras_vae.evaluation.pictures.plot_history import plot_history
from keras_vae.runs.config import task_of
from keras_vae.runs.output import PICTURES, check_out
from keras_vae.runs.run_folder import RunFolder


def curves_run(path, out=None):
    """Draw the loss curves of a run as far as they go, the best epoch marked; a training is not disturbed by it.

    Args:
        path: str or path. The run folder.
        out: str or path, or None for `figures/loss_curves.png` in the run. A picture.

    Returns:
        dict of `figure`, the file; `epochs_done`; `epochs`, those wanted; `kept_epoch`, the best one or None;
        `is_finished`; and `last`, the metrics of the last epoch.

    Raises:
        ValueError: for a folder that is no run, a run without an epoch in its history, or another ending.
        OSError: if the figure cannot be written.
    """
    run = RunFolder.open(path)
    out = run.figures / "loss_curves.png" if out is None else pathlib.Path(out)
    check_out(out, *PICTURES)
    config, history = run.read_config(), run.read_history()
    if not history:
        raise ValueError(f"{path} has no curve yet: its training has not finished an epoch")
    # With the start of the training, which may be better than every epoch.
    best = task_of(config).keep_best(history, **run.load_best()).epoch
    kept = run.kept_epoch if run.model_file.is_file() else best
    with atomic_path(out) as temporary:
        plot_history(history, kept_epoch=kept).savefig(temporary)
    return {
        "figure": str(out),
        "epochs_done": len(history["epoch"]),
        "epochs": config["settings"]["epochs"],
        "kept_epoch": kept,
        "is_finished": run.model_file.is_file(),
        "last": {name: values[-1] for name, values in history.items()},
    }
