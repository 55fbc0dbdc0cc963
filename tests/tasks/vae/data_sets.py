"""Small data sets of every kind."""

import numpy as np

from keras_vae.data.dataset import Dataset


def make(x, kind, x_test=None, **kwargs):
    """A `Dataset` of these arrays, without labels."""
    return Dataset("mine", x, x_test, None, None, event_shape=x.shape[1:], kind=kind, **kwargs)


def images(shape=(16, 16, 1), n=10, dtype="uint8"):
    """Random images, of 8 bits or in [0, 1]."""
    values = np.random.default_rng(0).integers(0, 256, (n, *shape)).astype(dtype)
    return make(values if dtype == "uint8" else values / np.float32(255), "image")


def table(n=50, **kwargs):
    """A table of three columns on different scales, the last of them constant."""
    x = np.random.default_rng(0).normal(size=(n, 3)) * [1, 10, 0] + [0, 5, 7]
    return make(x.astype("float32"), "table", **kwargs)
