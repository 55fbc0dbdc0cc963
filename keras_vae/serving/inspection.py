"""A look at an exported model: what it takes and gives, whether it answers as its model does, and how fast."""

import pathlib
import statistics
import time

import numpy as np
import tensorflow as tf

from keras_vae.serving.preprocess import get_preprocess
from keras_vae.serving.saved_model import load_saved_model
from keras_vae.serving.signatures import signatures
from keras_vae.serving.versions import versions
from keras_vae.serving.warmup import WARMUP_FILE, example_string

BATCH_SIZES = (1, 64)
# What an output may differ by from the model's own: the same graph, optimised again.
TOLERANCE = {"rtol": 1e-5, "atol": 1e-6}

_NOISY = ("generate", "generate_rows")
_N_CALLS = 20
_SECONDS = 0.5


def inspect_saved_model(path, model=None, preprocess=None):
    """Facts about an exported model, measured on made-up inputs.

    Args:
        path: str or path. `NAME` for its newest version, or `NAME/<version>`.
        model: None, or the model that it should answer like.
        preprocess: what the model was exported with, as in `export_saved_model`; looked at only beside a model.

    Returns:
        dict of plain values: `path`, `version` (int, None if the folder's name is no number), `versions` beside it,
        `size_bytes`, `warmup_requests`, `agrees` (None without a model, else whether every output lies within
        `TOLERANCE` and no signature is missing), `missing` signatures, and `signatures`, by name:

        - `inputs`, `outputs`: by name, `dtype` and `shape` (a list, None for any size);
        - `milliseconds`: by batch size, the median of some calls from Python, arrays in and arrays out;
        - `difference`: by output, `max_abs`, and `max_rel` in units of the largest value of that output; None without a
            model, and for a signature that draws anew at every call.

    Raises:
        FileNotFoundError: if there is no exported model.
        ValueError: if it cannot be read.
    """
    saved_model = load_saved_model(path)
    folder = saved_model.folder
    expected = {} if model is None else signatures(model, get_preprocess(preprocess, model))
    missing = sorted(set(expected) - set(saved_model.signatures))
    report = {}
    agrees = not missing
    for name in saved_model.signatures:
        milliseconds = {str(size): _milliseconds(saved_model, name, size) for size in BATCH_SIZES}
        difference = None
        if name in expected and name not in _NOISY:
            difference, same = _difference(saved_model, name, expected[name].function, expected[name].specs)
            agrees = agrees and same
        report[name] = {**_specs(saved_model, name), "milliseconds": milliseconds, "difference": difference}
    return {
        "path": str(folder),
        "version": int(folder.name) if folder.name.isdecimal() else None,
        "versions": versions(folder.parent),
        "size_bytes": sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()),
        "warmup_requests": _n_records(folder / WARMUP_FILE),
        "signatures": report,
        "missing": missing,
        "agrees": None if model is None else agrees,
    }


def format_inspection(report):
    """The facts of `inspect_saved_model` as text for a terminal; what has no type in it is float32."""
    requests = report["warmup_requests"]
    others = [str(v) for v in report["versions"] if v != report["version"]]
    lines = [
        f"path      {report['path']}" + (f"   (beside {', '.join(others)})" if others else ""),
        f"size      {report['size_bytes'] / 1e6:.1f} MB",
        f"warm-up   {f'{requests} requests' if requests else 'none'}",
    ]
    if report["agrees"] is not None:
        verdict = "the same as the model" if report["agrees"] else "NOT the same as the model"
        missing = f", without {', '.join(report['missing'])}" if report["missing"] else ""
        lines.append(f"answers   {verdict}{missing}")
    header = ["signature", "inputs", "outputs", *(f"{size} row{'s' if size > 1 else ''}" for size in BATCH_SIZES)]
    rows = [header if report["agrees"] is None else [*header, "difference"]]
    for name, signature in report["signatures"].items():
        row = [name, _describe(signature["inputs"]), _describe(signature["outputs"])]
        row += [f"{signature['milliseconds'][str(size)]:.2f} ms" for size in BATCH_SIZES]
        if report["agrees"] is not None:
            row.append(_largest(signature["difference"]))
        rows.append(row)
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, "", *table])


