"""The command that brings the run folder of an older version to the present form."""

from keras_vae.cli.options import Run


def convert_command(app):
    """Add the command of this file to the program."""
    app.command(rich_help_panel="Look after a run")(convert)


def convert(run: Run):
    """Bring the run folder of an older version to the present form; its numbers stay the same.

    \b
    Example:
      keras-vae convert runs/digits
    """
    from keras_vae.runs.format_1 import convert_run

    convert_run(run)
    print(f"{run} is of the present form")
