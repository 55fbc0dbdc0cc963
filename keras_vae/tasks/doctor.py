"""The health of a run: findings, what to train in its place, and a page of pictures."""

import inspect
import shlex

from keras_vae._files import atomic_path
from keras_vae.evaluation.health import check_health
from keras_vae.evaluation.health_figure import plot_health
from keras_vae.evaluation.health_measures import MIN_ROWS
from keras_vae.tasks.data_source import check_event_shape, check_same_data, load_data
from keras_vae.tasks.model_input import held_out, part_input
from keras_vae.tasks.run_folder import RunFolder, check_writable
from keras_vae.tasks.settings import full_name, make_config

# What a remedy says in words, as a function of the setting of the run; None where that leads nowhere.
IN_WORDS = {
    "more": lambda value: 2 * value,
    "fewer": lambda value: [max(1, n // 2) for n in value] if isinstance(value, list) else value and max(1, value // 2),
}


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
        looked at ("test", "all" or "train"), the file of the figure, and `commands`, a list of `keras-vae train ...` to
        try in place of the run (empty for a healthy one, or where the shell has no option for it).

    Raises:
        ValueError: for a folder that is no run, data that do not fit it, or too few of them.
        FileNotFoundError: if there are no such data.
        OSError: if the figure cannot be written.
    """
    run = RunFolder.open(path)
    config = run.read_config()
    figure_file = run.figures / "health.png"
    check_writable(figure_file)
    dataset, x_test, x_train, part = _examples(config, data)
    report = check_health(run.load_model(), x_test, x_train, history=run.read_history(run.epochs_done), seed=seed)
    with atomic_path(figure_file) as temporary:
        plot_health(report).savefig(temporary)
    return report, {
        "run": str(path),
        "data": dataset.name,
        "part": part,
        "figure": str(figure_file),
        "commands": train_commands(report, config, path),
    }


def _examples(config, data):
    """The data set, held-out examples, training examples or None, and the part that the held-out ones are."""
    if data is not None and full_name(data) != config["data"]:
        dataset = load_data(data, test_fraction=0.0, event_shape=config["event_shape"])
        check_event_shape(dataset, config)
        x, _, part = held_out(dataset, config)
        return dataset, x, None, "test" if part == "test" else "all"
    dataset = load_data(config["data"], config["seed"], event_shape=config["event_shape"])
    check_same_data(dataset, config)
    x_train = part_input(dataset, config, "train")
    if dataset.n_test < MIN_ROWS:
        return dataset, x_train, None, "train"
    return dataset, part_input(dataset, config, "test"), x_train, "test"


def train_commands(report, config, path):
    """What to type for every remedy of the verdict that the shell has options for.

    Args:
        report: `HealthReport`.
        config: dict. Of the run.
        path: str or path. Of the run; new ones are named after it.

    Returns:
        list of str.
    """
    settings = inspect.signature(make_config).parameters
    commands = []
    for remedy in report.remedy:
        changed = {name: _in_numbers(value, config.get(name)) for name, value in remedy.items()}
        if not set(changed) <= set(settings) or any(
            value in (None, config.get(name)) for name, value in changed.items()
        ):
            continue
        arguments = {name: config[name] for name in settings if name in config} | changed
        out = f"{str(path).rstrip('/')}-{'-'.join(changed)}".replace("_", "-")
        shown = {
            name: value
            for name, value in arguments.items()
            if value is not None and (name in changed or value != settings[name].default)
        }
        commands.append(
            " ".join(["keras-vae train", *map(_option, shown, shown.values()), f"--out {shlex.quote(out)}"])
        )
    return commands


def _in_numbers(value, present):
    return value if value not in IN_WORDS else IN_WORDS[value](present) if present else None


def _option(name, value):
    text = ",".join(map(str, value)) if isinstance(value, list) else f"{value:g}" if isinstance(value, float) else value
    return f"--{name.replace('_', '-')} {shlex.quote(str(text))}"
