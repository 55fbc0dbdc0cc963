"""The commands that deploy a run: export, and a look at what was exported."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from keras_vae.cli.options import AsJson, Run
from keras_vae.cli.summary import model_of


def deploy_commands(app):
    """Add the commands of this file to the program."""
    for command in (export, inspect):
        app.command(rich_help_panel="Deploy")(command)


def export(
    run: Run,
    path: Annotated[
        Path,
        typer.Argument(help="Model folder, such as saved_models/NAME; gets the next version.", show_default=False),
    ],
    preprocess: Annotated[
        str | None,
        typer.Option(
            help="What clients send: uint8 values 0 to 255, or image_bytes (JPEG, PNG, GIF, BMP). [default: x itself]"
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Compare every signature with the run's model, and time it.")
    ] = False,
):
    """Export a run as a SavedModel for TensorFlow Serving.

    \b
    Example:
      keras-vae export runs/digits saved_models/digits --check
    """
    from keras_vae.runs.run_folder import RunFolder
    from keras_vae.runs.verbs import export_run

    version, model, preprocess = export_run(run, path, preprocess)
    print(version)
    # Not on stdout: a script reads the version there.
    print(f"exported {model_of(RunFolder(run).kept_epoch)}", file=sys.stderr)
    if check:
        from keras_vae.serving.inspection import format_inspection, inspect_saved_model

        report = inspect_saved_model(version, model, preprocess)
        print(format_inspection(report))
        if not report["agrees"]:
            raise ValueError(f"{version} does not answer as the model of {run} does: do not ship it")


def inspect(
    path: Annotated[Path, typer.Argument(help="saved_models/NAME or saved_models/NAME/VERSION.", show_default=False)],
    as_json: AsJson = False,
):
    """Show what an exported model takes and gives, its versions and size, and how fast it answers.

    \b
    Example:
      keras-vae inspect saved_models/digits
    """
    from keras_vae.runs.output import to_json
    from keras_vae.serving.inspection import format_inspection, inspect_saved_model

    report = inspect_saved_model(path)
    print(to_json(report) if as_json else format_inspection(report))
