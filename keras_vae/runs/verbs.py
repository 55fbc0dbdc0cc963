"""What is done with a finished run: score it, draw from it, encode and reconstruct data."""

import secrets

from keras_vae._checks import check_int, check_number
from keras_vae._files import atomic_path
from keras_vae.runs.config import task_of
from keras_vae.runs.open_run import load_for
from keras_vae.runs.output import check_out, save_arrays
from keras_vae.runs.run_folder import RunFolder

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
        dict, as `Task.evaluate` gives it, with the run, the name of the data, and the part of them that it was measured
        on ("test", "all", or "train" for a run without test data).

    Raises:
        ValueError: for a folder that is no run, data that do not fit it, or data of the run that have changed.
        FileNotFoundError: if there are no such data.
    """
    check_int("n_samples", n_samples, 1)
    check_int("n_annealed", n_annealed, 0)
    run = RunFolder.open(path)
    config = run.read_config()
    task = task_of(config)
    dataset, is_own = load_for(config, task, data)
    figures = task.evaluate(run.load_model(), dataset, n_samples, n_annealed)
    part = figures["part"] if is_own or figures["part"] == "test" else "all"
    return {"run": str(path), "data": dataset.name, **figures, "part": part}


def sample_run(path, out, n=64, seed=None, temperature=1.0):
    """Draw from a run: a picture, or the numbers for a name that ends in `.npz`.

    Args:
        path: str or path. The run folder.
        out: str or path. A picture by its ending, or an `.npz` file with the array `x`, in the units of the data.
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
    task, model = task_of(run.read_config()), run.load_model()
    if suffix == ".npz":
        save_arrays(out, x=model.sample(n, seed=seed, temperature=temperature))
        return
    figure = task.sample_figure(model, n, seed=seed, temperature=temperature)
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
    model, x, labels = _model_and_rows(path, data)
    codes = model.encode(x)
    codes = dict(zip(model.encoder_outputs, codes if isinstance(codes, tuple) else (codes,), strict=True))
    save_arrays(out, **codes, **({} if labels is None else {"label": labels}))
    return len(next(iter(codes.values())))


def reconstruct_run(path, data, out):
    """Write the mean reconstruction `x` of every row of the data, in the units of the data.

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
    model, x, _ = _model_and_rows(path, data)
    reconstruction = model.reconstruct(x)
    save_arrays(out, x=reconstruction)
    return len(reconstruction)


def _model_and_rows(path, source):
    """The model of a run, every row of the data as it takes them, and their labels or None."""
    run = RunFolder.open(path)
    task = task_of(run.read_config())
    data = task.load(source, all_rows=True)
    task.check_data(data)
    return run.load_model(), task.rows(data), task.labels(data)
