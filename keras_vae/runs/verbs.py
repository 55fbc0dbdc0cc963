"""What is done with a finished run: score it, draw from it, encode and reconstruct data."""

import secrets
from typing import Any, NamedTuple

from keras_vae._checks import check_int, check_number
from keras_vae._files import atomic_path
from keras_vae.runs.config import task_of
from keras_vae.runs.load_model import check_code
from keras_vae.runs.open_run import load_for
from keras_vae.runs.output import PICTURES, check_other
from keras_vae.runs.rows_out import (
    TABLES,
    TEXT,
    as_lines,
    check_rows_out,
    describe_rows,
    write_images,
    write_lines,
    write_rows,
)
from keras_vae.runs.run_folder import RunFolder
from keras_vae.serving.export import export_saved_model
from keras_vae.serving.preprocess import get_preprocess, white_of

# Matplotlib takes minutes over thousands of little axes, and nobody looks at them.
MAX_IN_PICTURE = 400
# Where samples go if nobody says; texts are read on the terminal.
SAMPLES = "samples.png"


def evaluate_run(path, data=None, n_samples=None, n_annealed=0, n_rows=None):
    """Figures of a run on the test part of its own data, or on others of the same shape.

    Args:
        path: str or path. The run folder.
        data: str or None. Name or path of other data: their own test part counts, or all rows where there is none. None
            for the data of the run.
        n_samples: int >= 1, or None for 500. Importance samples per example for `log_prob`.
        n_rows: int >= 1, or None for as many as take less than a minute. Examples for `log_prob`.
        n_annealed: int >= 0. Examples, the first ones, whose log p(x) is checked by annealed importance sampling.

    Returns:
        dict, as `Task.evaluate` gives it, with the run, the name of the data, and the part of them that it was measured
        on ("test", "all", or "train" for a run without test data).

    Raises:
        ValueError: for a folder that is no run, data that do not fit it, or data of the run that have changed.
        FileNotFoundError: if there are no such data.
    """
    for name, value in (("n_samples", n_samples), ("n_rows", n_rows)):
        if value is not None:
            check_int(name, value, 1)
    check_int("n_annealed", n_annealed, 0)
    run = RunFolder.open(path)
    config = run.read_config()
    task = task_of(config)
    dataset, is_own = load_for(config, task, data)
    figures = task.evaluate(run.load_model(), dataset, n_samples, n_annealed, n_rows)
    part = figures["part"] if is_own or figures["part"] == "test" else "all"
    return {"run": str(path), "data": dataset.name, "model_epoch": run.kept_epoch, **figures, "part": part}


def sample_run(path, out=None, n=64, seed=None, temperature=1.0, draw=None, label=None):
    """Draw from a run: a picture, a table, arrays, a folder of images, or texts.

    Args:
        path: str or path. The run folder.
        out: str or path. By its ending: a picture of all samples; a table with the columns of the data; an `.npz` file
            with the array `x`, in the units of the data; a `.txt` with one text a line, for a model of texts; without
            an ending a new folder, for one image file each. None for `samples.png`; texts are then not written.
        n: int >= 1; at most 400 in a picture.
        seed: int or None. None draws anew each time.
        temperature: float >= 0. Factor on the standard deviation of the prior; of a language model, which has none, on
            log probabilities, as a divisor.
        draw: bool or None. Whether x itself is drawn from p(x|z), with its noise, or its mean is taken; of a text, the
            likeliest word at every step. None draws rows of a table and texts, and takes the means of everything else.
        label: str or None. Class of the samples, of a model trained with classes; None for all of them in turn.

    Returns:
        list of the texts, one line each, where they are not written; else None.

    Raises:
        ValueError: for a folder that is no run, an ending that is none of these, or a setting out of range.
        OSError: if nothing can be written to `out`.
    """
    check_int("n", n, 1)
    suffix = None if out is None else check_rows_out(out, TEXT, *PICTURES, "")
    # A model comes out of its file with the random state it was saved with: the same in every process.
    seed = secrets.randbelow(2**31) if seed is None else check_int("seed", seed, 0)
    check_number("temperature", temperature, minimum=0.0)
    run = RunFolder.open(path)
    task = task_of(run.read_config())
    if out is None and task.kind_ != "text":
        out, suffix = SAMPLES, check_rows_out(SAMPLES, *PICTURES)
    _check_number(suffix, n)
    model = run.load_model()
    _check_suffix(suffix, out, task, model)
    condition = task.condition_of_samples(n, label)
    if suffix in PICTURES:
        with atomic_path(out) as temporary:
            task.sample_figure(model, n, seed, temperature, condition).savefig(temporary)
        return None
    x = task.new_rows(model, n, seed, temperature, draw, condition)
    if out is None:
        return as_lines(x)
    _write_data(out, suffix, task, model, task.describe_samples(condition), x)
    return None


def encode_run(path, data, out):
    """Write the latent codes of every row of the data, in their order, with its name, part and label beside.

    Args:
        path: str or path. The run folder.
        data: str. Name or path.
        out: str or path. An `.npz` file with `z_mean` and `z_log_var`, or a table with a column for each dimension.

    Returns:
        int, number of rows.

    Raises:
        ValueError: for a folder that is no run, data that do not fit it, another ending, or an `out` that is the data.
        FileNotFoundError: if there are no such data.
        OSError: if nothing can be written to `out`.
    """
    check_other(data, out)
    rows = Rows.of_run(path, data, check_rows_out(out))
    check_code(rows.model)
    codes = rows.model.encode(rows.x)
    codes = dict(zip(rows.model.encoder_outputs, codes if isinstance(codes, tuple) else (codes,), strict=True))
    write_rows(out, rows.described, codes)
    return rows.n


