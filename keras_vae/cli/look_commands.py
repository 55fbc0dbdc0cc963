"""The commands that look at a run: its figures, its health, its loss curves."""

from pathlib import Path
from typing import Annotated

import typer

from keras_vae.cli.options import AsJson, OtherData, Run, option
from keras_vae.cli.summary import model_of, print_curves, print_summary


def look_commands(app):
    """Add the commands of this file to the program."""
    for command in (evaluate, doctor, curves):
        app.command(rich_help_panel="Look at a run")(command)


def evaluate(
    run: Run,
    data: OtherData = None,
    n_samples: Annotated[
        int | None,
        option("Importance samples per example for log p(x); papers have 5000.", "500, fewer of a slow model"),
    ] = None,
    n_rows: Annotated[
        int | None, option("Examples for log p(x), chosen at random.", "as many as take less than a minute")
    ] = None,
    annealed: Annotated[
        int,
        typer.Option(help="Examples whose log p(x) is checked by annealed importance sampling, slow; 20 are a start."),
    ] = 0,
    as_json: AsJson = False,
):
    """Print ELBO, reconstruction, KL and what it is made of, and the importance-weighted log p(x) on held-out data.

    These are the test part of the data of the run. Of other data it is their own test part, or all rows where there is
    none.

    \b
    Examples:
      keras-vae evaluate runs/digits
      keras-vae evaluate runs/digits --n-samples 5000 --n-rows 10000 --json
      keras-vae evaluate runs/digits --annealed 20
    """
    from keras_vae.runs.output import to_json
    from keras_vae.runs.run_folder import RunFolder
    from keras_vae.runs.verbs import evaluate_run
    from keras_vae.tasks.registry import units_of

    figures = evaluate_run(run, data, n_samples, annealed, n_rows)
    if as_json:
        print(to_json(figures))
    else:
        print_summary(figures, units_of(RunFolder(run).read_config()["task"]))


def doctor(run: Run, data: OtherData = None, as_json: AsJson = False):
    """Say whether a run is healthy, and what to change: what its codes carry, whether samples will look like data.

    Every number comes with what it means; a page of pictures goes to RUN/figures/health.png.

    \b
    Examples:
      keras-vae doctor runs/digits
      keras-vae doctor runs/digits --json
    """
    from keras_vae.runs.doctor import doctor_run
    from keras_vae.runs.output import to_json

    report, context = doctor_run(run, data)
    if as_json:
        print(to_json({**context, **report.as_dict()}))
        return
    print(report)
    if context["commands"]:
        print("\nor at the shell\n  " + "\n  ".join(context["commands"]))
    print(f"\nmodel       {model_of(context['model_epoch'])}")
    print(f"figure      {context['figure']}")


def curves(
    run: Run,
    out: Annotated[Path | None, option("A picture (.png, .jpg, .pdf, .svg).", "RUN/figures/loss_curves.png")] = None,
    as_json: AsJson = False,
):
    """Draw the loss curves of a run, also of one that is still being trained.

    \b
    Examples:
      keras-vae curves runs/digits
      keras-vae curves runs/digits --out now.png
    """
    from keras_vae.runs.curves import curves_run
    from keras_vae.runs.output import to_json

    figures = curves_run(run, out)
    if as_json:
        print(to_json(figures))
    else:
        print_curves(figures)
