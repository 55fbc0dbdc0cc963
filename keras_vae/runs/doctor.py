"""The health of a run: findings, what to train instead, and a page of pictures."""

import math
import shlex

from keras_vae._files import atomic_path
from keras_vae.evaluation.health.check_health import check_health
from keras_vae.evaluation.health.measures import MIN_ROWS
from keras_vae.evaluation.health.plot_health import plot_health
from keras_vae.runs.config import task_of
from keras_vae.runs.load_model import check_code
from keras_vae.runs.open_run import load_for
from keras_vae.runs.output import check_writable
from keras_vae.runs.run_folder import RunFolder
from keras_vae.tasks.registry import entry_of, settings_of, task_class


def doctor_run(path, data=None, seed=0):
    """Examine a run and write `figures/health.png` into it.

    Args:
        path: str or path. The run folder.
        data: str or None. Name or path of other data of the same shape: their own test part counts, or all rows where
            there is none. None for the data of the run: then training and test examples are compared as well, unless
            there are fewer than 20 test examples, which leaves the training examples alone.
        seed: int >= 0. The same seed gives the same report.

    Returns:
        `(report, context)`: a `HealthReport`, and a dict of the run, the name of the data, the part of them that was
        looked at ("test", "all" or "train"), the file of the figure, the epoch of the model, and `commands`, a list of
        `keras-vae train ...` to try instead of the run (empty for a healthy one, or where the shell has no option for
        it).

    Raises:
        ValueError: for a folder that is no run, data that do not fit it, or too few of them.
        FileNotFoundError: if there are no such data.
        OSError: if the figure cannot be written.
    """
    run = RunFolder.open(path)
    config = run.read_config()
    figure_file = run.figures / "health.png"
    check_writable(figure_file)
    dataset, x_test, x_train, part = examples(config, data)
    history = looks(run.read_history(run.epochs_done))
    model = run.load_model()
    check_code(model)
    report = check_health(model, x_test, x_train, history=history, seed=seed)
    with atomic_path(figure_file) as temporary:
        plot_health(report).savefig(temporary)
    return report, {
        "run": str(path),
        "data": dataset.name,
        "part": part,
        "figure": str(figure_file),
        "model_epoch": run.kept_epoch,
        "commands": train_commands(report, config, path),
    }


def looks(history):
    """The epochs of a history in which the examples held out were looked at; all of them where they never were.

    Args:
        history: dict of lists by name.
    """
    held_out = [math.isfinite(value) for value in history.get("val_elbo", ())]
    if not any(held_out):
        return history
    return {
        name: [v for v, is_there in zip(values, held_out, strict=True) if is_there] for name, values in history.items()
    }


def examples(config, source=None):
    """What a run is examined on.

    Args:
        config: dict. Of the run.
        source: str or None. Name or path of other data, None for the data of the run.

    Returns:
        `(data, x_test, x_train, part)`: held-out examples, training examples or None, and the part of the data that the
        held-out ones are: "test", "all" or "train".

    Raises:
        ValueError: for data that do not fit the run.
        FileNotFoundError: if there are no such data.
    """
    task = task_of(config)
    data, is_own = load_for(config, task, source)
    if not is_own:
        x, _, part = task.held_out(data)
        return data, x, None, "test" if part == "test" else "all"
    x_train = task.rows(data, "train")
    if data.n_test < MIN_ROWS:
        return data, x_train, None, "train"
    return data, task.rows(data, "test"), x_train, "test"


def _fit_each_other(name, settings):
    """Whether a task takes settings together."""
    try:
        task_class(name)(**settings).checked_settings()
    except ValueError:
        return False
    return True


def train_commands(report, config, path):
    """What to type for every remedy of the verdict that the shell has options for.

    Args:
        report: `HealthReport`.
        config: dict. Of the run.
        path: str or path. Of the run; new ones are named after it.

    Returns:
        list of str.
    """
    table, present = settings_of(config["task"]).SETTINGS, config["settings"]
    command = ["keras-vae", entry_of(config["task"]).command, "--data", config["data"]]
    commands = []
    for remedy in report.remedy:
        changed = remedy.changed(present)
        if not changed:
            continue
        if not _fit_each_other(config["task"], {**present, **changed}):
            continue
        words = []
        for name, value in {**present, **changed}.items():
            if value is not None and (name in changed or value != table[name].default):
                words += table[name].words(name, value)
        out = f"{str(path).rstrip('/')}-{'-'.join(changed)}".replace("_", "-")
        commands.append(shlex.join([*command, *words, "--out", out]))
    return commands
