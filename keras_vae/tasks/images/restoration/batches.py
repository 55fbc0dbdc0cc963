"""Endless batches of clean images with what a model is told of them, degraded anew at every step."""

import tensorflow as tf

# Beside the draws of the order: no step has the same seed for both.
_ORDER, _DEGRADE = 0, 1


def degraded_batches(x, degradation, batch_size, seed, start_step=0):
    """Batches `((x, condition),)` without end; step k is a pure function of the seed and k.

    Args:
        x: array `(n, height, width, channels)`, uint8 or float32 in 0..1.
        degradation: as in `degradations`.
        batch_size: int.
        seed: int.
        start_step: int. Number of the first step.

    Returns:
        `tf.data.Dataset`.
    """
    images, n = tf.constant(x), len(x)

    def one_batch(step):
        at = step * batch_size + tf.range(batch_size, dtype=tf.int64)
        passes, places = at // n, at % n
        # Every pass over the images has an order of its own.
        seeds = tf.stack([tf.fill(tf.shape(at), tf.constant(seed, tf.int64)), passes, tf.zeros_like(at) + _ORDER], 1)
        rows = tf.raw_ops.RandomIndexShuffle(index=places, seed=seeds, max_index=tf.constant(n - 1, tf.int64))
        clean = unit_floats(tf.gather(images, rows))
        key = tf.random.experimental.stateless_fold_in(tf.constant([seed, _DEGRADE], tf.int64), step)
        return ((clean, degradation(clean, key)),)

    steps = tf.data.Dataset.range(start_step, tf.int64.max)
    made = steps.map(one_batch, num_parallel_calls=1, deterministic=True)
    return made.apply(tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)).prefetch(2)


def unit_floats(x):
    """Values of images as float32 in 0..1, uint8 divided by 255."""
    x = tf.convert_to_tensor(x)
    return tf.cast(x, tf.float32) / 255.0 if x.dtype == tf.uint8 else x


def degraded(x, degradation, seed):
    """Clean images as float32 and what a model is told of them, NumPy arrays: always the same for a seed."""
    clean = unit_floats(x)
    return clean.numpy(), degradation(clean, tf.constant([seed, 2], tf.int64)).numpy()
