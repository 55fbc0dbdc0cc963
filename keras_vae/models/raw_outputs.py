"""Whether the outputs of a user's encoder and decoder are raw: no sigmoid where a logit is wanted, no standard
deviation where a log variance is."""

import warnings

import numpy as np
import tensorflow as tf

from keras_vae._keras import last_operation

# Far out on both sides: what an activation makes of these shows its bounds.
FAR = 1e3
# A raw output reaches at least as far.
REACH = 20.0
# Scale of the codes by which a decoder without a graph of layers is tried out.
PROBE_SCALE = 30.0
N_PROBED = 16


def check_raw_params(decoder, likelihood, taken):
    """Refuse a decoder whose last layer bounds what the likelihood takes for raw numbers.

    Args:
        decoder: Keras layer.
        likelihood: `Likelihood`. One whose parameters are means may have a bounded decoder.
        taken: tuple. Shape of one code; or None for a decoder that cannot be tried out by codes alone.

    Raises:
        ValueError: naming the layer and what it does.
    """
    if likelihood.params_are_means:
        return
    operation = last_operation(decoder)
    if operation is None:
        is_squashed = taken is not None and tf.executing_eagerly() and _is_squashed(decoder, taken)
        where = "values between 0 and 1 alone, as after a sigmoid or softmax" if is_squashed else ""
    else:
        function, low, high = _activation(operation)
        is_raw = function is None or function == "log_softmax" or (low <= -REACH and high >= REACH)
        where = "" if is_raw else f"a layer {operation.name!r} that ends in {function}"
    if where:
        raise ValueError(
            f"`decoder` must put out raw numbers for the likelihood {type(likelihood).__name__}, such as logits: the "
            "likelihood applies its own function to them, and a second one would go wrong without a word. Remove the "
            f"activation of the last layer (activation=None). Received: {where}"
        )


def warn_of_stddev(encoder):
    """Warn of an encoder whose second output cannot be negative: a standard deviation, where a log variance is wanted.

    Args:
        encoder: Keras layer.
    """
    operation = last_operation(encoder, output=1)
    if operation is None:
        return
    function, low, _ = _activation(operation)
    if function is not None and low >= 0.0:
        warnings.warn(
            f"The second output of `encoder` ends in {function} ({operation.name!r}) and is never negative. It is "
            "taken for a log variance: a standard deviation of less than 1 is out of reach. Remove the activation.",
            stacklevel=4,
        )


def _activation(operation):
    """Name of the function that a layer ends in, and the least and the largest of its values far out; else Nones."""
    function = getattr(operation, "activation", None)
    if function is None:
        if getattr(operation, "weights", ()):
            return None, -np.inf, np.inf
        function = operation
    try:
        values = np.asarray(function(tf.constant([[-FAR, FAR]])), np.float64)
    except Exception:  # Any operation of Keras or of a user may stand here, and want another shape.
        return None, -np.inf, np.inf
    if values.shape != (1, 2):
        return None, -np.inf, np.inf
    name = getattr(function, "__name__", type(function).__name__)
    return ("nothing" if name == "linear" else name.lower()), values.min(), values.max()


def _is_squashed(decoder, taken):
    """Whether a decoder keeps within [0, 1] for codes of any size, as no raw output does."""
    codes = PROBE_SCALE * np.random.default_rng(0).standard_normal((N_PROBED, *taken))
    values = np.asarray(decoder(tf.constant(codes, tf.float32), training=False))
    return bool(values.min() >= 0.0 and values.max() <= 1.0 and np.ptp(values) > 0.0)
