import keras
import numpy as np
import pytest
from helpers import linear_decoder, linear_encoder

from keras_vae.models.vae import VAE


@pytest.fixture
def vae():
    model = VAE(linear_encoder(), linear_decoder(), likelihood="gaussian_fixed", seed=0)
    model.compile("sgd", run_eagerly=True)
    return model


@pytest.fixture
def x(rng):
    return rng.normal(size=(8, 6)).astype("float32")


@pytest.fixture
def conditional_vae():
    """`(model, x, condition)`: a VAE whose encoder and decoder are told one of three classes, and rows for it."""
    x, z, label = keras.Input((6,)), keras.Input((2,)), keras.Input((3,))
    h = keras.layers.Concatenate()([x, label])
    encoder = keras.Model([x, label], [keras.layers.Dense(2)(h), keras.layers.Dense(2)(h)])
    decoder = keras.Model([z, label], keras.layers.Dense(6)(keras.layers.Concatenate()([z, label])))
    model = VAE(encoder, decoder, likelihood="gaussian_fixed", seed=0)
    model.compile("adam", steps_per_execution=1)
    rows = np.random.default_rng(1).normal(size=(12, 6)).astype("float32")
    return model, rows, np.eye(3, dtype="float32")[np.arange(12) % 3]
