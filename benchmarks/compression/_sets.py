"""The sets of images that are compressed: training and test part, and how their models are trained."""

import gzip
import os
import pathlib
from typing import NamedTuple

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / "benchmarks" / "work" / "compression"
# Frey faces come without a test part: frames of one film, which are like their neighbours in the other part.
N_FREY_TEST = 200


class ImageSet(NamedTuple):
    """One set.

    Attributes:
        likelihood: str. What `Compressor` chooses for such values.
        options: dict of further options of `keras-vae train`: how long, and what the set calls for.
    """

    likelihood: str
    options: dict


GREY = "discretized_logistic_mixture"
# The digits of scikit-learn, for quick runs: nothing is needed for them.
QUICK = "digits"
# Drawings get small dense ladders in large batches, which see their images often; photographs the ladder that
# `Compressor` chooses, and small batches where there are few of them.
DENSE = {"latent-dim": "40,20", "batch-size": 128, "learning-rate": 1e-3}
SETS = {
    "binarized_mnist": ImageSet("bernoulli", {**DENSE, "hidden-units": "300,300", "epochs": 120}),
    "mnist": ImageSet(GREY, {**DENSE, "hidden-units": "512,256", "epochs": 25}),
    "cifar10_part": ImageSet(GREY, {"batch-size": 16, "learning-rate": 1.5e-3, "epochs": 32}),
    "fashion_mnist": ImageSet(GREY, {"epochs": 4}),
    "freyfaces": ImageSet(GREY, {"minutes": 8.0}),
    QUICK: ImageSet(GREY, {"minutes": 0.2}),
}


def images_of(name):
    """Arrays `(n, height, width, channels)` by part: "train", "test" and, where there is one, "valid".

    Args:
        name: str, one of `SETS`. They are read from the folder `$KERAS_VAE_DATA`; those that are black and white are
            bool, others uint8.
    """
    folder = pathlib.Path(os.environ.get("KERAS_VAE_DATA", "."))
    if name == QUICK:
        import keras_vae as kv

        data = kv.data.load("digits")
        return {"train": data.x_train, "test": data.x_test}
    if name == "binarized_mnist":
        found = {part: x.astype(bool) for part, x in np.load(folder / "binarized_mnist.npz").items()}
        return {part: x.reshape(-1, 28, 28, 1) for part, x in found.items()}
    if name == "fashion_mnist":
        return {"train": _idx(folder, "train"), "test": _idx(folder, "t10k")}
    if name == "freyfaces":
        x = np.load(folder / "freyfaces.npz")["x"][..., None]
        test = np.zeros(len(x), bool)
        test[np.random.default_rng(0).permutation(len(x))[:N_FREY_TEST]] = True
        return {"train": x[~test], "test": x[test]}
    with np.load(folder / {"mnist": "mnist.npz", "cifar10_part": "cifar10_subset.npz"}[name]) as archive:
        found = {part: archive[f"x_{part}"] for part in ("train", "test")}
    return {part: x if x.ndim == 4 else x[..., None] for part, x in found.items()}


def _idx(folder, part):
    packed = (folder / "fashion-mnist" / f"{part}-images-idx3-ubyte.gz").read_bytes()
    return np.frombuffer(gzip.decompress(packed), np.uint8, offset=16).reshape(-1, 28, 28, 1)
