"""What every benchmark script shares: arguments, tables, and the result file."""

import argparse
import datetime
import json
import os
import pathlib

import numpy as np
from _provenance import PACKAGES, commit, machine, package_versions

# Before anything imports TensorFlow, here and in the workers that a script starts.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

RESULTS = pathlib.Path(__file__).resolve().parent / "results"


def make_parser(description):
    """Argument parser with what all scripts take: `--quick`, `--seed` and `--results`.

    Args:
        description: str. The docstring of the script; its first line heads the help.

    Returns:
        `argparse.ArgumentParser`, to which a script may add arguments of its own.
    """
    parser = argparse.ArgumentParser(description=description.strip().splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="about a minute; the numbers only show that it works")
    parser.add_argument("--seed", type=int, default=0, help="start of all random numbers (default: 0)")
    parser.add_argument(
        "--results",
        type=pathlib.Path,
        default=RESULTS,
        help="folder for NAME.json (default: benchmarks/results); quick runs write to its folder quick/",
    )
    return parser


def some_rows(array, n, seed):
    """`n` rows of an array at random, in their order; all of it where it has no more, or where `n` is None.

    The first rows of a published data set are not like the others: the first half of MNIST's test images are the easier
    half.

    Args:
        array: NumPy array, rows first.
        n: int or None.
        seed: int. The same seed takes the same rows, of every array of that length.

    Returns:
        NumPy array `(n, ...)`.
    """
    if n is None or n >= len(array):
        return array
    return array[np.sort(np.random.default_rng(seed).permutation(len(array))[:n])]


def write_result(name, figures, settings, arguments, seconds, peers=()):
    """Write `NAME.json`: what was measured, how, and on what; whole or not at all.

    Args:
        name: str. Name of the script.
        figures: dict. What was measured, with units in the names.
        settings: dict. What one needs to run it again.
        arguments: namespace of `make_parser`'s parser.
        seconds: float. Time the run took.
        peers: sequence of str. Packages compared against, whose versions are recorded too.

    Returns:
        `pathlib.Path` of the file.
    """
    # Not at the top: workers that run a peer need no TensorFlow.
    from keras_vae._files import write_text

    folder = arguments.results / "quick" if arguments.quick else arguments.results
    path = folder / f"{name}.json"
    content = {
        "name": name,
        "figures": figures,
        "settings": {"quick": arguments.quick, **settings},
        "seed": arguments.seed,
        "seconds": round(float(seconds), 1),
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
        "commit": commit(),
        "machine": machine(),
        "packages": package_versions((*PACKAGES, *peers)),
    }
    write_text(path, json.dumps(content, indent=2, default=_plain) + "\n")
    return path


def format_table(header, rows):
    """Text table, numbers to the right; floats are given to three decimals.

    Args:
        header: sequence of str.
        rows: sequence of sequences of str, int, float or None.

    Returns:
        str, without a newline at the end.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(line[i]) for line in [list(header), *cells]) for i in range(len(header))]
    is_text = [all(isinstance(row[i], str) for row in rows) for i in range(len(header))]

    def line(values):
        columns = zip(values, widths, is_text, strict=True)
        return "  ".join(value.ljust(width) if text else value.rjust(width) for value, width, text in columns).rstrip()

    return "\n".join([line(header), line(["-" * width for width in widths]), *map(line, cells)])


def _cell(value):
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, (float, np.floating)) else f"{value}"


def _plain(value):
    """NumPy numbers and arrays as JSON takes them."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    raise TypeError(f"`figures` and `settings` must hold plain values. Received: {type(value).__name__}")
