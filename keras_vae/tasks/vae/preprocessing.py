"""The layer that takes the units of the data to the units of encoder and likelihood."""

from keras_vae.layers.standardize import Standardize
from keras_vae.tasks.vae.kind_of_data import is_from_8_bits, is_in_unit_interval

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
        return "columns" if values == "real" else ""
    if is_from_8_bits(dataset):
        return "divided" if values in ("real", "unit_interval") else ""
    return "all" if values == "real" and not is_in_unit_interval(dataset.x_train) else ""


def make_preprocessing(dataset, values):
    """The layer, with what it has learned from the training part; None where nothing is to be done.

    Args:
        dataset: `Dataset`.
        values: str. As in `preprocessing_kind`.

    Returns:
        `keras_vae.layers.Standardize` or None.
    """
    kind = preprocessing_kind(dataset, values)
    if kind == "divided":
        layer = Standardize("all", nats_of=DIVIDED)
        layer.assign(0.0, 255.0, (0.0, 255.0))
        return layer
    if kind:
        layer = Standardize(kind)
        layer.adapt(dataset.x_train, dataset.feature_names if kind == "columns" else None)
        return layer
    return None
