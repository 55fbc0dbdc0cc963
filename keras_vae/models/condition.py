"""The condition that encoder and decoder are told beside x and z: its shape, and rows of it."""

import numpy as np


def joint_condition_shape(shapes):
    """The condition that encoder and decoder are told, from what `known_shapes` says of each.

    Args:
        shapes: dict from the name of a part to a pair, or to None.

    Returns:
        tuple, dict of tuples, or None.

    Raises:
        ValueError: if the two take different conditions.
    """
    conditions = {name: pair[1] for name, pair in shapes.items() if pair is not None and pair[1] is not None}
    first, *others = conditions.values() or [None]
    if any(other != first for other in others):
        raise ValueError(f"`encoder` and `decoder` must take the same condition. Received: {conditions}")
    return first


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