def reconstruct_run(path, data, out):
    """Write the mean reconstruction of every row of the data, in the units of the data.

    Args:
        path: str or path. The run folder.
        data: str. Name or path.
        out: str or path. An `.npz` file with the array `x`; a table with the columns of the data; a `.txt` with one
            text a line, for a model of texts; or, without an ending, a new folder for one image file each, named as the
            files they came from.

    Returns:
        int, number of rows.

    Raises:
        ValueError: for a folder that is no run, data that do not fit it, another ending, or an `out` that is the data.
        FileNotFoundError: if there are no such data.
        OSError: if nothing can be written to `out`.
    """
    check_other(data, out)
    suffix = check_rows_out(out, TEXT, "")
    rows = Rows.of_run(path, data, suffix)
    check_code(rows.model)
    _check_suffix(suffix, out, rows.task, rows.model)
    _write_data(out, suffix, rows.task, rows.model, rows.described, rows.model.reconstruct(rows.x))
    return rows.n


def score_run(path, data, out, n_samples=200):
    """Write what the model makes of every row: ELBO, log p(x), reconstruction loss and KL, in nats.

    Args:
        path: str or path. The run folder.
        data: str. Name or path.
        out: str or path. A table, or an `.npz` file.
        n_samples: int >= 1. Importance samples per row for `log_prob`.

    Returns:
        int, number of rows.

    Raises:
        ValueError: for a folder that is no run, data that do not fit it, another ending, an `out` that is the data, or
            a model without a bound.
        FileNotFoundError: if there are no such data.
        OSError: if nothing can be written to `out`.
    """
    check_int("n_samples", n_samples, 1)
    check_other(data, out)
    rows = Rows.of_run(path, data, check_rows_out(out))
    write_rows(out, rows.described, rows.task.score_rows(rows.model, rows.x, n_samples))
    return rows.n


def export_run(path, to, preprocess=None):
    """Write the model of a run as a SavedModel; image files are brought to size as those of the training were.

    Args:
        path: str or path. The run folder.
        to: str or path. Model folder; gets the next version.
        preprocess: str or None, as in `keras_vae.export_saved_model`.

    Returns:
        `(version, model, preprocess)`: the folder that was written, the model, and the `Preprocess` in front of it or
        None.

    Raises:
        ValueError: for a folder that is no run, or as `export_saved_model`.
        OSError: if nothing can be written to `to`.
    """
    run = RunFolder.open(path)
    task, model = task_of(run.read_config()), run.load_model()
    preprocess = get_preprocess(preprocess, model, task.schema_.get("fit", "stretch"))
    return export_saved_model(model, to, preprocess, task.endpoints(model)), model, preprocess


class Rows(NamedTuple):
    """Every row of some data, as the model of a run takes them.

    Attributes:
        task: `Task` of the run.
        model: its model.
        x: array, or `tf.data.Dataset` for a folder of images.
        described: dict of arrays by name: what stands beside every row.
    """

    task: Any
    model: Any
    x: Any
    described: dict

    @classmethod
    def of_run(cls, path, source, suffix):
        """The rows of some data for a run.

        Args:
            path: str or path. The run folder.
            source: str. Name or path of the data.
            suffix: str. Ending of the file that is to be written: a table has labels by name.
        """
        run = RunFolder.open(path)
        config = run.read_config()
        task = task_of(config)
        data = task.load(source, all_rows=True)
        task.check_data(data)
        is_own = task.full_name(source) == config["data"]
        described = describe_rows(task, data, is_own, by_name=suffix in TABLES)
        if "row" in described:
            # Rows that were left out keep their numbers.
            described["row"] = task.row_numbers(data)
        return cls(task, run.load_model(), task.rows(data), described)

    @property
    def n(self):
        """Number of rows."""
        return len(next(iter(self.described.values())))


def _write_data(out, suffix, task, model, described, x):
    """Rows that look like the data: columns with their names, images as images."""
    if suffix == "":
        write_images(out, x, white_of(model), described.get("file"))
        return
    if suffix == TEXT:
        write_lines(out, x)
        return
    write_rows(out, described, task.columns_of(x) if suffix in TABLES else {"x": x})


def _check_number(suffix, n):
    """Check that a picture is not to show too many samples."""
    if suffix in PICTURES and n > MAX_IN_PICTURE:
        raise ValueError(
            f"`n` must be at most {MAX_IN_PICTURE} in a picture; name an .npz file for more. Received: n={n}"
        )


def _check_suffix(suffix, out, task, model):
    """Check, before anything is computed, that a model's data can go into image files or a text if they are to."""
    if suffix == TEXT and task.kind_ != "text":
        raise ValueError(f"`out` must not end in {TEXT} for data that are no texts. Received: out={str(out)!r}")
    shape = tuple(model.event_shape)
    if suffix == "" and (len(shape) != 3 or shape[-1] not in (1, 3) or white_of(model) is None):
        raise ValueError(
            "`out` must have an ending, as .csv or .npz: only images of grey or colour values go into a folder. "
            f"Received: out={str(out)!r}"
        )
