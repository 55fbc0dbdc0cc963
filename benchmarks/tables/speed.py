"""How long `VAEOutlierDetector` takes to fit and to score, beside the VAE of PyOD and Isolation Forest.

Fit: 10,000 rows of 20 columns, made with 5 factors. Both have 2 latents and hidden layers of 128, 64 and 32 units;
PyOD's VAE is trained as it comes, 30 epochs of batches of 32, timed over `--epochs` of them and scaled up; ours as it
comes, with everything that belongs to its score. In turns, on the same cores, each after a fit that is not counted.

Score: a million rows of 50 columns (100,000 with `--rows 100000`), and the memory that scoring takes beyond the rows
themselves, read off the process before and after.
"""

import multiprocessing
import os
import pathlib
import resource
import sys
import time
import warnings
from concurrent.futures import ProcessPoolExecutor

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from _common import format_table, make_parser, write_result

UNITS, LATENT, PYOD_EPOCHS = (128, 64, 32), 2, 30


def rows(n, n_columns, n_factors, seed):
    """Array `(n, n_columns)`, float32: factors and noise."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, n_factors)) @ rng.normal(size=(n_factors, n_columns))
    return (x + 0.5 * rng.normal(size=x.shape)).astype(np.float32)


def fit_ours(x, seed):
    """Seconds of a fit."""
    from keras_vae.tasks.tables import VAEOutlierDetector

    started = time.perf_counter()
    VAEOutlierDetector(latent_dim=LATENT, hidden_units=UNITS, random_state=seed).fit(x)
    return time.perf_counter() - started


def fit_pyod(x, epochs):
    """Seconds of 30 epochs of PyOD's VAE, from so many; None where it is not installed."""
    # In a process of its own: PyTorch loaded after TensorFlow can end it.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(seconds_of_pyod, x, epochs).result()


def seconds_of_pyod(x, epochs):
    """What `fit_pyod` gives, in this process."""
    try:
        import torch
        from pyod.models.vae import VAE
    except ImportError:
        return None
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1)))
    seconds = []
    # The first fit of a process loads what the others have, and is not counted; then what an epoch takes beyond one.
    for n in (1, 1, 1 + epochs):
        started = time.perf_counter()
        VAE(epoch_num=n, verbose=0).fit(x.astype(np.float64))
        seconds.append(time.perf_counter() - started)
    return seconds[1] + (PYOD_EPOCHS - 1) * (seconds[2] - seconds[1]) / epochs


def score_speed(n, seed):
    """Rows per second of ours and of Isolation Forest, and the megabytes that ours takes beyond the rows."""
    from sklearn.ensemble import IsolationForest

    from keras_vae.tasks.tables import VAEOutlierDetector

    x = rows(n, 50, 8, seed)
    detector = VAEOutlierDetector(random_state=seed).fit(x[:10_000])
    detector.decision_function(x[:1000])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    detector.decision_function(x)
    ours = n / (time.perf_counter() - started)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    forest = IsolationForest(random_state=seed).fit(x[:10_000])
    started = time.perf_counter()
    forest.decision_function(x)
    return {
        "rows": n,
        "rows_per_second": ours,
        "isolation_forest_rows_per_second": n / (time.perf_counter() - started),
        "megabytes_of_rows": x.nbytes / 1e6,
        "megabytes_beyond_them": (after - before) / 1e3,
    }


def main():
    parser = make_parser(__doc__)
    parser.add_argument("--epochs", type=int, default=3, help="epochs of PyOD's VAE that are timed (default: 3)")
    parser.add_argument("--turns", type=int, default=3, help="fits of each (default: 3)")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows that are scored (default: 1,000,000)")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.epochs, arguments.turns, arguments.rows = 1, 1, 20_000
    warnings.simplefilter("ignore")
    started = time.monotonic()
    x = rows(10_000, 20, 5, arguments.seed)
    fit_ours(x[:1000], arguments.seed)  # Loads what the others have, as the first fit of PyOD's does.
    turns = [(fit_ours(x, arguments.seed), fit_pyod(x, arguments.epochs)) for _ in range(arguments.turns)]
    ratios = [theirs / ours for ours, theirs in turns if theirs is not None]
    figures = {
        "seconds_of_fit": [ours for ours, _ in turns],
        "seconds_of_fit_pyod": [theirs for _, theirs in turns],
        "pyod_over_ours": ratios,
        "score": score_speed(arguments.rows, arguments.seed),
    }
    ratio = float(np.median(ratios)) if ratios else None
    score = figures["score"]
    print(
        format_table(
            ["what", "ours", "peer"],
            [
                ["fit of 10,000 x 20, time over ours (PyOD's VAE)", 1.0, ratio],
                [
                    "rows per second (Isolation Forest)",
                    *(round(score[f"{p}rows_per_second"]) for p in ("", "isolation_forest_")),
                ],
                ["megabytes beyond the rows", score["megabytes_beyond_them"], None],
            ],
        )
    )
    settings = {"epochs": arguments.epochs, "turns": arguments.turns, "rows": arguments.rows, "hidden_units": UNITS}
    print(
        write_result(
            "tables_speed", figures, settings, arguments, time.monotonic() - started, ("scikit-learn", "pyod", "torch")
        )
    )


if __name__ == "__main__":
    main()
