"""What is done with a finished run: score it, draw from it, encode and reconstruct data."""

import pathlib
import secrets

import numpy as np

from keras_vae._checks import check_int, check_number
from keras_vae._files import atomic_path
from keras_vae.tasks.data_source import check_event_shape, check_same_data, load_all_rows, load_data
from keras_vae.tasks.model_input import held_out, in_data_units, units
from keras_vae.tasks.report import annealed, sample_figure, score, split_kl
from keras_vae.tasks.run_folder import RunFolder, check_writable
from keras_vae.tasks.settings import full_name

PICTURES = (".png", ".jpg", ".pdf", ".svg")
# Matplotlib takes minutes over thousands of little axes, and nobody looks at them.
MAX_IN_PICTURE = 400


def evaluate_run(path, data=None, n_samples=5000, n_annealed=0):
    """Figures of a run on the test part of its own data, or on others of the same shape.

    Args:
        path: str or path. The run folder.
        data: str or None. Name or path of other data: their own test part counts, or all rows where there is none. None
            for the data of the run.
        n_samples: int >= 1. Importance samples per example for `log_prob`.
        n_annealed: int >= 0. Examples, the first ones, whose log p(x) is checked by annealed importance sampling.

    Returns:
        dict, as `report.score` and `report.split_kl` give it (and `report.annealed`, if asked for), with the run, the
        name of the data, the part of them that it was measured on ("test", "all", or "train" for a run without test
        data), in what units, and what to know about the data.

    Raises:
        ValueError: for a folder that is no run, data that do not fit it, or data of the run that have changed.
        FileNotFoundError: if there are no such data.
    """
    check_int("n_samples", n_samples, 1)
    check_int("n_annealed", n_annealed, 0)
    run = RunFolder.open(path)
    config = run.read_config()
    if data is None or full_name(data) == config["data"]:
        dataset = load_data(config["data"], config["seed"], event_shape=config["event_shape"])
        check_same_data(dataset, config)
        parts = {"test": "test", "train": "train"}
    else:
        dataset = load_data(data, test_fraction=0.0, event_shape=config["event_shape"])
        check_event_shape(dataset, config)
        parts = {"test": "test", "train": "all"}
    x, _, part = held_out(dataset, config)
    model = run.load_model()
    figures = {**score(model, x, n_samples), **split_kl(model, x)}
    if n_annealed:
        figures |= annealed(model, x, n_annealed, n_samples)
    return {
        "run": str(path),
        "data": dataset.name,
        "part": parts[part],
        **figures,
        "units": units(dataset, config),
        "note": dataset.note,
    }


def sample_run(path, out, n=64, seed=None, temperature=1.0):
    """Draw from a run: a picture, or the numbers for a name that ends in `.npz`.

    Args:
        path: str or path. The run folder.
        out: str or path. A picture by its ending, or an `.npz` file with the array `x`, tables in their own units.
        n: int >= 1; at most 400 in a picture.
        seed: int or None. None draws anew each time.
        temperature: float >= 0. Factor on the standard deviation of the prior.

    Raises:
        ValueError: for a folder that is no run, an ending that is neither, or a setting out of range.
        OSError: if nothing can be written to `out`.
    """
    check_int("n", n, 1)
    if seed is None:
        # A model comes out of its file with the random state it was saved with: the same in every process.
        seed = secrets.randbelow(2**31)
    check_int("seed", seed, 0)
    check_number("temperature", temperature, minimum=0.0)
    suffix = check_out(out, *PICTURES, ".npz")
    if suffix != ".npz" and n > MAX_IN_PICTURE:
        raise ValueError(
            f"`n` must be at most {MAX_IN_PICTURE} in a picture; name an .npz file for more. Received: n={n}"
        )
    run = RunFolder.open(path)
    config, model = run.read_config(), run.load_model()
    if suffix == ".npz":
        save_arrays(out, x=in_data_units(model.sample(n, seed=seed, temperature=temperature), config))
        return
    figure = sample_figure(model, n, seed=seed, temperature=temperature)
    with atomic_path(out) as temporary:
        figure.savefig(temporary)


def encode_run(path, data, out):
    """Write `z_mean`, `z_log_var` and, where the data have them, `label` of every row of the data, in their order.

    Args:
        path: str or path. The run folder.
        data: str. Name or path.
        out: str or path. An `.npz` file.

    Returns:
        int, number of rows.

    Raises:
        ValueError: for a folder that is no run, data that do not fit it, or another ending.
        FileNotFoundError: if there are no such data.
        OSError: if nothing can be written to `out`.
    """
    check_out(out, ".npz")
    run = RunFolder.open(path)
    x, labels = load_all_rows(data, run.read_config())
    z_mean, z_log_var = run.load_model().encode(x)
    save_arrays(out, z_mean=z_mean, z_log_var=z_log_var, **({} if labels is None else {"label": labels}))
    return len(z_mean)


def reconstruct_run(path, data, out):
    """Write the mean reconstruction `x` of every row of the data; tables in their own units.

    Args:
        path: str or path. The run folder.
        data: str. Name or path.
        out: str or path. An `.npz` file.

    Returns:
        int, number of rows.

    Raises:
        ValueError: for a folder that is no run, data that do not fit it, or another ending.
        FileNotFoundError: if there are no such data.
        OSError: if nothing can be written to `out`.
    """
    check_out(out, ".npz")
    run = RunFolder.open(path)
    config = run.read_config()
    x, _ = load_all_rows(data, config)
    reconstruction = in_data_units(run.load_model().reconstruct(x), config)
    save_arrays(out, x=reconstruction)
    return len(reconstruction)


def check_out(path, *suffixes):
    """Check, before anything is computed, that a file of one of these endings can be written; return the ending.

    Raises:
        ValueError: for another ending, or a folder.
        NotADirectoryError: if a part of the path is a file.
        PermissionError: if the folder cannot be written to.
    """
    path = pathlib.Path(path)
    suffix = path.suffix.lower()
    if suffix not in suffixes:
        raise ValueError(f"`out` must end in {' or '.join(suffixes)}. Received: out={str(path)!r}")
    if path.is_dir():
        raise ValueError(f"`out` must be a file. Received: out={str(path)!r}, which is a folder")
    check_writable(path)
    return suffix


def save_arrays(path, **arrays):
    """Write arrays to a compressed `.npz` file, atomically."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)
