"""The condition that encoder and decoder are told beside x and z: its shape, its network, and rows of it."""

import numpy as np
import tensorflow as tf

from keras_vae._keras import all_layers
from keras_vae.layers.class_labels import ClassLabels


def joint_condition_shape(shapes, network=None):
    """The condition that encoder and decoder are told, from what `known_shapes` says of each.

    Args:
        shapes: dict from the name of a part to a pair, or to None.
        network: what makes it of the condition that users pass, or None for nothing.

    Returns:
        tuple, dict of tuples, or None.

    Raises:
        ValueError: if the two take different conditions, or not what the network makes.
    """
    conditions = {name: pair[1] for name, pair in shapes.items() if pair is not None and pair[1] is not None}
    first, *others = conditions.values() or [None]
    if any(other != first for other in others):
        raise ValueError(f"`encoder` and `decoder` must take the same condition. Received: {conditions}")
    if network is None:
        return first
    made = network_shapes(network)[1]
    if first not in (None, made):
        raise ValueError(
            f"`condition_network` must put out what encoder and decoder are told, {first} for each example. "
            f"Received: {made}"
        )
    return made


def network_shapes(network):
    """Shapes of what a condition network takes and puts out, without the batch axis: two tuples, or dicts of tuples.

    Raises:
        ValueError: for something else than a Keras model of one tensor, or of a dict of them, to one or a dict.
    """
    ends = getattr(network, "input", None), getattr(network, "output", None)
    if any(end is None or isinstance(end, (list, tuple)) for end in ends):
        raise ValueError(
            "`condition_network` must be a Keras model with known inputs, from the condition, one tensor or a dict, to "
            f"one tensor or a dict, such as keras.Model(inputs, outputs). Received: condition_network={network!r}"
        )
    return tuple(tf.nest.map_structure(lambda tensor: tuple(tensor.shape[1:]), end) for end in ends)


def tell(network, condition, training=False):
    """What encoder and decoder are told of a condition: float32 tensors, those of the network where there is one."""
    if network is None:
        return tf.nest.map_structure(lambda part: tf.cast(part, tf.float32), condition)
    taken = tf.nest.map_structure(lambda part, end: tf.cast(part, end.dtype), condition, network.input)
    return tf.nest.map_structure(lambda part: tf.cast(part, tf.float32), network(taken, training=training))


def check_labels(network, condition):
    """Check the labels among the arrays of a condition: those that a `ClassLabels` of the network takes.

    Raises:
        ValueError: for a label that is none of the classes.
    """
    for layer, labels, name in _labels(network, condition):
        layer.check_labels(labels, name)


@tf.autograph.experimental.do_not_convert
def has_other_labels(network, condition):
    """Whether one of those labels is none of the classes, scalar bool Tensor: for tensors inside a graph."""
    found = [layer.has_others(labels) for layer, labels, _ in _labels(network, condition)]
    return tf.reduce_any(tf.stack(found)) if found else tf.constant(False)


def _labels(network, condition):
    """The `ClassLabels` of a network with the part of the condition that each takes, and its name in messages."""
    for layer in all_layers(network):
        if not isinstance(layer, ClassLabels):
            continue
        if not isinstance(condition, dict):
            yield layer, condition, "condition"
        elif layer.input.name in condition:
            yield layer, condition[layer.input.name], f"condition[{layer.input.name!r}]"


def split_shapes(input_shape):
    """What `build` was given as the shape of x, and the shape of the condition without its batch axis, or None.

    Args:
        input_shape: tuple; or `(shape of x, shape of the condition)`, or a dict of both.
    """
    if isinstance(input_shape, dict):
        input_shape = (input_shape["x"], input_shape.get("condition"))
    if not isinstance(input_shape[0], (tuple, list)):
        return input_shape, None
    x_shape, condition = input_shape[0], input_shape[1] if len(input_shape) > 1 else None
    if isinstance(condition, dict):
        return x_shape, {name: tuple(shape[1:]) for name, shape in condition.items()}
    return x_shape, None if condition is None else tuple(condition[1:])


def condition_rows(condition, condition_shape, n):
    """A condition of `n` rows from one of as many rows, of one row, or of one example without the batch axis.

    Args:
        condition: array, dict of arrays, or None.
        condition_shape: tuple, dict of tuples, or None, without the batch axis.
        n: int. Rows wanted.

    Returns:
        array `(n, *condition_shape)`, or a dict of them. What does not fit comes back as it is: it is refused, with the
        reason, where rows are checked.
    """
    if isinstance(condition, dict) and isinstance(condition_shape, dict):
        return {key: _rows(value, condition_shape.get(key, ()), n) for key, value in condition.items()}
    if condition is None or isinstance(condition, dict) or not isinstance(condition_shape, tuple):
        return condition
    return _rows(condition, condition_shape, n)


def _rows(value, shape, n):
    value = np.asarray(value)
    value = value[None] if value.ndim == len(shape) else value
    return np.repeat(value, n, axis=0) if len(value) == 1 else value
