"""Bits per dimension of CIFAR-10: `keras-vae train` without settings beside Gaussians and files of PNG.

By default the training takes the network, graph and likelihood that are chosen by the data. The test part is looked at
once, at the end. What stands beside it is measured here on the same images: a Gaussian of full covariance, one of 64
principal components (PPCA), both of the grey values with uniform noise, whose density bounds the mass of whole values,
and PNG, headers and all. Where $KERAS_VAE_DATA holds a part of CIFAR-10, all are of that part.

The minutes are those that `keras-vae train --minutes` may take, with its figures and pictures; how many threads it has,
is up to the environment (OMP_NUM_THREADS, TF_NUM_INTRAOP_THREADS), and in the result. Beside other work a training gets
through less in the same minutes: the minutes of the processor are in the result too.
"""

import io
import json
import math
import os
import pathlib
import resource
import shlex
import subprocess
import sys
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

from _common import format_table, make_parser, write_result  # noqa: E402

NAME = "cifar10"
# Added to the variances of the Gaussian: the best for images of the training part that were kept out.
RIDGES = (0.1, 0.3, 1.0, 3.0, 10.0)
N_COMPONENTS = 64
N_SAMPLES = 50


def parse_arguments(given=None):
    parser = make_parser(__doc__)
    parser.add_argument("--minutes", type=float, default=20.0, help="of the training (default: 20)")
    parser.add_argument("--epochs", type=int, help="train the run of that name further, to so many epochs")
    parser.add_argument("--settings", default="", help='other settings of the training, as "--network dense"')
    parser.add_argument("--name", default="default", help="of the training, in the result (default: default)")
    parser.add_argument(
        "--work", type=pathlib.Path, default=ROOT / "benchmarks" / "work" / NAME, help="folder of the runs"
    )
    return parser.parse_args(given)


def with_noise(x, seed):
    """Grey values with uniform noise, `(n, values)` float64: the log density of them bounds that of whole values."""
    return x.reshape(len(x), -1) + np.random.default_rng(seed).random((len(x), math.prod(x.shape[1:])))


class Spectrum:
    """Mean and covariance of rows, by eigenvalues.

    Args:
        rows: array `(n, values)`.
    """

    def __init__(self, rows):
        self.mean = rows.mean(axis=0)
        self.variances, self.directions = np.linalg.eigh(np.cov(rows.T))

    def bits(self, rows, variances):
        """Bits per value of rows under a Gaussian with these variances along the directions."""
        squares = np.square((rows - self.mean) @ self.directions) / variances
        nats = 0.5 * (np.log(2.0 * np.pi * variances).sum() + squares.sum(axis=1)).mean()
        return float(nats / len(variances) / math.log(2.0))


def gaussians(x_train, x_test, n_components=N_COMPONENTS):
    """Bits per value of test images under a Gaussian of full covariance and under PPCA, and the ridge of the first."""
    train, test = with_noise(x_train, 0), with_noise(x_test, 1)
    n_kept_out = len(train) // 10
    part = Spectrum(train[:-n_kept_out])
    kept_out = [part.bits(train[-n_kept_out:], part.variances + ridge) for ridge in RIDGES]
    ridge = RIDGES[int(np.argmin(kept_out))]
    whole = Spectrum(train)
    # The variances that are left out become one noise (Tipping & Bishop 1999, eq. 8).
    noise = np.full(len(whole.variances) - n_components, whole.variances[:-n_components].mean())
    ppca = whole.bits(test, np.concatenate([noise, whole.variances[-n_components:]]))
    return {"gaussian": whole.bits(test, whole.variances + ridge), "gaussian_ridge": ridge, "ppca": ppca}


def png(x_test):
    """Bits per value of PNG files of one image each."""
    from PIL import Image

    sizes = []
    for x in x_test:
        buffer = io.BytesIO()
        Image.fromarray(x).save(buffer, "PNG", optimize=True)
        sizes.append(len(buffer.getvalue()))
    return 8.0 * float(np.mean(sizes)) / math.prod(x_test.shape[1:])


