"""What the default command makes of many sets at once, beside a Gaussian, factor analysis, and other settings.

Every table is written as raw CSV, and trained, scored and examined by the commands that a user types, without settings
but for `--likelihood student_t`, the default of tables of real numbers: counts and yes or no are numbers to the peers.
Beside it stand, on the same split and scale, a Gaussian with full covariance (scikit-learn's `GaussianMixture(1)`) and
the factor analysis that is best on the test part itself. With `--settings` the same tables are trained with other
settings: no default is to be chosen by one table alone.

Every result is kept as it comes, with the commit that it was measured on: the same command goes on where it was broken
off.
"""

import csv
import io
import json
import os
import pathlib
import shlex
import subprocess
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from _common import make_parser, write_result
from _provenance import commit

ROOT = pathlib.Path(__file__).resolve().parents[2]
# As the reader of tables splits them.
TEST_FRACTION = 0.1
MAX_BASELINE_ROWS = 20_000
N_FACTORS = (1, 2, 3, 5, 8, 12, 16, 24, 32, 48)
IMAGES = {"mnist": "mnist", "fashion_mnist": "fashion_mnist", "cifar10": "cifar10", "freyfaces": "freyfaces.npz"}
# A folder of photographs: squares of photographs that scikit-learn and scikit-image ship, at the size of the second
# number.
PHOTOGRAPHS = "photographs"
OF_SCIKIT_IMAGE = (
    "astronaut.png",
    "chelsea.png",
    "coffee.png",
    "rocket.jpg",
    "hubble_deep_field.jpg",
    "motorcycle_left.png",
    "retina.jpg",
    "ihc.png",
)
SQUARE, SIDE, N_PHOTOGRAPHS, LARGE = 80, 64, 300, 900
KEPT_OF_IMAGES = (
    "elbo",
    "log_prob",
    "log_prob_standard_error",
    "bits_per_dim",
    "log_prob_n_samples",
    "log_prob_n_rows",
    "epochs_done",
    "seconds",
    "failed",
)


def tables():
    """Arrays `(n, columns)` by name: the tables that scikit-learn ships, and those of ADBench in `$KERAS_VAE_DATA`."""
    from sklearn import datasets

    for name in ("iris", "wine", "breast_cancer", "diabetes", "linnerud"):
        yield name, getattr(datasets, f"load_{name}")().data
    folder = pathlib.Path(os.environ.get("KERAS_VAE_DATA", "")) / "adbench"
    for file in sorted(folder.glob("*.npz"), key=lambda file: int(file.stem.split("_")[0])):
        with np.load(file) as archive:
            yield file.stem, archive["X"].astype(np.float64)


