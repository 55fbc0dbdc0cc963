"""The commands that train: one for every task, made from its table of settings."""

import inspect
import os
import shlex
import time
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from keras_vae.cli.options import fail, keyword, option, setting_parameter
from keras_vae.cli.sections import SectionedCommand
from keras_vae.cli.summary import print_plan, print_start, print_summary
from keras_vae.tasks.registry import TASKS, entry_of, settings_of, units_of
from keras_vae.tasks.setting import COMMON

# Heading of the options that are about the run and not about what is trained.
RUN = "Run"
# What `train` and `train-text` have under the same name, with the same meaning.
SHARED = {*COMMON, "latent_dim"}
FALLBACK_SOURCES = "Name or path of the data."


def train_commands(app):
    """Add the command of every task in the registry."""
    for name, entry in TASKS.items():
        app.command(entry.command, cls=SectionedCommand, help=settings_of(name).HELP, rich_help_panel="Train")(
            _command(name)
        )


def _command(task):
    """The function of a command, with a signature from which Typer makes the options."""

    def command(data=None, out=None, resume=False, config=None, print_config=False, tensorboard=False, **settings):
        request = _for_sentences(Request(task, data, out, settings).with_file(config), resume, print_config)
        if print_config:
            _print_config(request)
        else:
            _train(request, resume, tensorboard)

    table = settings_of(task).SETTINGS
    parameters = [_data_parameter(task), *(setting_parameter(name, setting) for name, setting in table.items())]
    parameters += [_out_parameter(task), *_run_parameters()]
    # By section, in the order in which the table has them.
    sections = list(dict.fromkeys(_panel(parameter) for parameter in parameters))
    parameters.sort(key=lambda parameter: sections.index(_panel(parameter)))
    command.__signature__ = inspect.Signature(parameters)
    return command


def _panel(parameter):
    return parameter.annotation.__metadata__[0].rich_help_panel


def _data_parameter(task):
    module = settings_of(task)
    sources, default = getattr(module, "SOURCES", FALLBACK_SOURCES), getattr(module, "DEFAULT_DATA", None)
    # Not required by the shell where there is no default: a run that goes on knows its data.
    told = option(f"{sources} [required for a new run]") if default is None else option(sources, default)
    told.rich_help_panel = RUN
    return keyword("data", Annotated[str | None, told])


def _out_parameter(task):
    names = ["DATA", *_command_in_name(task)]
    longer = [*names, *(name.upper() for name, setting in settings_of(task).SETTINGS.items() if setting.names_run)]
    told = ", ".join(dict.fromkeys(f"runs/{'-'.join(words)}" for words in (names, longer)))
    return keyword("out", Annotated[Path | None, option("Run folder to make.", told, rich_help_panel=RUN)])


def _run_parameters():
    """The options that are about the run itself, whatever is trained."""
    flags = {
        "resume": "Go on with the run in --out where it stopped, or begin it.",
        "print_config": "Print what would be trained, as a file for --config, and train nothing.",
        "tensorboard": "Write logs for TensorBoard into the run folder.",
    }
    told = option("YAML or JSON file with settings, data and out; options go before it.", "none", rich_help_panel=RUN)
    yield keyword("config", Annotated[Path | None, told])
    for name, help in flags.items():
        told = typer.Option(f"--{name.replace('_', '-')}", help=help, rich_help_panel=RUN)
        yield keyword(name, Annotated[bool, told], default=False)


class Request(NamedTuple):
    """What somebody has asked for.

    Attributes:
        task: str. Name in the registry.
        data: str or None. Name or path.
        out: path or None.
        settings: dict by name; None for what was left out.
    """

    task: str
    data: str | None
    out: Path | None
    settings: dict

    @property
    def table(self):
        """The settings of the task, dict from names to `Setting`."""
        return settings_of(self.task).SETTINGS

    def with_file(self, path):
        """With the settings of a file for what was left out; as it is without a file."""
        given = {name: self.table[name].read(name, value) for name, value in self.settings.items()}
        if path is None:
            return self._replace(settings=given)
        from keras_vae.runs.settings_file import read_settings

        of_file = read_settings(path, self.table)
        out = self.out or (Path(of_file["out"]) if of_file.get("out") else None)
        settings = {name: of_file.get(name) if value is None else value for name, value in given.items()}
        return Request(self.task, self.data or of_file.get("data"), out, settings)

    @property
    def source(self):
        """Name or path of the data: those asked for, or the default of the task; None without either."""
        return self.data or getattr(settings_of(self.task), "DEFAULT_DATA", None)


