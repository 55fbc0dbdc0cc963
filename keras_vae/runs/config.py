"""What `config.json` of a run holds: the task, its data and settings, and what it learned about the data."""

import json

from keras_vae.tasks.registry import TASKS, entry_of, settings_of, task_class

FORMAT = 2

# Settings that every run has chosen before it is kept.
REQUIRED = ("epochs", "batch_size", "learning_rate", "seed")

# A file that somebody has edited is refused before it leads to a wrong model.
KEYS = {"task": str, "data": str, "n_train": int, "fingerprint": str, "settings": dict, "learned": dict}


def make_config(name, source, task, data):
    """The config of a new run.

    Args:
        name: str. Of the task, in the registry.
        source: str. Name or path of the data.
        task: prepared `Task`.
        data: as `task.load` gave it.

    Returns:
        dict that JSON can hold.
    """
    return {
        "format": FORMAT,
        "task": name,
        "data": task.full_name(source),
        "n_train": data.n_train,
        "fingerprint": task.fingerprint(data),
        "settings": task.settings_,
        "learned": task.learned(),
    }


def read_json(path):
    """The JSON object in a file, a dict.

    Raises:
        ValueError: if the file cannot be read or holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path} cannot be read: it holds no JSON object")
    return content


def checked_config(content, path):
    """The content of a `config.json`, checked.

    Args:
        content: dict.
        path: path. Of the file, for messages.

    Returns:
        dict, `content` with every setting of the task.

    Raises:
        ValueError: for a config of another format or program, or with values that this version did not write.
    """
    if content.get("format") == 1 and "fingerprint" in content:
        raise ValueError(
            f"{path} is of format 1, which an older keras-vae wrote: "
            f"convert the run with `keras-vae convert {path.parent}`"
        )
    if content.get("format") != FORMAT:
        raise ValueError(f"{path} is not a config of format {FORMAT} of keras-vae")
    wrong = [name for name, kind in KEYS.items() if not isinstance(content.get(name), kind)]
    if wrong:
        raise ValueError(f"{path} must hold {', '.join(wrong)} as `keras-vae` wrote it")
    if content["task"] not in TASKS:
        raise ValueError(f"{path} is of the task {content['task']!r}, which this keras-vae does not have")
    table = settings_of(content["task"]).SETTINGS
    settings, wrong = {}, []
    for name, setting in table.items():
        try:
            settings[name] = _checked(name, setting, content["settings"].get(name, setting.of_older_runs))
        except ValueError:
            wrong.append(name)
    if wrong:
        command = entry_of(content["task"]).command
        raise ValueError(f"{path} must hold {', '.join(wrong)} as `keras-vae {command}` wrote it")
    return {**content, "settings": settings}


def _checked(name, setting, value):
    """A value that a run is kept with: checked, and chosen where every task needs it."""
    if name in REQUIRED and value is None:
        raise ValueError(f"`{name}` must be chosen")
    return setting.checked(name, value)


def task_of(config):
    """The `Task` of a run as it was prepared.

    Args:
        config: dict, as `read_config` gives it.

    Raises:
        ValueError: if what it learned is not what this version keeps.
    """
    return task_class(config["task"])(**config["settings"]).with_learned(config["learned"])


def check_same_data(config, task, data):
    """Check that data are those that a run began with: only then is their test part held out from the model.

    Args:
        config: dict.
        task: `Task`.
        data: as `task.load` gave it.

    Raises:
        ValueError: if they are not.
    """
    task.check_data(data)
    if task.fingerprint(data) != config["fingerprint"]:
        raise ValueError(
            f"{config['data']} must hold the data that the run began with, {config['n_train']} training examples of "
            f"checksum {config['fingerprint']}. Received: {data.n_train} of checksum {task.fingerprint(data)}"
        )