def shell(*words):
    """What a command of `keras-vae` writes; stops with its last line where it fails."""
    done = subprocess.run([sys.executable, "-m", "keras_vae", *map(str, words)], stdout=subprocess.PIPE, cwd=ROOT)
    if done.returncode:
        sys.exit(f"keras-vae {words[0]} failed")
    return done.stdout


def cpu_seconds():
    """Of the processor, by the commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def train(run, minutes, words):
    """Train by the shell, or go on; figures of the test part, minutes of the commands and of the processor."""
    begun, taken_file = time.monotonic(), run.with_suffix(".minutes.json")
    before = json.loads(taken_file.read_text()) if taken_file.is_file() else [0.0, 0.0]
    cpu_before = cpu_seconds()
    shell("train", "--data", NAME, "--minutes", minutes, "--out", run, "--resume", *words)
    now = (time.monotonic() - begun) / 60.0, (cpu_seconds() - cpu_before) / 60.0
    taken = [sum(pair) for pair in zip(before, now, strict=True)]
    taken_file.write_text(json.dumps(taken))
    found = json.loads((run / "metrics.json").read_text())
    scored = json.loads(shell("evaluate", run, "--n-samples", N_SAMPLES, "--json"))
    settings = json.loads((run / "config.json").read_text())["settings"]
    n_values = 32 * 32 * 3
    return {
        "bits_per_dim": scored["bits_per_dim"],
        "bits_per_dim_standard_error": scored["log_prob_standard_error"] / n_values / math.log(2.0),
        "log_prob_n_samples": scored["log_prob_n_samples"],
        "log_prob_n_rows": scored["log_prob_n_rows"],
        "bits_per_dim_of_elbo": -scored["elbo"] / n_values / math.log(2.0),
        "minutes": taken[0],
        "cpu_minutes": taken[1],
        "epochs": found["epochs_done"],
        **{name: settings[name] for name in ("graph", "network", "likelihood", "batch_size", "learning_rate")},
        "threads": os.environ.get("TF_NUM_INTRAOP_THREADS", "all"),
    }


def main():
    """Train, measure, write."""
    from keras_vae.data.named import load_named

    arguments = parse_arguments()
    begun = time.monotonic()
    data = load_named(NAME)
    x_train, x_test = (data.x_train[:1200], data.x_test[:100]) if arguments.quick else (data.x_train, data.x_test)
    arguments.work.mkdir(parents=True, exist_ok=True)
    kept_file = arguments.work / ("quick.json" if arguments.quick else "figures.json")
    kept = json.loads(kept_file.read_text()) if kept_file.is_file() else {}
    if "png" not in kept:
        kept |= {**gaussians(x_train, x_test), "png": png(x_test)}
        kept_file.write_text(json.dumps(kept))
    minutes, run = (1.0, "quick") if arguments.quick else (arguments.minutes, arguments.name)
    kept.setdefault("trainings", {})
    words = shlex.split(arguments.settings)
    if arguments.epochs is not None:
        words += ["--epochs", arguments.epochs]
    if arguments.name not in kept["trainings"] or arguments.epochs is not None:
        kept["trainings"][arguments.name] = train(arguments.work / run, minutes, words)
        kept_file.write_text(json.dumps(kept))
    shown = ("bits_per_dim", "bits_per_dim_of_elbo", "minutes", "cpu_minutes")
    rows = [[name, *(t[key] for key in shown)] for name, t in kept["trainings"].items()]
    rows += [[name, kept[name], None, None, None] for name in ("gaussian", "png", "ppca")]
    print(format_table(["method", "bits/dim", "of the ELBO", "minutes", "CPU minutes"], rows))
    settings = {"minutes": minutes, "test_images": len(x_test), "training_images": len(x_train), "data": data.name}
    write_result(NAME, kept, settings, arguments, time.monotonic() - begun, peers=("pillow", "scipy"))


if __name__ == "__main__":
    main()