def _for_sentences(request, resume, print_config):
    """A request for `train` as one for `train-text`, if its data are sentences and no option says otherwise.

    Raises:
        ValueError: for an option that `train-text` has not, with a set of sentences that is read as nothing else.
    """
    if request.task != "vae" or request.data is None:
        return request
    from keras_vae.data.load import TEXT_NAMES, holds_sentences
    from keras_vae.runs.run_folder import RunFolder

    run = RunFolder(request.out or default_out(request.task, request.data, request.settings))
    goes_on = resume and run.exists and run.read_config()["task"] != "text"
    if goes_on or not holds_sentences(request.data):
        return request
    is_named = request.data in TEXT_NAMES
    # Latent dimensions may be a list there, one number for each level.
    given = {n: v[0] if isinstance(v, list) and len(v) == 1 else v for n, v in request.settings.items()}
    given = {name: value for name, value in given.items() if value is not None}
    others = [name for name, value in given.items() if name not in SHARED or isinstance(value, list)]
    if others and is_named:
        options = ", ".join(request.table[name].option_of(name) for name in others)
        raise ValueError(
            f"{request.data} holds sentences: use `keras-vae train-text`, which has other options than {options}"
        )
    if others:
        return request
    told = "" if is_named else "; --kind sequence takes its characters"
    # A comment in a file for --config.
    print(f"{'# ' * print_config}{request.data} holds sentences: trained as by `keras-vae train-text`{told}\n")
    settings = {name: given.get(name) for name in settings_of("text").SETTINGS}
    return request._replace(task="text", settings=settings)


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


def _print_config(request):
    from keras_vae.runs.open_run import begin
    from keras_vae.runs.settings_file import settings_as_yaml

    given = {name: value for name, value in request.settings.items() if value is not None}
    config, task, _ = begin(request.task, request.data, **given)
    # How many epochs fit into the minutes is measured by the training itself.
    is_open = {name for name in ("epochs", "patience", "warm_up") if given.get(name) is None}
    settings = {name: value for name, value in task.settings_.items() if name not in is_open}
    print(settings_as_yaml(config["data"], settings, request.table))


def _train(request, resume, tensorboard):
    # Not at the top: `--help` does not wait for TensorFlow.
    from keras_vae.runs.open_run import open_run
    from keras_vae.runs.training import train

    if request.source is None and request.out is None:
        raise ValueError("`data` must be given, or `out` of a run that goes on. Received: neither")
    out = request.out or default_out(request.task, request.source, request.settings)
    run, config, task, loaded = open_run(out, resume, request.task, request.data, **request.settings)
    if loaded is None:
        metrics = run.read_metrics()
        print(f"{out} is trained already: {metrics.get('epochs_done', metrics['epochs'])} epochs{_why_over(metrics)}")
        _print_unused(run, config, metrics)
    else:
        print_start(out, task, loaded, run.epochs_done)
        started = time.monotonic()
        try:
            metrics = train(run, config, task, loaded, announce=print_plan, tensorboard=tensorboard)
        except KeyboardInterrupt:
            fail(f"interrupted{_go_on(run, request.task, out)}", 130)
        if metrics is None:
            print(f"\ndone in {time.monotonic() - started:.0f} s; the chief writes {out}")
            return
        print(f"\ntrained and scored in {time.monotonic() - started:.0f} s{_why_over(metrics)}")
    print_summary(metrics, units_of(request.task))
    _print_next(run, out)


def _print_unused(run, config, metrics):
    """Tell of settings that are new to a run that is over."""
    before = run.read_config()["settings"]
    new = [f"--{name.replace('_', '-')}" for name, value in config["settings"].items() if value != before.get(name)]
    if new:
        # Of one that ended early it was said what makes it go on.
        how = "" if _why_over(metrics) else "; with more --epochs it goes on"
        print(f"            {', '.join(new)}: not used{how}")


def _why_over(metrics):
    """Why a training has ended before its last epoch, in words; "" where it has not."""
    done, wanted = metrics.get("epochs_done", metrics["epochs"]), metrics["epochs"]
    if done >= wanted:
        return ""
    return f"; over after {done} of {wanted} epochs, as the held-out bound no longer rose (--patience to wait longer)"


def _go_on(run, task, out):
    """What an interrupted run has saved, and the command that goes on with it."""
    if not run.exists:
        return ""
    command = shlex.join(["keras-vae", entry_of(task).command, "--out", str(out), "--resume"])
    done = run.epochs_done
    kept = f", of which epoch {run.kept_epoch} is the best and can be used as it is" if done else ""
    return f", {done} epochs saved{kept}; go on with: {command}"


def _print_next(run, out):
    print(f"\nfigures     {run.figures}/")
    print(f"model       {run.model_file}")
    export = shlex.join(["keras-vae", "export", str(out), f"saved_models/{out.resolve().name}"])
    print(f"next        {export}")
