"""What a model of a given likelihood is fed from a data set: drawn binary, scaled, standardised or as it is."""

import math

import numpy as np

from keras_vae.data import batches
from keras_vae.data.pipelines import binarize_once

# Likelihoods over real numbers: 8-bit values are divided by 255 for them, tables standardised.
CONTINUOUS = ("gaussian", "gaussian_fixed", "gaussian_shared")

# More than any vocabulary; a column of large numbers taken for tokens would fill the memory.
MAX_CLASSES = 1_000_000


def default_likelihood(dataset):
    """Name of the likelihood that gives an honest number on this kind of data.

    Grey pictures are drawn black and white, as the published numbers have it; in colour the 8-bit values themselves are
    modelled. Values that are not of 8 bits are real numbers.
    """
    x = dataset.x_train
    if dataset.kind != "image" or _is_binary_already(dataset):
        return "bernoulli" if _is_binary(x) else "gaussian"
    has_8_bits = x is None or x.dtype == np.uint8
    if dataset.event_shape[-1] == 1 and (has_8_bits or _is_in_unit_interval(x)):
        return "bernoulli"
    return "discretized_logistic" if has_8_bits else "gaussian"


def default_network(dataset):
    """Name of the network made for this kind of data; pictures of a few pixels have no use for convolutions."""
    if dataset.kind == "image" and _is_tiny(dataset):
        return "dense"
    return {"image": "conv", "sequence": "recurrent", "table": "dense"}[dataset.kind]


def default_batch_size(dataset):
    """128, or 32 where that would leave too few steps in an epoch."""
    return 128 if dataset.n_train >= 10_000 else 32


def default_epochs(dataset, batch_size):
    """Ten epochs, or as many as make 3,000 steps: about a minute for a small model on two cores."""
    return max(10, math.ceil(3000 / math.ceil(dataset.n_train / batch_size)))


def input_settings(dataset, likelihood):
    """How the data are turned into input, as it is kept in the config of a run.

    Args:
        dataset: `Dataset`.
        likelihood: str.

    Returns:
        dict: `binarize` (draw 0 and 1 from grey values), `scale` (divide 8-bit values by 255), `standardize` (None, or
        `{"mean", "stddev"}` of the training part: lists by column, or two numbers for images of real numbers beyond
        [0, 1]), `n_classes` (of tokens, or None).

    Raises:
        ValueError: if the data are to be tokens and are not.
    """
    is_image = dataset.kind == "image"
    return {
        "binarize": likelihood == "bernoulli" and is_image and not _is_binary_already(dataset),
        "scale": is_image and likelihood in (*CONTINUOUS, "continuous_bernoulli"),
        "standardize": _statistics(dataset) if likelihood in CONTINUOUS else None,
        "n_classes": _n_classes(dataset) if likelihood == "categorical" else None,
    }


def training_batches(dataset, config, start_epoch=0):
    """Endless batches of the training part; epoch e is the same in every process, see `data.batches`."""
    return batches(
        _standardized(dataset, config),
        batch_size=config["batch_size"],
        seed=config["seed"],
        binarize=config["input"]["binarize"],
        scale=config["input"]["scale"],
        start_epoch=start_epoch,
        repeat=True,
    )


def steps_per_epoch(dataset, config):
    """Batches of one epoch, the short last one included."""
    return math.ceil(dataset.n_train / config["batch_size"])


def held_out(dataset, config):
    """The part that a model is judged on, as it sees it.

    Returns:
        `(x, labels or None, part)`: the test part, or the training part where there is no other. x is an array, or a
        stream for a folder of images; `part` is "test" or "train".
    """
    part = "test" if dataset.n_test else "train"
    return part_input(dataset, config, part), getattr(dataset, f"y_{part}"), part


def before_drawing(config):
    """The config under which the same pictures keep their grey values in place of draws of 0 and 1."""
    return {**config, "input": {**config["input"], "binarize": False, "scale": True}}


def part_input(dataset, config, part):
    """One part of a data set, "train" or "test", in its own order: an array, or a stream for a folder of images."""
    x = getattr(dataset, f"x_{part}")
    if x is not None:
        return array_input(x, config)
    return batches(
        dataset,
        batch_size=config["batch_size"],
        seed=config["seed"],
        shuffle=False,
        binarize=config["input"]["binarize"],
        scale=config["input"]["scale"],
        part=part,
    )


def array_input(x, config):
    """An array of a data set as the model sees it; draws of 0 and 1 are the same in every call."""
    settings = config["input"]
    if settings["binarize"]:
        return binarize_once(x, seed=config["seed"])
    if settings["standardize"]:
        return _standardize(x, settings["standardize"])
    divide = settings["scale"] and x.dtype == np.uint8
    return x.astype(np.float32) / 255.0 if divide else x.astype(np.float32)


def in_data_units(x, config):
    """What a model puts out in the units of the data: what was standardised gets its mean and scale back."""
    statistics = config["input"]["standardize"]
    if not statistics:
        return x
    mean, stddev = (np.asarray(statistics[key], np.float32) for key in ("mean", "stddev"))
    return x * stddev + mean


def units(dataset, config):
    """What the nats of a run are measured on, in words, where it is not the data as they came; else ""."""
    settings = config["input"]
    if settings["binarize"]:
        return "pixels drawn as 0 or 1"
    if settings["standardize"]:
        return "standardised values"
    is_8_bit = dataset.x_train is None or dataset.x_train.dtype == np.uint8
    return "8-bit values divided by 255" if settings["scale"] and is_8_bit else ""


def _standardized(dataset, config):
    statistics = config["input"]["standardize"]
    return _standardize(dataset.x_train, statistics) if statistics else dataset


def _standardize(x, statistics):
    mean, stddev = (np.asarray(statistics[key], np.float32) for key in ("mean", "stddev"))
    return (x.astype(np.float32) - mean) / stddev


def _statistics(dataset):
    x = dataset.x_train
    is_image = dataset.kind == "image"
    if is_image and (x is None or x.dtype == np.uint8 or _is_in_unit_interval(x)):
        return None
    axes = None if is_image else tuple(range(x.ndim - 1))
    mean, stddev = x.mean(axis=axes, dtype=np.float64), x.std(axis=axes, dtype=np.float64)
    # A constant column has nothing to scale by.
    return {"mean": mean.tolist(), "stddev": np.where(stddev > 0, stddev, 1.0).tolist()}


def _n_classes(dataset):
    if dataset.x_train is None or dataset.x_train.dtype == np.uint8:
        return 256
    parts = [x for x in (dataset.x_train, dataset.x_test) if x is not None]
    lowest, highest = min(float(x.min()) for x in parts), max(float(x.max()) for x in parts)
    if lowest < 0 or highest >= MAX_CLASSES or not all((x == np.round(x)).all() for x in parts):
        raise ValueError(
            f"the categorical likelihood needs tokens, whole numbers from 0 to {MAX_CLASSES - 1}. "
            f"Received: {dataset.name} with values from {lowest:g} to {highest:g}"
        )
    return max(2, int(highest) + 1)


def _is_tiny(dataset):
    return max(dataset.event_shape[:2]) < 16


def _is_in_unit_interval(x):
    return x.min() >= 0 and x.max() <= 1


def _is_binary(x):
    return bool(np.isin(x, (0, 1)).all())


def _is_binary_already(dataset):
    x = dataset.x_train
    return x is not None and x.dtype != np.uint8 and _is_binary(x)
