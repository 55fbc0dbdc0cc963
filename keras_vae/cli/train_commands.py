"""The commands that train: one for every task, made from its table of settings."""

import inspect
import os
import shlex
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from keras_vae.cli.options import fail, option
from keras_vae.cli.summary import print_start, print_summary
from keras_vae.tasks.registry import TASKS, entry_of, settings_of

FALLBACK_SOURCES = "Name or path of the data."


def train_commands(app):
    """Add the command of every task in the registry."""
    for name, entry in TASKS.items():
        app.command(entry.command, help=settings_of(name).HELP, rich_help_panel="Train")(_command(name))


def _command(task):
    """The function of a command, with a signature from which Typer makes the options."""

    def command(data=None, out=None, resume=False, **settings):
        _train(task, data, out, resume, settings)

    table = settings_of(task).SETTINGS
    parameters = [_data_parameter(task), *(_parameter(name, setting) for name, setting in table.items())]
    parameters += [_out_parameter(task), _resume_parameter()]
    command.__signature__ = inspect.Signature(parameters)
    return command


def _keyword(name, annotation, default=None):
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _parameter(name, setting):
    default = setting.default if setting.default_text is None else setting.default_text
    complete = {"autocompletion": _completion(setting.choices)} if setting.choices else {}
    told = option(setting.help, "none" if default is None else default, **complete)
    return _keyword(name, Annotated[setting.shell_type | None, told])


def _completion(choices):
    return lambda incomplete: [name for name in choices if name.startswith(incomplete)]


def _data_parameter(task):
    module = settings_of(task)
    sources, default = getattr(module, "SOURCES", FALLBACK_SOURCES), getattr(module, "DEFAULT_DATA", None)
    if default is None:
        # Not required by the shell: a run that goes on knows its data.
        return _keyword("data", Annotated[str | None, option(f"{sources} [required for a new run]")])
    return _keyword("data", Annotated[str | None, option(sources, default)])


def _out_parameter(task):
    names = ["DATA", *_command_in_name(task)]
    longer = [*names, *(name.upper() for name, setting in settings_of(task).SETTINGS.items() if setting.names_run)]
    told = ", ".join(dict.fromkeys(f"runs/{'-'.join(words)}" for words in (names, longer)))
    return _keyword("out", Annotated[Path | None, option("Run folder to make.", told)])


def _resume_parameter():
    told = typer.Option("--resume", help="Go on with the run in --out where it stopped, or begin it.")
    return _keyword("resume", Annotated[bool, told], default=False)


def default_out(task, data, settings):
    """The run folder where none is given: named after the data, the command, and settings that are part of the name.

    Args:
        task: str. Name in the registry.
        data: str. Name or path of the data.
        settings: dict of the settings given, others None.

    Returns:
        `pathlib.Path`.
    """
    table = settings_of(task).SETTINGS
    given = [str(value) for name, value in settings.items() if table[name].names_run and value is not None]
    # Resolved: `.` has no name of its own.
    stem = Path(os.path.expanduser(data)).resolve().stem
    return Path("runs") / "-".join([stem, *_command_in_name(task), *given])


def _command_in_name(task):
    command = entry_of(task).command
    return [] if command == "train" else [command]


def _train(task_name, data, out, resume, settings):
    # Not at the top: `--help` does not wait for TensorFlow.
    from keras_vae.runs.open_run import open_run
    from keras_vae.runs.training import train

    module = settings_of(task_name)
    settings = {name: module.SETTINGS[name].read(name, value) for name, value in settings.items()}
    source = data or getattr(module, "DEFAULT_DATA", None)
    if source is None and out is None:
        raise ValueError("`data` must be given, or `out` of a run that goes on. Received: neither")
    out = out or default_out(task_name, source, settings)
    run, config, task, loaded = open_run(out, resume, task_name, data, **settings)
    if loaded is None:
        metrics = run.read_metrics()
        print(f"{out} is trained already: {metrics['epochs']} epochs")
    else:
        print_start(out, task, loaded, run.epochs_done)
        started = time.monotonic()
        try:
            # Outside a terminal a bar is a screenful of control characters.
            metrics = train(run, config, task, loaded, verbose=1 if sys.stdout.isatty() else 2)
        except KeyboardInterrupt:
            command = shlex.join(["keras-vae", entry_of(task_name).command, "--out", str(out), "--resume"])
            go_on = f", {run.epochs_done} epochs saved; go on with: {command}"
            fail(f"interrupted{go_on if run.exists else ''}", 130)
        if metrics is None:
            print(f"\ndone in {time.monotonic() - started:.0f} s; the chief writes {out}")
            return
        print(f"\ntrained and scored in {time.monotonic() - started:.0f} s")
    print_summary(metrics)
    _print_next(run, out)


def _print_next(run, out):
    print(f"\nfigures     {run.figures}/")
    print(f"model       {run.model_file}")
    export = shlex.join(["keras-vae", "export", str(out), f"saved_models/{out.resolve().name}"])
    print(f"next        {export}")
