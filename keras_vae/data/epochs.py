"""Epochs of a stream of batches: their numbers, the seeds and orders that follow, and where the data are kept."""

import concurrent.futures
from typing import Any

import numpy as np
import tensorflow as tf


def host_variable(value: Any) -> tf.Variable:
    """`value` as a plain variable in host memory.

    A captured tensor would be copied into the graph for every iterator: for 2.3 GB this takes 8 s instead of 0.01 s and
    twice the memory. Another thread is outside any `strategy.scope()`, where each device would get a copy.
    """

    def create():
        with tf.device("CPU:0"):
            return tf.Variable(value, trainable=False)

    with concurrent.futures.ThreadPoolExecutor(1) as outside:
        return outside.submit(create).result()


def epoch_numbers(start_epoch: int, shuffle: bool, repeat: bool) -> tf.data.Dataset:
    """Numbers of the epochs in one pass, int64: the next one in every pass, or all from `start_epoch` on with `repeat`.

    Without `shuffle` they are `start_epoch` each time.
    """
    if not shuffle:
        same = tf.data.Dataset.from_tensors(np.int64(start_epoch))
        return same.repeat() if repeat else same
    if repeat:
        return tf.data.Dataset.counter(start_epoch)
    begun = host_variable(np.int64(start_epoch))
    return tf.data.Dataset.range(1).map(lambda _: begun.assign_add(1) - 1)


def epoch_seeds(seed: int, epoch: tf.Tensor, place: tf.Tensor | int) -> tf.Tensor:
    """Pair of seeds for one place in one epoch; no two places share one."""
    return tf.stack([tf.constant(seed, tf.int64), tf.bitwise.left_shift(epoch, tf.constant(32, tf.int64)) + place])


def random_order(n: int, seeds: tf.Tensor) -> tf.Tensor:
    """Numbers 0 to n - 1 in random order, int64, the same for the same seeds on every machine."""
    keys = tf.random.stateless_uniform([n], seeds, minval=None, maxval=None, dtype=tf.int32, alg="philox")
    return tf.cast(tf.argsort(keys, stable=True), tf.int64)
