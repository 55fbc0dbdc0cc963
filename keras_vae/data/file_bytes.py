"""Numbers at places of a file, read by TensorFlow, for what a graph must know of a file before it decodes it."""

import tensorflow as tf


def bytes_of(file, n=None):
    """The first bytes of a file as numbers, with zeros behind its end: a place behind it can be asked for.

    Args:
        file: scalar string Tensor.
        n: int or None. How many bytes; None for all.

    Returns:
        int32 Tensor, shape `(at least 64,)` without `n`, else `(n,)`.
    """
    part = file if n is None else tf.strings.substr(file, 0, n)
    values = tf.cast(tf.io.decode_raw(part, tf.uint8), tf.int32)
    behind = 64 if n is None else n - tf.size(values)
    return tf.ensure_shape(tf.pad(values, [[0, behind]]), (n,))


def window(values, place, length):
    """`length` numbers from a place on, int32 `(length,)`; those of the end, where the place lies behind it."""
    part = tf.slice(values, [tf.clip_by_value(place, 0, tf.size(values) - length)], [length])
    return tf.ensure_shape(part, (length,))


def whole_number(values, little_endian=True):
    """The number that some bytes make, without sign: scalar int64.

    Args:
        values: int32 Tensor, shape `(2,)` or `(4,)`: bytes 0 to 255.
        little_endian: bool, or scalar bool Tensor. Whether the lowest byte is the first.
    """
    n = values.shape[0]
    rising = tf.constant([256**k for k in range(n)], tf.int64)
    weights = tf.where(little_endian, rising, rising[::-1])
    return tf.reduce_sum(tf.cast(values, tf.int64) * weights)


def starts_with(file, beginning):
    """Whether a file begins with these bytes, scalar bool; False for a shorter file."""
    return tf.equal(tf.strings.substr(file, 0, len(beginning)), beginning)


def refuse_unless(value, condition, message):
    """A value that is gone on with only where a condition holds; elsewhere the call is an invalid argument.

    Args:
        value: Tensor.
        condition: scalar bool Tensor.
        message: str.
    """
    with tf.control_dependencies([tf.raw_ops.Assert(condition=condition, data=[message])]):
        return tf.identity(value)
