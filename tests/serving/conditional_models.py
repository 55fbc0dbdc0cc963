"""Small models with a condition, and data for them."""

import keras
import numpy as np
import tensorflow as tf

from keras_vae.models.vae import VAE
from keras_vae.training.batch import Batch

N_CLASSES = 4


def conditional_vae(kind, **kwargs):
    """A VAE of `x (6,)` whose encoder and decoder are told a condition.

    Args:
        kind: "one" for a condition of one tensor `(3,)`, "dict" for the whole number `label ()` and `size (2,)`.
    """
    keras.utils.set_random_seed(3)
    x, condition = keras.Input((6,)), _inputs(kind)
    h = _hidden(x, condition)
    encoder = keras.Model([x, condition], [keras.layers.Dense(2)(h), keras.layers.Dense(2)(h)])
    z, condition = keras.Input((2,)), _inputs(kind)
    decoder = keras.Model([z, condition], keras.layers.Dense(6)(_hidden(z, condition)))
    return VAE(encoder, decoder, likelihood="gaussian_fixed", seed=0, **kwargs)


def conditions(kind, n=5):
    """Conditions of `n` rows."""
    rng = np.random.default_rng(n)
    if kind == "one":
        return rng.normal(size=(n, 3)).astype("float32")
    return {"label": rng.integers(0, N_CLASSES, n), "size": rng.normal(size=(n, 2)).astype("float32")}


def by_name(condition):
    """The condition as the inputs of a signature, in the type that they have."""
    condition = condition if isinstance(condition, dict) else {"condition": condition}
    return {name: np.asarray(value, "float32") for name, value in condition.items()}


def prepared(model, x, condition=None):
    """What the hooks of a model take: the `Batch` of these arrays."""
    tensors = None if condition is None else tf.nest.map_structure(tf.convert_to_tensor, condition)
    return model.prepare(Batch(tf.convert_to_tensor(np.asarray(x, "float32")), condition=tensors))


def _inputs(kind):
    if kind == "one":
        return keras.Input((3,))
    return {"label": keras.Input((), dtype="int32"), "size": keras.Input((2,))}


def _hidden(tensor, condition):
    if isinstance(condition, dict):
        label = keras.layers.Embedding(N_CLASSES, 3)(condition["label"])
        condition = keras.layers.Concatenate()([label, condition["size"]])
    return keras.layers.Dense(8, "tanh")(keras.layers.Concatenate()([tensor, condition]))
