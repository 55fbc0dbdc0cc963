"""What beta multiplies where it is not the KL itself: its distance from a capacity, or its excess over free bits."""

import tensorflow as tf


def capacity_penalty(kl, capacity, weight=None):
    """Distance of the mean KL from a capacity, as numbers per example.

    Args:
        kl: Tensor, shape `(batch,)`. Nats.
        capacity: scalar. Nats.
        weight: Tensor, shape `(batch,)`, of the examples in all means, or None.

    Returns:
        Tensor, shape `(batch,)`. Nats; an entry may be negative, the mean over the global batch is
        `|mean(kl) - capacity|`.

    References:
        Burgess et al. 2018, eq. 8. https://arxiv.org/abs/1804.03599
    """
    return tf.where(global_mean(kl, weight) < capacity, -1.0, 1.0) * (kl - capacity)


def free_bits_penalty(kl_parts, free_bits, weight=None):
    """Sum over parts of the mean KL, none of which counts for less than `free_bits`, as numbers per example.

    Args:
        kl_parts: Tensor, shape `(batch, n_parts)`. KL per dimension, per layer, or in one part, nats.
        free_bits: float. Floor of each part, nats. Below it a part gets no gradient.
        weight: Tensor, shape `(batch,)`, of the examples in all means, or None.

    Returns:
        Tensor, shape `(batch,)`. Nats; the mean over the global batch is `sum_j max(free_bits, mean(kl_parts[:, j]))`.

    References:
        Kingma et al. 2016, eq. 15. https://arxiv.org/abs/1606.04934
    """
    return tf.reduce_sum(tf.where(global_mean(kl_parts, weight) > free_bits, kl_parts, free_bits), axis=-1)


def global_mean(values, weight=None):
    """(Weighted) mean over the examples of all replicas, without a gradient: it only says on which side of a bound a
    batch is."""
    values = tf.stop_gradient(values)
    weight = tf.ones_like(values[..., 0] if len(values.shape) > 1 else values) if weight is None else weight
    total, n = tf.tensordot(weight, values, axes=1), tf.reduce_sum(weight)
    context = tf.distribute.get_replica_context()
    if context is not None and context.num_replicas_in_sync > 1:
        total, n = context.all_reduce(tf.distribute.ReduceOp.SUM, [total, n])
    return tf.math.divide_no_nan(total, n)
