"""The commands that are about tables: how many latent dimensions one calls for."""

import inspect
import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from keras_vae.cli.options import AsJson, fail, keyword, option, setting_parameter
from keras_vae.cli.sections import SectionedCommand
from keras_vae.cli.summary import print_reading
from keras_vae.tasks.reading_settings import READING
from keras_vae.tasks.registry import settings_of
from keras_vae.tasks.setting import parse_widths

SECTION = "Tables"
TASK = "vae"
# Settings of the model and its training that are worth another value here.
OF_TRAINING = ("likelihood", "network", "hidden_units", "epochs")
# Tables have no use for these.
OF_IMAGES = ("size", "image_fit", "grey")


def table_commands(app):
    """Add the commands of this file to the program."""
    app.command("choose-latent-dim", cls=SectionedCommand, rich_help_panel=SECTION)(_choose_latent_dim())


def passed_settings():
    """Settings that `choose-latent-dim` hands on to the training, by name: of the model, and how files are read."""
    reading = {name: setting for name, setting in READING.items() if name not in OF_IMAGES}
    return {name: settings_of(TASK).SETTINGS[name] for name in OF_TRAINING} | reading


def _choose_latent_dim():
    """The command, with options made from the table of settings."""

    def command(data, sizes, out, jobs, minutes, n_samples, seed, as_json, **settings):
        table = passed_settings()
        given = {name: table[name].read(name, value) for name, value in settings.items() if value is not None}
        sizes = None if sizes is None else parse_widths("sizes", sizes)
        _run(data, sizes, out or _default_out(data), jobs, as_json, given, minutes, n_samples, seed)

    own = [
        keyword("data", Annotated[str, _told("Name or path of a table.", "--data")], inspect.Parameter.empty),
        keyword("sizes", Annotated[str | None, _told("Latent dimensions to compare, as 1,2,4,8.", "--sizes", SEARCH)]),
        keyword("out", Annotated[Path | None, _told(KEPT, "--out", "runs/DATA-latent-dim")]),
        keyword("jobs", Annotated[int, _told("Trainings beside each other; -1 for one per core.", "--jobs", "1")], 1),
        keyword("minutes", Annotated[float, _told("Of one training, at most.", "--minutes", "1")], 1.0),
        keyword("n_samples", Annotated[int, _told("Importance samples per row.", "--n-samples", "100")], 100),
        keyword("seed", Annotated[int, _told("Of the split and of the trainings.", "--seed", "0")], 0),
        keyword("as_json", AsJson, False),
    ]
    made = [setting_parameter(name, setting) for name, setting in passed_settings().items()]
    command.__signature__ = inspect.Signature([*own, *made])
    command.__doc__ = HELP
    return command


SEARCH = "1,2,4,8,16 as far as there are columns, more where they are chosen, then those between"
KEPT = "Folder in which every finished training is kept; the same command goes on after a break."
HELP = """Say how many latent dimensions a table calls for, by rows that no training sees.

One model is trained for every size. A fifth of the training rows is set aside and scored under each, by the
importance-weighted log p(x); the size chosen is the smallest one within one standard error of the best, where the error
is that of the difference on the same rows. The test part is not touched: it judges the model that you train in the end.
The figures, and a picture of them, go to the folder in --out.

\b
Examples:
  keras-vae choose-latent-dim --data houses.csv
  keras-vae choose-latent-dim --data houses.csv --drop url --label price --jobs 2
  keras-vae choose-latent-dim --data sensors.parquet --sizes 2,4,8,16,32 --minutes 3 --out runs/sensors-sizes
  keras-vae choose-latent-dim --data houses.csv --json
"""


def _told(help, name, default=None):
    """An option of the first heading."""
    if default is None:
        return typer.Option(name, help=help, show_default=False, rich_help_panel="Search")
    return option(help, default, (name,), rich_help_panel="Search")


def _default_out(data):
    """The folder where none is given, named after the data."""
    return Path("runs") / f"{Path(os.path.expanduser(data)).resolve().stem}-latent-dim"


def _run(data, sizes, out, jobs, as_json, given, minutes, n_samples, seed):
    # Not at the top: `--help` does not wait for TensorFlow.
    from keras_vae.runs.output import check_writable, to_json
    from keras_vae.tasks.tables.latent_size_folder import PICTURE
    from keras_vae.tasks.tables.latent_size_search import Search

    check_writable(out)
    search = Search(data, sizes, out, jobs, TASK, seed, n_samples, not as_json, {"minutes": minutes, **given})
    if not as_json:
        print_reading(search.report)
    try:
        found = search.run()
    except KeyboardInterrupt:
        fail(f"interrupted; what is finished is in {out}, and the same command goes on", 130)
    words = ["keras-vae", "train", "--data", data, "--latent-dim", str(found.chosen)]
    words += [word for name, value in given.items() for word in passed_settings()[name].words(name, value)]
    words += ["--seed", str(seed)] if seed else []
    if as_json:
        print(to_json({**found.as_dict(), "figure": str(out / PICTURE), "next": shlex.join(words)}))
        return
    print(f"\n{found}\n")
    print(f"chosen      {found.chosen} latent dimensions, {_why(found)}")
    print(f"figure      {out / PICTURE}")
    print(f"next        {shlex.join(words)}")


def _why(found):
    """Why a size was chosen, in words."""
    if found.chosen == found.best:
        return "the best, and no smaller one is as good"
    return f"the smallest that is as good as the best, {found.best}"
