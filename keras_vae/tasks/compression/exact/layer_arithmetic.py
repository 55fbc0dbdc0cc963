"""What the layers of Keras do with values outside of training, in exact arithmetic, without convolutions.

A layer here is made of the configuration and the weights of one of Keras, and takes and gives float64 arrays.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras_vae.tasks.compression.exact import exact_math
from keras_vae.tasks.compression.exact.group import flat
from keras_vae.tasks.compression.exact.whole_products import check_finite, scaled_back, whole_inputs, whole_weights

Function = Callable[..., np.ndarray]


def relu(x: np.ndarray) -> np.ndarray:
    """The positive part; + 0.0 makes one zero of two, of which a maximum may give either."""
    return np.maximum(x, 0.0) + 0.0


def leaky_relu(slope: float) -> Function:
    """x where it is positive, else `slope` times x."""
    return lambda x: np.where(x > 0.0, x, slope * x)


def elu(alpha: float) -> Function:
    """x where it is positive, else `alpha` (e^x - 1)."""
    return lambda x: np.where(x > 0.0, x, alpha * exact_math.expm1(x))


ACTIVATIONS = {
    "linear": np.asarray,
    "relu": relu,
    "leaky_relu": leaky_relu(0.2),
    "elu": elu(1.0),
    "silu": exact_math.swish,
    "swish": exact_math.swish,
    "gelu": exact_math.gelu,
    "sigmoid": exact_math.sigmoid,
    "softplus": exact_math.softplus,
    "tanh": exact_math.tanh,
    "exponential": exact_math.exp,
}


def refuse(name: str, class_name: str, what: str) -> None:
    """Say which layer has no exact form, and why.

    Raises:
        ValueError: always.
    """
    raise ValueError(
        f"`model` must be of layers that can be computed with the same bits on every machine. "
        f"Received: the layer {name!r} of class {class_name}, {what}"
    )


def activation_of(config: dict[str, Any], class_name: str) -> Function:
    """The activation that a layer names in its configuration.

    Raises:
        ValueError: for one that is not known here.
    """
    activation = config.get("activation") or "linear"
    if not isinstance(activation, str) or activation not in ACTIVATIONS:
        refuse(config["name"], class_name, f"whose activation is {activation!r}")
    return ACTIVATIONS[activation]


def dense(config: dict[str, Any], weights: Sequence[np.ndarray]) -> Function:
    """A `Dense` layer, of the last axis of an array of any rank."""
    name, activation = config["name"], activation_of(config, "Dense")
    whole, unit_steps = whole_weights(weights[0], name)
    bias = bias_of(weights, name, whole.shape[1])

    def apply(x):
        x, steps = whole_inputs(x, name)
        return activation(scaled_back(x @ whole, steps, unit_steps, bias))

    return apply


def bias_of(weights: Sequence[np.ndarray], name: str, n_units: int) -> np.ndarray:
    """The second of the weights of a layer, or zeros; float64 `(n_units,)`.

    Raises:
        ValueError: if one is not finite.
    """
    bias = np.asarray(weights[1], np.float64) if len(weights) > 1 else np.zeros(n_units)
    check_finite(bias, f"the bias of the layer {name!r}")
    # Of zeros there are two.
    return bias + 0.0


def total(*arrays: np.ndarray) -> np.ndarray:
    """Sum of several arrays, from the first to the last."""
    result = arrays[0]
    for array in arrays[1:]:
        result = result + array
    return result


def rescaling(config, weights):
    """A `Rescaling` layer."""
    scale, offset = (np.asarray(config[key], np.float64) for key in ("scale", "offset"))
    return lambda x: x * scale + offset


def standardize(config, weights):
    """A `Standardize` layer: what is infinitely wide becomes 0."""
    location, scale = (np.asarray(w, np.float64) for w in weights[:2])
    return lambda x: (x - location) / scale


def one_hot(config, weights):
    """The `OneHot` layer of the library."""
    classes = np.arange(config["n_classes"], dtype=np.float64)
    return lambda x: (x[..., None] == classes).astype(np.float64)


def reshape(config, weights):
    """A `Reshape` layer."""
    shape = tuple(config["target_shape"])
    return lambda x: x.reshape(len(x), *shape)


def concatenate(config, weights):
    """A `Concatenate` layer."""
    return lambda *arrays: np.concatenate(arrays, axis=config["axis"])


def _plain(function):
    """A layer without settings."""
    return lambda config, weights: function


def _relu_layer(config, weights):
    if config.get("max_value") is not None or config.get("threshold"):
        refuse(config["name"], "ReLU", "which has a largest value or a threshold")
    return leaky_relu(float(config.get("negative_slope") or 0.0)) if config.get("negative_slope") else relu


# Class names as Keras saves them; classes of other packages carry the name of theirs.
LAYERS = {
    "Dense": dense,
    "Activation": lambda config, weights: activation_of(config, "Activation"),
    "ReLU": _relu_layer,
    "LeakyReLU": lambda config, weights: leaky_relu(float(config["negative_slope"])),
    "ELU": lambda config, weights: elu(float(config["alpha"])),
    "Flatten": _plain(flat),
    "Reshape": reshape,
    "Add": _plain(total),
    "Concatenate": concatenate,
    "Rescaling": rescaling,
    "Identity": _plain(np.asarray),
    "Dropout": _plain(np.asarray),
    "SpatialDropout2D": _plain(np.asarray),
    "keras_vae>OneHot": one_hot,
    "keras_vae>Log1p": _plain(exact_math.log1p),
    "keras_vae>Standardize": standardize,
}
