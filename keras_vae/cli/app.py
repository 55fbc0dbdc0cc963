"""The `keras-vae` program: its commands by section, errors in one line, exit codes."""

import re
import sys
import warnings
from typing import Annotated

import typer

from keras_vae import __version__
from keras_vae.cli.compression import compression_commands
from keras_vae.cli.convert_command import convert_command
from keras_vae.cli.deploy_commands import deploy_commands
from keras_vae.cli.images import images_commands
from keras_vae.cli.look_commands import look_commands
from keras_vae.cli.options import fail
from keras_vae.cli.ratings import ratings_commands
from keras_vae.cli.table_rows import table_row_commands
from keras_vae.cli.tables import table_commands
from keras_vae.cli.text import text_commands
from keras_vae.cli.train_commands import train_commands
from keras_vae.cli.use_commands import use_commands

# Each adds the commands of one file, in the order of the help; a use with its own verbs is one line here.
COMMANDS = (
    train_commands,
    look_commands,
    use_commands,
    table_commands,
    table_row_commands,
    ratings_commands,
    images_commands,
    text_commands,
    compression_commands,
    deploy_commands,
    convert_command,
)


class SectionedGroup(typer.core.TyperGroup):
    """The program with its commands listed by section."""

    def format_commands(self, ctx, formatter):
        sections = {}
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            sections.setdefault(command.rich_help_panel, []).append((name, command))
        width = max(len(name) for name in self.list_commands(ctx))
        for section, commands in sections.items():
            with formatter.section(section):
                rows = [(n.ljust(width), c.get_short_help_str(formatter.width - 6 - width)) for n, c in commands]
                formatter.write_dl(rows)


app = typer.Typer(
    name="keras-vae",
    cls=SectionedGroup,
    help="Train variational autoencoders, look at them, and deploy them.\n\n"
    "Start with `keras-vae train`: it needs no data, and ends with an honest likelihood and pictures in runs/.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _print_version(is_asked):
    if is_asked:
        print(f"keras-vae {__version__}")
        raise typer.Exit


@app.callback()
def _options_of_the_program(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
):
    pass


for add_commands in COMMANDS:
    add_commands(app)


def main():
    """Entry point: a mistake of the user ends in one line on stderr and exit code 2."""
    warnings.showwarning = lambda message, *_: print(f"keras-vae: warning: {one_line(message)}", file=sys.stderr)
    try:
        # Without arguments: the help, which is no mistake.
        code = app(sys.argv[1:] or ["--help"], prog_name="keras-vae", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    except Exception as error:
        if not _is_mistake(error):
            raise
        fail(_reason(error))
    # Typer, too, turns Ctrl-C into a code.
    if code == 130:
        fail("interrupted", 130)
    if code:
        raise SystemExit(code)


def _is_mistake(error):
    """Whether an error speaks of input, files, disk or memory; anything else is a bug and shows its traceback."""
    # OSError covers a missing file, a full disk, a folder without write access; ConnectionError a failed download.
    # By name, as neither Typer's own errors (of wrong options) nor TensorFlow's are to be imported.
    names = {kind.__name__ for kind in type(error).__mro__}
    if isinstance(error, ImportError):
        return "keras_vae[" in str(error).replace("-", "_")  # An extra that is not installed.
    kinds = ValueError | OSError | MemoryError | OverflowError
    return isinstance(error, kinds) or bool(names & {"ClickException", "OpError"})


def _reason(error):
    """What went wrong, in one line."""
    if hasattr(error, "format_message"):
        help_of = f" (see {error.ctx.command_path} --help)" if getattr(error, "ctx", None) else ""
        return one_line(error.format_message()).rstrip(".") + help_of
    if isinstance(error, MemoryError):
        return one_line(f"not enough memory {error}")
    if isinstance(error, OSError) and error.strerror:
        return one_line(": ".join(filter(None, [error.filename and str(error.filename), error.strerror])))
    # What Python code inside a TensorFlow graph raised stands in the midst of a traceback.
    inner = re.search(r"(?:^|\s)\w+Error: (.+)$", str(error), re.MULTILINE) if hasattr(error, "op") else None
    return one_line(inner[1] if inner else error) or type(error).__name__


def one_line(message):
    """A message without line breaks."""
    return " ".join(str(message).split())


if __name__ == "__main__":
    main()
