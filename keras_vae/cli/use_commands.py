"""The commands that use a run: samples, codes, reconstructions."""

from pathlib import Path
from typing import Annotated

import typer

from keras_vae.cli.options import Data, Run, option


def use_commands(app):
    """Add the commands of this file to the program."""
    for command in (sample, encode, reconstruct):
        app.command(rich_help_panel="Use a run")(command)


def sample(
    run: Run,
    n: Annotated[int, typer.Option("-n", "--n", help="How many.")] = 64,
    seed: Annotated[int | None, option("The same seed gives the same samples.", "new ones each time")] = None,
    temperature: Annotated[float, typer.Option(help="Factor on the standard deviation of the prior.")] = 1.0,
    out: Annotated[Path, typer.Option(help="A picture (.png, .jpg, .pdf, .svg), or an .npz file: x.")] = Path(
        "samples.png"
    ),
):
    """Draw new examples from a run.

    \b
    Examples:
      keras-vae sample runs/digits
      keras-vae sample runs/digits -n 10000 --seed 1 --out samples.npz
    """
    from keras_vae.runs.verbs import sample_run

    sample_run(run, out, n, seed, temperature)
    print(f"{n} samples in {out}")


def encode(
    run: Run,
    data: Data,
    out: Annotated[Path, typer.Option(help="An .npz file: z_mean, z_log_var, label.")] = Path("z.npz"),
):
    """Write the latent codes of every row of the data.

    \b
    Example:
      keras-vae encode runs/digits --data digits --out z.npz
    """
    from keras_vae.runs.verbs import encode_run

    print(f"{encode_run(run, data, out)} codes in {out}")


def reconstruct(run: Run, data: Data, out: Annotated[Path, typer.Option(help="An .npz file: x.")] = Path("r.npz")):
    """Write the mean reconstruction of every row of the data, in the units of the data.

    \b
    Example:
      keras-vae reconstruct runs/digits --data digits --out r.npz
    """
    from keras_vae.runs.verbs import reconstruct_run

    print(f"{reconstruct_run(run, data, out)} reconstructions in {out}")
