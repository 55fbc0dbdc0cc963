"""Models for compression, trained on the training part of each set of images.

They are trained in run folders by `keras-vae train`, with the likelihood that `Compressor` chooses and the options that
`_sets.py` has for the set: a training that was
broken off goes on with the same command, and a finished one is kept. Beside each lies the file of its compressor. The
test part is in no training: the report of a run is made on it at the end.
"""

import json
import pathlib
import subprocess
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from _common import make_parser
from _provenance import commit
from _sets import QUICK, ROOT, SETS, WORK, images_of

EFFORT = ("epochs", "minutes")


def command_of(name, work, effort, seed):
    """The shell's command for one set, list of str; arguments as of `train`."""
    told = {"data": work / f"{name}.npz", "out": work / name, "likelihood": SETS[name].likelihood, "seed": seed}
    own = SETS[name].options
    told |= {**{key: value for key, value in own.items() if key not in EFFORT or not effort}, **effort}
    options = [word for option, value in told.items() for word in (f"--{option}", str(value))]
    return [sys.executable, "-m", "keras_vae", "train", *options, "--resume"]


def train(name, work, effort, seed):
    """Train the model of one set, and write its compressor.

    Args:
        name: str, one of `SETS`.
        work: path. Gets the run folder `name`, `name.keras` and `name.json`, which says how it was trained.
        effort: dict with "minutes" or "epochs", empty for those of the set.
        seed: int.

    Returns:
        dict, the content of `name.json`.
    """
    told = work / f"{name}.json"
    if told.is_file():
        return json.loads(told.read_text())
    data = work / f"{name}.npz"
    if not data.is_file():
        work.mkdir(parents=True, exist_ok=True)
        images = images_of(name)
        np.savez_compressed(data, **{f"x_{part}": x for part, x in images.items()})
    begun, command = time.monotonic(), command_of(name, work, effort, seed)
    subprocess.run(command, cwd=ROOT, check=True)
    seconds = time.monotonic() - begun

    from keras_vae.runs.run_folder import RunFolder
    from keras_vae.tasks.compression import Compressor

    run = RunFolder.open(work / name)
    Compressor(model=run.load_model()).save(work / f"{name}.keras")
    figures = {key: run.read_metrics().get(key) for key in ("epochs_done", "kept_epoch", "elbo")}
    settings = {key: value for key, value in run.read_config()["settings"].items() if value is not None}
    # The seconds are those of this command: of a training that went on, of its last part.
    found = {**figures, "seconds": round(seconds, 1), "commit": commit(), "settings": settings}
    told.write_text(json.dumps(found, indent=1))
    return found


def parse_arguments(argv=None):
    """Arguments of the command line."""
    parser = make_parser(__doc__)
    parser.add_argument(
        "--sets", default=",".join(n for n in SETS if n != QUICK), help="names with commas (default: all)"
    )
    parser.add_argument("--minutes", type=float, help="of each training (default: epochs, by set)")
    parser.add_argument("--epochs", type=int, help="in place of minutes, where other work takes a share of the machine")
    parser.add_argument("--work", type=pathlib.Path, default=WORK, help="folder of the runs")
    arguments = parser.parse_args(argv)
    unknown = set(arguments.sets.split(",")) - set(SETS)
    if unknown:
        parser.error(f"--sets must name some of {', '.join(SETS)}. Received: {', '.join(sorted(unknown))}")
    return arguments


def main():
    """Train what is asked for."""
    arguments = parse_arguments()
    names, work = arguments.sets.split(","), arguments.work
    if arguments.quick:
        names, work = [QUICK], work / "quick"
    effort = {key: value for key in EFFORT if (value := getattr(arguments, key)) is not None}
    for name in names:
        found = train(name, work, effort, arguments.seed)
        print(f"{name:<16} {found['epochs_done']} epochs, test -ELBO {-found['elbo']:.2f} nats", flush=True)


if __name__ == "__main__":
    main()
