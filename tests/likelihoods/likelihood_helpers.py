"""What the tests of the likelihoods share."""

import numpy as np
import tensorflow as tf


def value_and_gradient(function, x):
    x = tf.convert_to_tensor(x, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = function(x)
    return value.numpy(), tape.gradient(value, x).numpy()


def tile(row, n):
    return np.repeat(np.asarray(row, dtype="float32")[np.newaxis], n, axis=0)
