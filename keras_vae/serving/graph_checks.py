"""Checks that a graph makes of the values it is given."""

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
