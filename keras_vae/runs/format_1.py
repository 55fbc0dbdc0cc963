"""Run folders of format 1, which an older version wrote, brought to the present form."""

import contextlib
import io
import json
import zipfile

import h5py
import keras
import numpy as np

from keras_vae._files import atomic_path
from keras_vae.data.load import load
from keras_vae.layers.standardize import Standardize
from keras_vae.objectives.elbo import ELBO
from keras_vae.runs.config import FORMAT, checked_config, read_json, task_of
from keras_vae.runs.run_folder import RunFolder
from keras_vae.tasks.registry import settings_of, task_class

# The only task that there was.
TASK = "vae"
DIVIDED = "8-bit values divided by 255"
# What the present `ELBO` is told, from the arguments of a model of format 1.
OBJECTIVE_ARGUMENTS = ("beta", "capacity", "free_bits", "free_bits_over")


def convert_run(path):
    """Rewrite `config.json`, the model and the checkpoints of a run of format 1; all numbers stay the same.

    Objective and preprocessing were arguments and a part of the config; they are parts of the model now. The old files
    stand until all new ones are whole. A run of the present format stays as it is.

    Args:
        path: str or path. The run folder.

    Raises:
        ValueError: for a folder that is no run, one that is being trained, or files that cannot be read.
        FileNotFoundError: if the data are gone and only they say what the model was fed.
    """
    run = RunFolder(path)
    run.check_exists()
    old = read_json(run.config_file)
    if old.get("format") == FORMAT:
        return
    with run.locked(), contextlib.ExitStack() as stack:
        try:
            config, layer = _new_config(old), _preprocessing(run, old)
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"{run.config_file} cannot be converted: it is no config of format 1 ({error!r})"
            ) from None
        task_of(checked_config(config, run.config_file))
        # Files get their names in the reverse order: the config, which says that all is done, last.
        stack.enter_context(atomic_path(run.config_file)).write_text(json.dumps(config, indent=2) + "\n", "utf-8")
        for file in (run.model_file, *run.checkpoint_files()):
            if file.is_file():
                _convert_model(file, stack.enter_context(atomic_path(file)), layer)


def _new_config(old):
    if old.get("format") != 1:
        raise KeyError("format")
    table, fed = settings_of(TASK).SETTINGS, old["input"]
    known = {"event_shape_": old["event_shape"], "binarize_": fed["binarize"], "n_classes_": fed["n_classes"]}
    return {
        "format": FORMAT,
        "task": TASK,
        **{name: old[name] for name in ("data", "n_train", "fingerprint")},
        "settings": {name: old.get(name, setting.of_older_runs) for name, setting in table.items()},
        "learned": {**known, **task_class(TASK).learned_before},
    }


def _preprocessing(run, old):
    """What the data were brought through before they reached the model, as a layer; None for nothing."""
    statistics = old["input"]["standardize"]
    if statistics:
        mean, stddev = (np.asarray(statistics[key], np.float32) for key in ("mean", "stddev"))
        layer = Standardize("columns" if mean.ndim else "all", name="standardize")
        layer.build((None, *old["event_shape"]))
        # The range of the data was not kept.
        layer.set_weights([mean, stddev, np.zeros(2, np.float32)])
        return layer
    if not old["input"]["scale"] or not _is_divided(run, old):
        return None
    layer = Standardize("all", nats_of=DIVIDED, name="standardize")
    layer.build((None, *old["event_shape"]))
    layer.assign(0.0, 255.0, (0.0, 255.0))
    return layer


def _is_divided(run, old):
    """Whether the data were of 8 bits, which were divided by 255: the figures say so; before them, the data."""
    if run.metrics_file.is_file():
        return read_json(run.metrics_file).get("units") == DIVIDED
    x = load(old["data"], seed=old["seed"]).x_train
    return x is None or x.dtype == np.uint8


def _convert_model(source, target, layer):
    """Write the model in `source` with its objective, and a preprocessing, as parts of it; a present one as it is.

    Raises:
        ValueError: if it cannot be read.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        config = json.loads(parts["config.json"])
        if "objective" not in config["config"]:
            weights = io.BytesIO(parts["model.weights.h5"])
            with h5py.File(weights, "r+") as file:
                _convert_parts(config["config"], file, layer)
            parts |= {"config.json": json.dumps(config).encode(), "model.weights.h5": weights.getvalue()}
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{source} cannot be read as a model of format 1: {error}") from None
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def _convert_parts(config, file, layer):
    """Move what the objective needs from the arguments and the own weights of a model into parts of it."""
    arguments = {name: config.pop(name) for name in OBJECTIVE_ARGUMENTS}
    arguments["free_bits_over"] = arguments["free_bits_over"].replace("dimension", "parts")
    objective = ELBO(**arguments, name="elbo")
    # The present values, which training may have changed, were the first weights of the model.
    objective.beta = float(file["vars/0"][()])
    del file["vars/0"]
    if arguments["capacity"] is not None:
        objective.capacity = float(file["vars/1"][()])
        del file["vars/1"]
    for name, part in (("objective", objective), ("preprocessing", layer)):
        config[name] = None if part is None else keras.saving.serialize_keras_object(part)
        if part is not None:
            # Where Keras keeps the weights of a part of this class.
            group = file.require_group(f"layers/{part.name}/vars")
            group.attrs["name"] = part.name
            part.save_own_variables(group)
