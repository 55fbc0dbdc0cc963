"""What every benchmark script shares: arguments, tables, and the result file."""

import argparse
import datetime
import importlib.metadata
import json
import os
import pathlib
import platform

import numpy as np

# Before anything imports TensorFlow, here and in the workers that a script starts.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

RESULTS = pathlib.Path(__file__).resolve().parent / "results"
PACKAGES = ("keras_vae", "keras", "tensorflow", "tensorflow-probability", "numpy")


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
        "machine": machine(),
        "packages": package_versions((*PACKAGES, *peers)),
    }
    write_text(path, json.dumps(content, indent=2, default=_plain) + "\n")
    return path


def machine():
    """Cores, model and platform of this machine, as a dict."""
    return {
        "cpu_count": os.cpu_count(),
        "cpu": _cpu_model(),
        "platform": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def package_versions(names):
    """Dict of installed versions; None for a package that is not installed."""
    versions = {}
    for name in names:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    return versions


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


def _cpu_model():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"
