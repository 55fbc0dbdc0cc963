"""What kind of data a data set holds, and the likelihood made for it."""

import numpy as np

from keras_vae.data.images import decode_image

# MNIST has a greyness of 0.08, Fashion-MNIST and scikit-learn's digits of 0.3, photographs of 0.7 and more.
MAX_GREYNESS = 0.15
N_LOOKED_AT = 1000

# More than any vocabulary; a column of large numbers taken for tokens would fill the memory.
MAX_CLASSES = 1_000_000


def default_likelihood(data):
    """Name of the likelihood that gives an honest number on this kind of data.

    Pictures that are nearly black and white are drawn as 0 and 1, as the published numbers have it. Of all others the
    8-bit values themselves are modelled, the channels of a pixel together. Values that are not of 8 bits are real
    numbers, which may have outliers; a table with words, counts or holes has one likelihood per column.
    """
    if data.columns is not None:
        return "mixed"
    if data.kind == "sequence" and data.x_train.dtype.kind in "iu":
        return "categorical"
    if is_binary_already(data) or (data.kind == "image" and is_nearly_black_and_white(data)):
        return "bernoulli"
    if data.kind == "image":
        return "discretized_logistic_mixture" if is_from_8_bits(data) else "gaussian"
    return "student_t" if data.kind == "table" else "gaussian"


def is_nearly_black_and_white(data):
    """Whether grey pictures lose next to nothing when their pixels are drawn as 0 or 1.

    They do not where the draw adds little noise: `4 p (1 - p)` is 0 for black and white, 1 for the grey between.
    """
    if data.event_shape[-1] != 1 or not (is_from_8_bits(data) or is_in_unit_interval(data.x_train)):
        return False
    x = first_pictures(data, N_LOOKED_AT)
    p = x / 255.0 if x.dtype == np.uint8 else x
    return float(np.mean(4.0 * p * (1.0 - p))) <= MAX_GREYNESS


def first_pictures(data, n):
    """The first `n` training pictures, array."""
    if data.x_train is not None:
        return data.x_train[:n]
    return np.stack([decode_image(file, data.event_shape, data.fit) for file in data.train_files[:n]])


def number_of_classes(dataset):
    """Number of different tokens, from all parts of the data.

    Raises:
        ValueError: if the data are no tokens.
    """
    if is_from_8_bits(dataset):
        return 256
    parts = [x for x in (dataset.x_train, dataset.x_validation, dataset.x_test) if x is not None]
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
