"""What a preprocessing does besides changing values: it learns, leaves elements out, and changes a density's volume."""

import warnings

import keras
import numpy as np
import tensorflow as tf

from keras_vae.likelihoods.encoder_inputs import Log1p, OneHot
from keras_vae.training.finite import LARGE, in_words

# Layers behind the input of an encoder that bring its values to a scale.
SCALING_LAYERS = (
    keras.layers.Rescaling,
    keras.layers.Normalization,
    keras.layers.BatchNormalization,
    keras.layers.LayerNormalization,
    keras.layers.Embedding,
    OneHot,
    Log1p,
)


def is_unlearned(preprocessing):
    """Whether a preprocessing could learn from data and has not done so."""
    return hasattr(preprocessing, "adapt") and not getattr(preprocessing, "is_adapted", True)


def learn_preprocessing(model, x, counts=None, names=None, is_part=False):
    """Let the preprocessing of a model learn from data, if it has not yet; without one, warn of values of no scale.

    Args:
        model: a built `LatentModel`.
        x, counts, names, is_part: as in `Trainer.learn_from`.

    Returns:
        bool. Whether it has learned.
    """
    if is_unlearned(model.preprocessing):
        if is_part:
            model.preprocessing.adapt(x, names, counts, leaves_out=False)
        else:
            model.preprocessing.adapt(x, names, counts)
        return True
    if model.preprocessing is None and not _has_scaling(model.encoder):
        _warn_of_scale(x, names)
    return False


def _has_scaling(encoder):
    """Whether an encoder begins with a layer that scales its input, as far as it shows its layers."""
    layers = getattr(encoder, "layers", [])
    first = [layer for layer in layers if not isinstance(layer, (keras.layers.InputLayer, keras.layers.Reshape))][:1]
    return any(isinstance(layer, SCALING_LAYERS) or _has_scaling(layer) for layer in first)


def _warn_of_scale(x, names):
    lowest, highest = float(x.min()), float(x.max())
    if max(-lowest, highest) <= LARGE:
        return
    place = np.unravel_index(np.argmin(x) if -lowest > highest else np.argmax(x), x.shape)
    where = f"column {names[place[-1]]!r}" if names is not None and x.ndim == 2 else in_words(place)
    warnings.warn(
        f"The encoder gets the values of `x` as they are, from {lowest:g} to {highest:g} ({where}): networks are made "
        "for values of about 1, and the loss may become infinite. Bring them to a scale, by "
        "`preprocessing=keras_vae.layers.Standardize()` for one, which the model then does itself.",
        stacklevel=5,
    )


def counting(preprocessing, target, mask):
    """Weights of the elements of a target, with 0 for those that the preprocessing leaves out.

    Args:
        preprocessing: layer. One without `element_weights` leaves nothing out.
        target: Tensor, shape `(batch, *target_shape)`.
        mask: Tensor `(batch, *leading event axes)`, or None for elements that all count.

    Returns:
        Tensor, shape of `target`; the mask as it came where all elements count.
    """
    weights = preprocessing.element_weights() if hasattr(preprocessing, "element_weights") else None
    if weights is None:
        return mask
    return tf.ones_like(target) * weights if mask is None else as_elements(mask, target) * weights


def without_holes(target, mask):
    """Weights of the elements of a target, with 0 for NaN; Tensor, shape of `target`.

    Args:
        target: Tensor, shape `(batch, *target_shape)`.
        mask: Tensor `(batch, *leading event axes)`, or None for elements that all count.
    """
    seen = tf.cast(~tf.math.is_nan(target), tf.float32)
    return seen if mask is None else as_elements(mask, target) * seen


def log_volume(preprocessing, batch):
    """What a likelihood of preprocessed values loses when it becomes one of the data, `(batch,)` or `()`; nats.

    The density of the data is the density of `(x - location) / scale` divided by the scale of every element that
    counts: its log is less by the sum of the log scales. 0 for a preprocessing that is not `in_data_units`.

    Args:
        preprocessing: layer.
        batch: `Batch`, as `prepare` leaves it.
    """
    if not getattr(preprocessing, "in_data_units", False):
        return tf.zeros(())
    log_scale = preprocessing.log_scale() * tf.ones_like(batch.target)
    if batch.mask is not None:
        log_scale *= as_elements(batch.mask, batch.target)
    return tf.reduce_sum(log_scale, axis=tuple(range(1, len(log_scale.shape))))


def as_elements(mask, x):
    """A mask of the leading axes of `x` with an axis for each of the others."""
    return tf.reshape(mask, tf.concat([tf.shape(mask), [1] * (len(x.shape) - len(mask.shape))], axis=0))
