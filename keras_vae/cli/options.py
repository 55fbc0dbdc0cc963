"""What several commands share: their arguments, and how the program ends."""

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


OtherData = Annotated[str | None, option("Other data of the same shape.", "those of the run")]


def fail(message, code=2):
    """End the program with a line on stderr and an exit code.

    Raises:
        SystemExit: always.
    """
    print(f"keras-vae: {message}", file=sys.stderr)
    raise SystemExit(code)