def write_csv(path, x):
    """A table with names of columns, numbers with every digit."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([f"c{i}" for i in range(x.shape[1])])
        writer.writerows(x.tolist())


def gaussians(x_train, x_test):
    """Mean test log density, nats of the standardised columns, of a full Gaussian and of the best factor analysis."""
    from sklearn.decomposition import FactorAnalysis
    from sklearn.mixture import GaussianMixture

    mean, stddev = x_train.mean(axis=0), x_train.std(axis=0)
    varies = stddev > 1e-9 * np.maximum(1.0, np.abs(mean))
    x_train, x_test = ((x[:, varies] - mean[varies]) / stddev[varies] for x in (x_train, x_test))
    if len(x_train) > MAX_BASELINE_ROWS:
        x_train = x_train[np.random.default_rng(0).permutation(len(x_train))[:MAX_BASELINE_ROWS]]
    full = GaussianMixture(1, reg_covar=1e-6).fit(x_train).score(x_test)
    numbers = [n for n in N_FACTORS if n < x_train.shape[1] and (x_train.shape[1] < 1000 or n <= 8)]
    factors = [FactorAnalysis(n, max_iter=500).fit(x_train).score(x_test) for n in numbers]
    return {"gaussian": float(full), "factor_analysis": float(max(factors, default=-np.inf))}


# Columns of yes or no and of counts would get likelihoods whose nats are no densities, as those of the peers are.
AS_NUMBERS = ("--likelihood", "student_t")


def train(data, run, words=()):
    """Train by the shell; returns the figures, the seconds of the whole command, and its last line where it failed."""
    begun = time.monotonic()
    command = [sys.executable, "-m", "keras_vae", "train", "--data", str(data), "--out", str(run), "--resume", *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    seconds = time.monotonic() - begun
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1], "seconds": seconds}
    return {**json.loads((run / "metrics.json").read_text()), "seconds": seconds}


def examine(run):
    """Verdict of the doctor of the shell, or None where it could not say."""
    command = [sys.executable, "-m", "keras_vae", "doctor", str(run), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    return json.loads(done.stdout)["verdict"] if done.returncode == 0 else None


def units_of(run, x_train, varies):
    """What the nats of the run have to be moved by to be those of columns standardised as the baselines are.

    The model leaves nearly constant columns another scale than their standard deviation.
    """
    code = (
        "import json, sys, numpy as np, keras_vae.runs.finished_run as f;"
        "layer = f.RunFolder.open(sys.argv[1]).load_model().preprocessing;"
        "print(json.dumps(None if layer is None else np.where(np.isfinite(layer.scale), layer.scale, 0).tolist()))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(run)], capture_output=True, text=True, cwd=ROOT, check=True)
    scale = json.loads(done.stdout.splitlines()[-1])
    if scale is None:
        return float(np.log(x_train.std(axis=0)[varies]).sum())
    scale, stddev = np.asarray(scale), x_train.std(axis=0)
    both = varies & (scale > 0)
    return float(np.log(stddev[both] / scale[both]).sum())


def one_table(name, x, work, words):
    """All figures of one table."""
    from keras_vae.data.split_rows import split_rows

    work.mkdir(parents=True, exist_ok=True)
    file = work / f"{name}.csv"
    write_csv(file, x)
    rows_train, rows_test = split_rows(len(x), TEST_FRACTION, 0)
    x_train, x_test = x[rows_train], x[rows_test]
    figures = gaussians(x_train, x_test)
    run = work / name
    trained = train(file, run, words or AS_NUMBERS)
    file.unlink()
    if "failed" in trained:
        return {**figures, **trained}
    varies = x_train.std(axis=0) > 1e-9 * np.maximum(1.0, np.abs(x_train.mean(axis=0)))
    figures["log_prob"] = trained["log_prob"] + units_of(run, x_train, varies)
    kept = ("log_prob_standard_error", "log_prob_n_samples", "epochs_done", "kept_epoch", "seconds")
    write_csv(file, x)
    # The doctor is asked about the default alone.
    figures |= {key: trained[key] for key in kept} | {"verdict": None if words else examine(run)}
    file.unlink()
    return {"rows": len(x), "columns": x.shape[1], **figures}


def one_image_set(source, work, minutes):
    """Figures of one set of images."""
    folder = os.environ.get("KERAS_VAE_DATA", "")
    data = pathlib.Path(folder) / source if "." in source else source
    trained = train(data, work / pathlib.Path(source).stem, ["--minutes", str(minutes)])
    return {key: trained[key] for key in KEPT_OF_IMAGES if key in trained}


def write_photographs(folder):
    """300 PNG files of 64x64 pixels in colour, without colour profiles and other notes that would count as bytes."""
    import importlib.util

    from PIL import Image
    from sklearn.datasets import load_sample_images

    package = importlib.util.find_spec("skimage")
    if package is None:
        sys.exit("--sets photographs needs the photographs of scikit-image: pip install scikit-image")
    wholes = [Image.fromarray(x) for x in load_sample_images().images]
    for name in OF_SCIKIT_IMAGE:
        picture = Image.open(pathlib.Path(package.origin).parent / "data" / name).convert("RGB")
        halved = (picture.width // 2, picture.height // 2)
        wholes.append(picture.resize(halved, Image.LANCZOS) if picture.width > LARGE else picture)
    squares = [
        whole.crop((left, top, left + SQUARE, top + SQUARE)).resize((SIDE, SIDE), Image.LANCZOS)
        for whole in wholes
        for top in range(0, whole.height - SQUARE + 1, SQUARE)
        for left in range(0, whole.width - SQUARE + 1, SQUARE)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{i:03d}.png" for i in range(N_PHOTOGRAPHS)]
    order = np.random.default_rng(0).permutation(len(squares))[:N_PHOTOGRAPHS]
    for file, i in zip(files, order, strict=True):
        Image.fromarray(np.asarray(squares[i])).save(file, optimize=True)


def bits_of_files(files):
    """Bits per value of pictures as PNG, as they lie there, and as WebP without loss; headers count."""
    from PIL import Image

    webp = []
    for file in files:
        buffer = io.BytesIO()
        Image.open(file).save(buffer, "WEBP", lossless=True, quality=100, method=6)
        webp.append(len(buffer.getvalue()))
    sizes = {"png": [pathlib.Path(file).stat().st_size for file in files], "webp": webp}
    return {f"{name}_bits_per_dim": float(np.mean(n)) * 8 / (SIDE * SIDE * 3) for name, n in sizes.items()}


def photographs(work):
    """Figures of a folder of photographs, without settings, beside the files of its test pictures."""
    import keras_vae as kv

    write_photographs(work / "pictures")
    run = work / PHOTOGRAPHS
    trained = train(work / "pictures", run)
    figures = {key: trained[key] for key in KEPT_OF_IMAGES if key in trained}
    return figures if "failed" in figures else {**figures, **bits_of_files(kv.load_run(run).data.test_files)}


def is_above(figures):
    """Whether the model is above both baselines; None where it failed."""
    if "log_prob" not in figures or figures["log_prob"] is None:
        return None
    return figures["log_prob"] > max(figures["gaussian"], figures["factor_analysis"])


def show(name, figures):
    """One line of the table."""
    if "failed" in figures:
        return f"{name:<22} failed: {figures['failed']}"
    if "gaussian" not in figures:
        bits = figures.get("bits_per_dim")
        told = f"log p {figures['log_prob']:10.2f} +- {figures['log_prob_standard_error']:.2f}"
        beside = ""
        if "png_bits_per_dim" in figures:
            beside = f" (PNG {figures['png_bits_per_dim']:.3f}, WebP {figures['webp_bits_per_dim']:.3f})"
        told += f"  bits/dim {bits:.3f}{beside}" if bits else ""
        return f"{name:<22} {told}  {figures['seconds']:.0f} s"
    mark = "above" if is_above(figures) else "below"
    return (
        f"{name:<22} {figures['rows']:>7} x {figures['columns']:<5} gaussian {figures['gaussian']:>10.2f}  factors "
        f"{figures['factor_analysis']:>9.2f}  ours {figures['log_prob']:>9.2f}  {mark}  {figures['verdict'] or ''}  "
        f"{figures['seconds']:.0f} s"
    )


def main():
    """Run what is asked for."""
    parser = make_parser(__doc__)
    parser.add_argument(
        "--sets", default="tables", help="tables, images, photographs, or names with commas (default: tables)"
    )
    parser.add_argument("--settings", default="", help='other settings, as "--likelihood gaussian" (default: none)')
    parser.add_argument("--minutes", type=float, default=10.0, help="for sets of images (default: 10)")
    parser.add_argument(
        "--work", type=pathlib.Path, default=ROOT / "benchmarks" / "work" / "defaults", help="folder of the runs"
    )
    arguments = parser.parse_args()
    work = arguments.work / (arguments.settings.replace("--", "").replace(" ", "-").strip("-") or "default")
    kept_file = work / "figures.json"
    work.mkdir(parents=True, exist_ok=True)
    kept = json.loads(kept_file.read_text()) if kept_file.is_file() else {}
    wanted = arguments.sets.split(",")
    words = shlex.split(arguments.settings)
    if arguments.quick:
        wanted, words = ["iris"], [*words, "--epochs", "20"]
    for name, x in tables():
        if name not in kept and (name in wanted or "tables" in wanted):
            kept[name] = {**one_table(name, x, work, words), "commit": commit()}
            kept_file.write_text(json.dumps(kept, indent=1))
            print(show(name, kept[name]), flush=True)
    for name, source in IMAGES.items():
        if name not in kept and (name in wanted or "images" in wanted):
            kept[name] = {**one_image_set(source, work, arguments.minutes), "commit": commit()}
            kept_file.write_text(json.dumps(kept, indent=1))
            print(show(name, kept[name]), flush=True)
    if PHOTOGRAPHS in wanted and PHOTOGRAPHS not in kept:
        kept[PHOTOGRAPHS] = {**photographs(work), "commit": commit()}
        kept_file.write_text(json.dumps(kept, indent=1))
        print(show(PHOTOGRAPHS, kept[PHOTOGRAPHS]), flush=True)
    above = [is_above(figures) for figures in kept.values() if "gaussian" in figures]
    print(f"{above.count(True)} of {len(above)} tables above both, {above.count(None)} failed")
    name = "defaults" if not arguments.settings else f"defaults_{work.name.replace('-', '_')}"
    figures = {"tables_above": above.count(True), "tables": len(above), "sets": kept}
    settings = {"settings": arguments.settings, "minutes_of_images": arguments.minutes}
    # Of the trainings, whenever they were: a command that goes on has only its own time.
    seconds = sum(figures["seconds"] for figures in kept.values())
    write_result(name, figures, settings, arguments, seconds, peers=("scikit-learn",))


if __name__ == "__main__":
    main()
