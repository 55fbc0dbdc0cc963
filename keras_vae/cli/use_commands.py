"""The commands that use a run: samples, codes, reconstructions, scores."""

from pathlib import Path
from typing import Annotated

import typer

from keras_vae.cli.options import Data, Run, option
from keras_vae.cli.summary import model_of

TABLE_OR_ARRAYS = "A table (.csv, .tsv, .parquet, .jsonl) or an .npz file"


def use_commands(app):
    """Add the commands of this file to the program."""
    for command in (sample, encode, reconstruct, score):
        app.command(rich_help_panel="Use a run")(command)


def sample(
    run: Run,
    n: Annotated[int, typer.Option("-n", "--n", help="How many.")] = 64,
    seed: Annotated[int | None, option("The same seed gives the same samples.", "new ones each time")] = None,
    temperature: Annotated[float, typer.Option(help="Factor on the standard deviation of the prior.")] = 1.0,
    draw: Annotated[
        bool | None,
        option(
            "Draw x itself, with its noise, or take its mean, which varies less than the data; of texts, the likeliest "
            "words.",
            "draw for tables and texts, mean for others",
            ("--draw/--mean",),
        ),
    ] = None,
    label: Annotated[
        str | None, option("Class of the samples, of a run trained with --condition label.", "all, one after the other")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="A picture (.png, .jpg, .pdf, .svg), a table (.csv, .tsv, .parquet, .jsonl), an .npz file, a .txt of "
            "texts, or a new folder for image files. [default: samples.png; texts are printed]",
            show_default=False,
        ),
    ] = None,
):
    """Draw new examples from a run.

    \b
    Examples:
      keras-vae sample runs/digits
      keras-vae sample runs/digits -n 10000 --seed 1 --out samples.npz
      keras-vae sample runs/houses -n 500 --out houses.csv
      keras-vae sample runs/photos -n 20 --out new-photos
      keras-vae sample runs/clothes -n 20 --label Bag --out bags.png
      keras-vae sample runs/reviews-train-text -n 20
    """
    from keras_vae.runs.verbs import SAMPLES, sample_run

    texts = sample_run(run, out, n, seed, temperature, draw, label)
    if texts is not None:
        print("\n".join(texts))
        return
    _print_done(run, f"{n} samples", out or SAMPLES)


def encode(
    run: Run,
    data: Data,
    out: Annotated[Path, typer.Option(help=f"{TABLE_OR_ARRAYS}: z_mean, z_log_var.")] = Path("z.npz"),
):
    """Write the latent codes of every row of the data, with its name, part and label beside.

    \b
    Examples:
      keras-vae encode runs/digits --data digits --out z.npz
      keras-vae encode runs/houses --data houses.csv --out codes.csv
    """
    from keras_vae.runs.verbs import encode_run

    _print_done(run, f"{encode_run(run, data, out)} codes", out)


def reconstruct(
    run: Run,
    data: Data,
    out: Annotated[
        Path, typer.Option(help=f"{TABLE_OR_ARRAYS}: x; a new folder for image files; or a .txt for texts.")
    ] = Path("r.npz"),
):
    """Write the mean reconstruction of every row of the data, in the units of the data.

    \b
    Examples:
      keras-vae reconstruct runs/houses --data houses.csv --out again.csv
      keras-vae reconstruct runs/photos --data photos/ --out photos-again
      keras-vae reconstruct runs/reviews-train-text --data reviews.txt --out again.txt
    """
    from keras_vae.runs.verbs import reconstruct_run

    _print_done(run, f"{reconstruct_run(run, data, out)} reconstructions", out)


def score(
    run: Run,
    data: Data,
    out: Annotated[Path, typer.Option(help=f"{TABLE_OR_ARRAYS}.")] = Path("scores.csv"),
    n_samples: Annotated[int, typer.Option(help="Importance samples per row for log p(x).")] = 200,
):
    """Write what the model makes of every row: ELBO, log p(x), reconstruction loss and KL, in nats.

    The rows with the lowest log p(x) are those that are least like the data of the training.

    \b
    Example:
      keras-vae score runs/houses --data houses.csv --out scores.csv
    """
    from keras_vae.runs.verbs import score_run

    _print_done(run, f"{score_run(run, data, out, n_samples)} scores", out)


def _print_done(run, what, out):
    """What was written, and by which weights."""
    from keras_vae.runs.run_folder import RunFolder

    print(f"{what} in {out}, by {model_of(RunFolder(run).kept_epoch)}")
