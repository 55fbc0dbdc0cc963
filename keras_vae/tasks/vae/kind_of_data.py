"""What kind of data a data set holds, and the network and likelihood made for it."""

import numpy as np

# More than any vocabulary; a column of large numbers taken for tokens would fill the memory.
MAX_CLASSES = 1_000_000


def default_likelihood(dataset):
    """Name of the likelihood that gives an honest number on this kind of data.

    Grey pictures are drawn black and white, as the published numbers have it; in colour the 8-bit values themselves are
    modelled. Values that are not of 8 bits are real numbers.
    """
    x = dataset.x_train
    if dataset.kind != "image" or is_binary_already(dataset):
        return "bernoulli" if _is_binary(x) else "gaussian"
    if dataset.event_shape[-1] == 1 and (is_from_8_bits(dataset) or is_in_unit_interval(x)):
        return "bernoulli"
    return "discretized_logistic" if is_from_8_bits(dataset) else "gaussian"


def default_network(dataset):
    """Name of the network made for this kind of data; pictures of a few pixels have no use for convolutions."""
    if dataset.kind == "image" and max(dataset.event_shape[:2]) < 16:
        return "dense"
    return {"image": "conv", "sequence": "recurrent", "table": "dense"}[dataset.kind]


def number_of_classes(dataset):
    """Number of different tokens, from both parts of the data.

    Raises:
        ValueError: if the data are no tokens.
    """
    if is_from_8_bits(dataset):
        return 256
    parts = [x for x in (dataset.x_train, dataset.x_test) if x is not None]
    lowest, highest = min(float(x.min()) for x in parts), max(float(x.max()) for x in parts)
    if lowest < 0 or highest >= MAX_CLASSES or not all((x == np.round(x)).all() for x in parts):
        raise ValueError(
            f"the categorical likelihood needs tokens, whole numbers from 0 to {MAX_CLASSES - 1}. "
            f"Received: {dataset.name} with values from {lowest:g} to {highest:g}"
        )
    return max(2, int(highest) + 1)


def is_from_8_bits(dataset):
    """Whether the values are grey values or colours from 0 to 255, as in image files."""
    return dataset.x_train is None or dataset.x_train.dtype == np.uint8


def is_in_unit_interval(x):
    """Whether all values of an array are in [0, 1]."""
    return bool(x.min() >= 0 and x.max() <= 1)


def is_binary_already(dataset):
    """Whether all values are 0 or 1 as they come, so that nothing is to be drawn."""
    return not is_from_8_bits(dataset) and _is_binary(dataset.x_train)


def _is_binary(x):
    return bool(np.isin(x, (0, 1)).all())
