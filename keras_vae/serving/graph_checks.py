"""Checks that a graph makes of the values it is given."""

import functools
import math

import tensorflow as tf


def checked(value, condition, message):
    """A value that the graph goes on with only where a condition holds.

    Args:
        value: Tensor.
        condition: scalar bool Tensor.
        message: str. What the call fails with, as an invalid argument, where it does not hold.

    Returns:
        `value`.
    """
    with tf.control_dependencies([tf.raw_ops.Assert(condition=condition, data=[message])]):
        return tf.identity(value)


def has_rows(spec):
    """Whether the first axis of an input counts rows: any number of them."""
    return bool(spec.shape.rank) and spec.shape[0] is None


def expecting(endpoint):
    """The endpoint, which is not called with inputs of other shapes, or of different numbers of rows.

    TensorFlow Serving does not compare shapes, and an image without its batch axis ends the whole server inside a
    convolution. A condition of one row beside many would be spread over them in one network and refused in another.
    """
    specs = endpoint.specs
    first, *others = [i for i, spec in enumerate(specs) if has_rows(spec)] or [None]

    def of_fitting_inputs(*inputs):
        inputs = [tf.ensure_shape(value, spec.shape) for value, spec in zip(inputs, specs, strict=True)]
        for i in others:
            same = tf.equal(tf.shape(inputs[i])[0], tf.shape(inputs[first])[0])
            message = f"`{specs[i].name}` must have as many rows as `{specs[first].name}`"
            inputs[i] = checked(inputs[i], same, message)
        return endpoint.function(*inputs)

    return endpoint._replace(function=of_fitting_inputs)


def nan_where_not_finite(endpoint):
    """The endpoint, which answers with NaN for a row with an infinity, or a NaN that is no hole, and for no other.

    By itself a network may turn NaN into an answer that looks like any other: the relu of NaN that is fused with a
    matrix product on a CPU is 0. An error would be no better where the rows of a batch come from different clients.
    Whole numbers have no NaN: there the answer is -1, and empty or False for strings and truth values.
    """
    rows = [i for i, spec in enumerate(endpoint.specs) if has_rows(spec) and spec.dtype.is_floating]

    def of_finite_rows(*inputs):
        outputs = endpoint.function(*inputs)
        if not rows:
            return outputs
        finite = functools.reduce(tf.logical_and, [_finite_rows(inputs[i], endpoint.takes_holes) for i in rows])
        return {
            name: tf.where(tf.reshape(finite, [-1] + [1] * (value.shape.rank - 1)), value, _no_answer(value.dtype))
            for name, value in outputs.items()
        }

    return endpoint._replace(function=of_finite_rows)


def _finite_rows(rows, takes_holes):
    """Which rows are finite, `(n,)` bool."""
    if takes_holes:
        rows = tf.where(tf.math.is_nan(rows), tf.zeros_like(rows), rows)
    # One pass over the rows; the sum is finite where they are.
    return tf.math.is_finite(tf.reduce_sum(rows, axis=range(1, rows.shape.rank)))


def _no_answer(dtype):
    if dtype.is_floating:
        return tf.constant(math.nan, dtype)
    return tf.constant(-1, dtype) if dtype.is_integer and not dtype.is_unsigned else tf.zeros((), dtype)
