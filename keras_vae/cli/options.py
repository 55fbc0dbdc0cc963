"""What several commands share: their arguments, and how the program ends."""

import inspect
import sys
from pathlib import Path
from typing import Annotated

import typer

SOURCES = "Name or path of the data, as the run was trained on."

Run = Annotated[Path, typer.Argument(help="Run folder, as `keras-vae train` makes it.", show_default=False)]
Data = Annotated[str, typer.Option("--data", help=SOURCES)]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def option(help, default=None, names=(), **kwargs):
    """An option that may be left out; its default, which may depend on other things, is told in words.

    Args:
        help: str.
        default: what to say after "default:", or None for nothing.
        names: tuple of str. With dashes; empty for the name of the parameter.
        **kwargs: as in `typer.Option`.
    """
    return typer.Option(
        *names, help=help if default is None else f"{help} [default: {default}]", show_default=False, **kwargs
    )


def keyword(name, annotation, default=None):
    """A parameter of a command whose signature is made from a table."""
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def setting_parameter(name, setting):
    """The parameter for one setting of a task, from which Typer makes the option.

    Args:
        name: str.
        setting: `Setting`.
    """
    default = setting.default if setting.default_text is None else setting.default_text
    more = {"autocompletion": _completion(setting.choices)} if setting.choices else {}
    names = setting.option_of(name)
    names = f"{names}/--no-{names[2:]}" if setting.shell_type is bool else names
    told = option(
        setting.help, "none" if default is None else default, (names,), rich_help_panel=setting.section, **more
    )
    return keyword(name, Annotated[setting.shell_type | None, told])


def _completion(choices):
    return lambda incomplete: [name for name in choices if name.startswith(incomplete)]


OtherData = Annotated[str | None, option("Other data of the same shape.", "those of the run")]


def fail(message, code=2):
    """End the program with a line on stderr and an exit code.

    Raises:
        SystemExit: always.
    """
    print(f"keras-vae: {message}", file=sys.stderr)
    raise SystemExit(code)
