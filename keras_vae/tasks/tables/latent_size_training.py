"""One training of the search for a latent size, and how several of them run beside each other."""

import concurrent.futures
import dataclasses
import os
import time

import numpy as np

from keras_vae.data.split_rows import split_rows
from keras_vae.tasks.registry import task_class

# Rows by which sizes are compared: a share of the training part, and no more than say enough.
SHARE, MAX_ROWS, MIN_ROWS = 0.2, 5000, 5
# Makes it another split than those of the test and the validation part.
STREAM = 2


def with_rows_to_choose_by(data, seed):
    """The data with a test part of rows that are taken from the training part; their own test part is left out.

    Args:
        data: `Dataset` of arrays.
        seed: int >= 0.

    Returns:
        `Dataset`.

    Raises:
        ValueError: for data that are not arrays, or too few of them.
    """
    if data.x_train is None:
        raise ValueError(f"`data` must be a table or an array. Received: {data.name}, a folder of images")
    share = min(SHARE, MAX_ROWS / data.n_train)
    if round(share * data.n_train) < MIN_ROWS:
        raise ValueError(
            f"`data` must have at least {round(MIN_ROWS / SHARE)} training rows to compare sizes by some of them. "
            f"Received: {data.name} with {data.n_train}"
        )
    train, chosen_by = split_rows(data.n_train, share, (seed, STREAM))
    parts = {}
    for name in ("x", "y", "ids"):
        values = getattr(data, f"{name}_train")
        parts[f"{name}_train"], parts[f"{name}_test"] = (
            None if values is None else tuple(values[i] for i in rows) if isinstance(values, tuple) else values[rows]
            for rows in (train, chosen_by)
        )
    return dataclasses.replace(data, **parts)


def train_size(task_name, data, latent_dim, seed, settings, n_samples):
    """Train one size, and judge it by the rows to choose by.

    Args:
        task_name: str. Name in the registry of uses.
        data: `Dataset`, as `with_rows_to_choose_by` gives it.
        latent_dim: int >= 1.
        seed: int >= 0.
        settings: dict. Of the task, without these two.
        n_samples: int >= 1. Importance samples per row.

    Returns:
        `(rows, figures)`: float64 array `(n,)`, the importance-weighted log p(x) of every row in nats; and a dict of
        `latent_dim`, `seed`, `log_prob` (mean), `validation_elbo` (by which one of several trainings is taken),
        `epochs`, `is_cut` (by the minutes), `seconds` and `units`.
    """
    begun = time.monotonic()
    task = task_class(task_name)(**settings, latent_dim=latent_dim, seed=seed)
    task.fit(data, verbose=0)
    model = task.model_
    x, _, _ = task.held_out(data)
    rows = np.asarray(model.log_prob(x, n_samples), np.float64)
    judged = task.validation_rows(data)
    elbo = model.evaluate(task.rows(data, "train") if judged is None else judged, verbose=0, return_dict=True)["elbo"]
    figures = {
        "latent_dim": latent_dim,
        "seed": seed,
        "log_prob": float(rows.mean()),
        "validation_elbo": float(elbo),
        "epochs": len(task.history_["loss"]),
        "is_cut": task.plan_.is_cut,
        "seconds": round(time.monotonic() - begun, 1),
        "units": task.units(model),
    }
    return rows, figures


def train_sizes(jobs, n_jobs, task_name, data, settings, n_samples):
    """Train several sizes, some at a time.

    Args:
        jobs: list of pairs of a size and a seed.
        n_jobs: int >= 1. Processes; 1 trains in this one.
        task_name, data, settings, n_samples: as in `train_size`.

    Yields:
        What `train_size` gives, as it comes. Where the loop is left early the other processes end.
    """
    if n_jobs == 1 or len(jobs) == 1:
        for latent_dim, seed in jobs:
            yield train_size(task_name, data, latent_dim, seed, settings, n_samples)
        return
    # Of scikit-learn's own dependency: its processes are started anew, as TensorFlow cannot be forked, and do not run
    # the script of the user again.
    from joblib.externals.loky import ProcessPoolExecutor

    pool = ProcessPoolExecutor(max_workers=n_jobs, env=_environment(n_jobs))
    try:
        arguments = [(task_name, data, *job, settings, n_samples) for job in jobs]
        for done in concurrent.futures.as_completed([pool.submit(train_size, *each) for each in arguments]):
            yield done.result()
    finally:
        pool.shutdown(wait=True, kill_workers=True)


def _environment(n_jobs):
    """The share of the threads that one of several processes has, as environment variables."""
    from joblib import cpu_count

    n_threads = str(max(1, cpu_count() // n_jobs))
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
    log_level = os.environ.get("TF_CPP_MIN_LOG_LEVEL", "2")
    return {**dict.fromkeys(threads, n_threads), "TF_NUM_INTEROP_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": log_level}
