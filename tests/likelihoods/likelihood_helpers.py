"""What the tests of the likelihoods share."""

import numpy as np
import tensorflow as tf


def assert_mean_close(samples, expected, resolution, n_sigma=5.0):
    """Within five standard errors (about 6 false alarms in 10 million); these must be below `resolution`."""
    samples = np.asarray(samples, dtype="float64")
    bound = n_sigma * samples.std(axis=0, ddof=1) / np.sqrt(len(samples))
    assert np.all(bound < resolution), f"draw more samples: {bound} >= {resolution}"
    assert np.all(np.abs(samples.mean(axis=0) - expected) < bound)


def value_and_gradient(function, x):
    x = tf.convert_to_tensor(x, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = function(x)
    return value.numpy(), tape.gradient(value, x).numpy()


def tile(row, n):
    return np.repeat(np.asarray(row, dtype="float32")[np.newaxis], n, axis=0)
