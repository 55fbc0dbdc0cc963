"""A model trained for data that are to be compressed, through the task that `keras-vae train` trains."""

import numpy as np

from keras_vae.tasks.compression.exact.exact_model import ExactModel
from keras_vae.tasks.compression.whole_numbers import as_array, check_whole_numbers, fits
from keras_vae.tasks.registry import task_class

# Below it, values are taken for classes.
MAX_CLASSES = 32
MAX_GREY = 255
# Of a picture whose channels may tell of each other.
CHANNELS = (1, 3)


def train_for(x, given, verbose):
    """A trained model.

    Args:
        x: array `(n, *event_shape)` of whole numbers.
        given: dict of settings of `VAETask`, None for its defaults.
        verbose: as in `keras.Model.fit`.

    Returns:
        `VAE` or `LadderVAE`.

    Raises:
        ValueError: for data that are no whole numbers, settings out of range, data that do not fit them, or settings
            that make a model which cannot be coded.
    """
    x = as_array(x)
    if x.dtype.kind not in "buif" or x.ndim < 2 or not len(x):
        raise ValueError(
            "`x` must be an array of numbers (n, *event_shape), n >= 1. "
            f"Received: x of dtype {x.dtype} and shape {x.shape}"
        )
    check_whole_numbers(x, None)
    is_binary = int(x.max()) <= 1
    settings = {name: value for name, value in given.items() if value is not None}
    settings.setdefault("likelihood", "bernoulli" if is_binary else _likelihood(x))
    task = task_class("vae")(**settings)
    data = task.load(_as_task_takes(x, is_binary))
    if not fits(x.shape[1:], data.event_shape):
        raise ValueError(
            f"`x` must have its channels on the last axis. Received: x of shape {x.shape}, read as examples of shape "
            f"{tuple(data.event_shape)}"
        )
    if data.kind == "sequence" and "network" not in settings:
        # Recurrent networks have no exact form.
        task.set_params(network="dense")
    # Whether it can be coded is known before it is trained. By a task of its own: preparing one settles its settings.
    ExactModel.of(type(task)(**task.get_params()).prepare(data).build_model())
    return task.fit(data, verbose=verbose).model_


def _likelihood(x):
    highest = int(x.max())
    if x.ndim > 2 and highest <= MAX_GREY:
        return "discretized_logistic" if x.ndim == 4 and x.shape[-1] not in CHANNELS else "discretized_logistic_mixture"
    return "categorical" if highest < MAX_CLASSES else "negative_binomial"


def _as_task_takes(x, is_binary):
    """Booleans, which it takes for black and white images, and bytes, which it takes for grey or coloured ones."""
    if is_binary:
        return x.astype(bool)
    return x.astype(np.uint8) if x.ndim > 2 and x.max() <= MAX_GREY else x
