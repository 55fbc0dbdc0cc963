"""The commands that use a model of texts: texts on the way from one to another."""

from typing import Annotated

import typer

from keras_vae.cli.options import AsJson, Run, option

SECTION = "Text"
PATHS = ("linear", "spherical")


def text_commands(app):
    """Add the commands of this file to the program."""
    app.command("interpolate", rich_help_panel=SECTION)(interpolate)


def interpolate(
    run: Run,
    a: Annotated[str, typer.Argument(help="A text.", show_default=False)],
    b: Annotated[str, typer.Argument(help="Another text.", show_default=False)],
    steps: Annotated[int, typer.Option(help="Texts, both ends among them.")] = 8,
    path: Annotated[
        str,
        option(
            "How codes go from one to the other: linear, in a line; spherical, along an arc, on which they keep their "
            "length.",
            "linear",
            autocompletion=lambda incomplete: [name for name in PATHS if name.startswith(incomplete)],
        ),
    ] = "linear",
    as_json: AsJson = False,
):
    """Print texts on the way from one text to another, one a line.

    They are decoded from codes between the codes of the two, and chosen together such that each is further from the
    first. The first and the last are what the model makes of the two.

    \b
    Examples:
      keras-vae interpolate runs/reviews-train-text "a good film" "the worst film of the year"
      keras-vae interpolate runs/reviews-train-text "a good film" "a bad film" --steps 5 --json
    """
    from keras_vae.runs.output import to_json
    from keras_vae.runs.rows_out import as_lines

    texts = _text_model(run).interpolate(a, b, steps, path)
    print(to_json({"texts": texts}) if as_json else "\n".join(as_lines(texts)))


def _text_model(run):
    """The model of a run that is a VAE of texts."""
    from keras_vae.runs.run_folder import RunFolder

    folder = RunFolder.open(run)
    task = folder.read_config()["task"]
    if task != "text":
        raise ValueError(f"{run} must be the run of a VAE of texts (keras-vae train-text). Received: one of {task!r}")
    return folder.load_model()
