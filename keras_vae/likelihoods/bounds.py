"""Smooth bounds that keep the exponential of a network output finite."""

import numpy as np
import tensorflow as tf


def soft_floor(raw: tf.Tensor, low: float) -> tf.Tensor:
    """Values above `low` that follow `raw` once it is a few units higher: low + log(1 + exp(raw - low)).

    The gradient is `sigmoid(raw - low)`: small below the bound but not zero, so that an optimizer with normalised steps
    (Adam) finds its way back.

    Args:
        raw: Tensor of any shape.
        low: float. The bound.

    Returns:
        Tensor, shape of `raw`, >= `low`.
    """
    return low + tf.math.softplus(raw - low)


def soft_ceiling(raw: tf.Tensor, high: float) -> tf.Tensor:
    """Values below `high` that follow `raw` while it is a few units lower: high - log(1 + exp(high - raw)).

    Args:
        raw: Tensor of any shape.
        high: float. The bound.

    Returns:
        Tensor, shape of `raw`, <= `high`.
    """
    # The same function in another form: the plain formula loses the last digits of `raw` where `high` is much larger.
    return tf.minimum(raw, high) - tf.math.softplus(-tf.abs(raw - high))


def inverse_soft_floor(value: np.ndarray, low: float) -> np.ndarray:
    """The raw values that `soft_floor` maps to these; to just above `low` where they are below it.

    Args:
        value: array of any shape.
        low: float. The bound.

    Returns:
        Array, shape of `value`, finite.
    """
    above = np.maximum(np.asarray(value, dtype=np.float64) - low, 1e-3)
    # log(exp(above) - 1), without overflow.
    return low + above + np.log(-np.expm1(-above))
