"""The layer that takes the units of the data to the units of encoder and likelihood."""

import numpy as np

from keras_vae.layers.standardize import Standardize
from keras_vae.tasks.vae.kind_of_data import is_from_8_bits, is_in_unit_interval

MIXED = "standardised numbers, and of words, counts and yes or no as they are"
DIVIDED = "8-bit values divided by 255"


def preprocessing_kind(dataset, values):
    """What is done to the data before a likelihood sees them.

    Args:
        dataset: `Dataset`.
        values: str. Kind of values of the likelihood, `Likelihood.values`.

    Returns:
        "divided" (8-bit values by 255), "columns" (each column standardised), "all" (all values standardised by two
        numbers), or "" for nothing.
    """
    if dataset.kind != "image":
        return "columns" if values in ("real", "mixed") else ""
    if is_from_8_bits(dataset):
        return "divided" if values in ("real", "unit_interval") else ""
    return "all" if values == "real" and not is_in_unit_interval(dataset.x_train) else ""


def make_preprocessing(dataset, values, columns=None):
    """The layer, with what it has learned from the training part; None where nothing is to be done.

    Args:
        dataset: `Dataset`.
        values: str. As in `preprocessing_kind`.
        columns: tuple of int or None. The columns that are standardised; None for all.

    Returns:
        `keras_vae.layers.Standardize` or None.
    """
    kind = preprocessing_kind(dataset, values)
    if kind == "divided":
        layer = Standardize("all", nats_of=DIVIDED)
        layer.assign(0.0, 255.0, (0.0, 255.0))
        return layer
    if not kind or columns == ():
        return None
    layer = Standardize(kind, columns=columns, **({"nats_of": MIXED} if values == "mixed" else {}))
    x = dataset.x_train
    layer.adapt(x, dataset.feature_names if kind == "columns" else None, ~np.isnan(x) if values == "mixed" else None)
    return layer
