"""The run to train at a path: a new one, or one that goes on."""

from keras_vae.runs.config import check_same_data, make_config, task_of
from keras_vae.runs.run_folder import RunFolder
from keras_vae.tasks.registry import entry_of, settings_of, task_class


def open_run(path, resume=False, task="vae", data=None, **given):
    """The run to train at `path`. Nothing is written yet.

    Args:
        path: str or path. The run folder.
        resume: bool. Whether a run that is there goes on.
        task: str. Name of the task in the registry.
        data: str or None. Name or path; None for the data of the run, or the default of the task.
        **given: settings of the task; None is not given.

    Returns:
        `(run, config, task, data)`: `RunFolder`, dict, prepared `Task` and what it has loaded. The data are None, and
        not loaded, if the run is finished.

    Raises:
        ValueError: for a setting out of range or in conflict with the run that is there; without `resume` for a run
            that has finished an epoch, and for a folder of other things.
        FileNotFoundError: if there are no such data.
    """
    run = RunFolder(path)
    given = {name: value for name, value in given.items() if value is not None}
    if resume and run.exists:
        config = resumed_config(run, task, data, **given)
        return run, config, *_go_on(run, config)
    run.check_free()
    return run, *begin(task, data, **given)


def begin(name, data=None, **given):
    """A new run, in memory: `(config, task, data)`, as in `open_run`."""
    task = task_class(name)(**given)
    task.checked_settings()
    source = data or getattr(settings_of(name), "DEFAULT_DATA", None)
    if source is None:
        raise ValueError(f"`data` must be given for `keras-vae {entry_of(name).command}`. Received: none")
    data = task.load(source)
    task.prepare(data)
    return make_config(name, source, task, data), task, data


def _go_on(run, config):
    task = task_of(config)
    if run.is_finished(config, task):
        return task, None
    data = task.load(config["data"])
    check_same_data(config, task, data)
    if not run.epochs_done:
        task.prepare(data)  # There is no model yet: it is to be built.
    return task, data


def resumed_config(run, name, data=None, **given):
    """The config of a run that goes on, with the changes that are allowed: more epochs.

    Args:
        run: `RunFolder` with a config.
        name: str. The task that it is taken for.
        data: str or None. Name or path; None for the data of the run.
        **given: settings given again.

    Returns:
        dict.

    Raises:
        ValueError: for another task, a setting that may not change and differs from the run's, or fewer epochs than are
            done.
    """
    config = run.read_config()
    if name != config["task"]:
        command = entry_of(config["task"]).command
        raise ValueError(
            f"{run.path} goes on with `keras-vae {command}`. Received: `keras-vae {entry_of(name).command}`"
        )
    if data is not None:
        _check_kept("data", task_class(name).full_name(data), config["data"])
    table, settings = settings_of(name).SETTINGS, dict(config["settings"])
    for key, value in given.items():
        value = table[key].checked(key, value)
        if not table[key].may_change:
            _check_kept(key, value, settings[key])
        settings[key] = value
    if settings["epochs"] < run.epochs_done:
        raise ValueError(f"`epochs` must be at least the {run.epochs_done} done. Received: epochs={settings['epochs']}")
    return {**config, "settings": settings}


def _check_kept(name, value, present):
    if value != present:
        raise ValueError(
            f"`{name}` must stay what it was when the run began, {present!r}; begin another with --out. "
            f"Received: {name}={value!r}"
        )


def load_for(config, task, source=None):
    """Data to look at a run with.

    Args:
        config: dict.
        task: `Task` of the run.
        source: str or None. Name or path; None for the data of the run.

    Returns:
        `(data, is_own)`: of other data no test part is split off.

    Raises:
        ValueError: for data that do not fit the run, or data of the run that have changed.
        FileNotFoundError: if there are no such data.
    """
    if source is None or task.full_name(source) == config["data"]:
        data = task.load(config["data"])
        check_same_data(config, task, data)
        return data, True
    data = task.load(source, all_rows=True)
    task.check_data(data)
    return data, False