def _largest(difference):
    if difference is None:
        return "-"
    return f"{max(d['max_rel'] for d in difference.values()):.1e}" if difference else "other shapes"


def _specs(saved_model, name):
    outputs = saved_model.signatures[name].structured_outputs
    return {
        kind: {key: {"dtype": spec.dtype.name, "shape": spec.shape.as_list()} for key, spec in sorted(specs.items())}
        for kind, specs in (("inputs", saved_model.input_specs(name)), ("outputs", outputs))
    }


def _describe(tensors):
    parts = []
    for name, tensor in tensors.items():
        shape = ", ".join("n" if size is None else str(size) for size in tensor["shape"])
        dtype = "" if tensor["dtype"] == "float32" else f"{tensor['dtype']} "
        parts.append(f"{name} {dtype}({shape})")
    return ", ".join(parts)


def _made_up_inputs(saved_model, name, n_rows):
    """Inputs of a signature that every likelihood can score: zeros and ones, and small pictures."""
    rng = np.random.default_rng(0)
    inputs = {}
    for key, spec in saved_model.input_specs(name).items():
        shape = [n_rows if size is None else size for size in spec.shape]
        if spec.dtype == tf.string:
            inputs[key] = np.full(shape, example_string(saved_model, name), object)
        elif key == "n":
            inputs[key] = np.asarray(n_rows, spec.dtype.as_numpy_dtype)
        elif key == "temperature":
            inputs[key] = np.ones(shape, spec.dtype.as_numpy_dtype)
        else:
            inputs[key] = rng.integers(0, 2, shape).astype(spec.dtype.as_numpy_dtype)
    return inputs


def _milliseconds(saved_model, name, n_rows):
    inputs = _made_up_inputs(saved_model, name, n_rows)
    saved_model.call(name, **inputs)  # The first call of a shape prepares it.
    seconds = []
    while len(seconds) < 3 or (len(seconds) < _N_CALLS and sum(seconds) < _SECONDS):
        started = time.perf_counter()
        saved_model.call(name, **inputs)
        seconds.append(time.perf_counter() - started)
    return 1e3 * statistics.median(seconds)


def _difference(saved_model, name, function, specs):
    """Largest differences by output, and whether all lie within the tolerance."""
    inputs = _made_up_inputs(saved_model, name, 5)
    ours = saved_model.call(name, **inputs)
    try:
        graph = tf.function(function, autograph=False).get_concrete_function(*specs)
        theirs = graph(*(tf.constant(inputs[spec.name], spec.dtype) for spec in specs))
        theirs = {key: value.numpy() for key, value in theirs.items()}
    except (KeyError, TypeError, ValueError, tf.errors.InvalidArgumentError):  # It takes other inputs.
        theirs = {}
    difference = {}
    same = set(ours) == set(theirs)
    for key in sorted(set(ours) & set(theirs)):
        if ours[key].shape != theirs[key].shape:
            same = False
            continue
        difference[key], agrees = _compare(ours[key], theirs[key])
        same = same and agrees
    return difference, bool(same)


def _compare(ours, theirs):
    if theirs.dtype == object:  # Strings are the same or not.
        ours, theirs = (ours != theirs).astype("float64"), np.zeros(theirs.shape)
    with np.errstate(invalid="ignore"):  # The same infinity on both sides is no difference.
        error = np.where(ours == theirs, 0.0, np.abs(ours.astype("float64") - theirs))
    largest = float(np.max(error, initial=0.0))
    scale = float(np.max(np.abs(theirs), initial=0.0))
    difference = {"max_abs": largest, "max_rel": largest / scale if scale else largest}
    return difference, np.allclose(ours, theirs, **TOLERANCE)


def _n_records(file):
    if not pathlib.Path(file).is_file():
        return 0
    return sum(1 for _ in tf.data.TFRecordDataset(str(file)))
