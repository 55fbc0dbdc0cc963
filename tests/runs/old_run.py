"""A run folder of format 1, made from a present one by hand: what the version before wrote."""

import io
import json
import zipfile

import h5py
from runs.run_helpers import SMALL

from keras_vae.runs.config import read_json
from keras_vae.runs.open_run import open_run
from keras_vae.runs.recorder import Recorder


def write_old_run(path, data, epochs=2, **settings):
    """A run of format 1 whose training was broken off after its first epoch; returns its folder."""
    run, config, task, loaded = open_run(path, data=str(data), **{**SMALL, "epochs": 1, **settings})
    keeper = task.keep_best()
    task.train(task.build_model(), loaded, callbacks=[keeper, Recorder(run, config, {}, keeper)], verbose=0)
    make_old(run, epochs)
    return path


def make_old(run, epochs):
    """Bring `config.json`, the model and the checkpoints of a present run to format 1."""
    config = read_json(run.config_file)
    models = [file for file in (run.model_file, *run.checkpoint_files()) if file.is_file()]
    layer = [_make_old_model(file) for file in models].pop()
    settings, learned = config["settings"], config["learned"]
    fed = {"binarize": learned["binarize_"], "scale": False, "standardize": None, "n_classes": learned["n_classes_"]}
    if layer is not None:
        location, scale = (weights.tolist() for weights in layer)
        is_divided = (location, scale) == (0.0, 255.0)
        fed |= {"scale": True} if is_divided else {"standardize": {"mean": location, "stddev": scale}}
    old = {name: config[name] for name in ("data", "n_train", "fingerprint")}
    old = {"format": 1, **old, "event_shape": learned["event_shape_"], **settings, "epochs": epochs, "input": fed}
    run.config_file.write_text(json.dumps(old, indent=2))


def _make_old_model(path):
    """Rewrite a `.keras` file; returns location and scale of its preprocessing, or None."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config, weights, layer = json.loads(parts["config.json"]), io.BytesIO(parts["model.weights.h5"]), None
    arguments = config["config"].pop("objective")["config"]
    arguments = {name: arguments[name] for name in ("beta", "capacity", "free_bits", "free_bits_over")}
    config["config"] |= {**arguments, "free_bits_over": "dimension"}
    with h5py.File(weights, "r+") as file:
        file["vars/0"] = file["layers/elbo/vars/0"][()]
        del file["layers/elbo"]
        if config["config"].pop("preprocessing") is not None:
            layer = [file[f"layers/standardize/vars/{i}"][()] for i in range(2)]
            del file["layers/standardize"]
    parts |= {"config.json": json.dumps(config).encode(), "model.weights.h5": weights.getvalue()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return layer
