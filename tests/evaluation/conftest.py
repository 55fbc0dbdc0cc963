"""A linear model whose exact likelihood is known: probabilistic PCA with the weights of its decoder."""

import keras
import numpy as np
import pytest
from helpers import dense_weights, small_vae
from scipy.stats import multivariate_normal

from keras_vae.models.vae import VAE


def _wide(model, heads=("z_mean", "z_log_var"), z_log_var=0.7):
    for name, bias in zip(heads, (0.0, z_log_var), strict=True):
        for layer in model.encoder.layers:
            if layer.name.startswith(name) and layer.weights:
                layer.set_weights([0.0 * layer.kernel.numpy(), np.full(layer.bias.shape, bias)])
    return model


@pytest.fixture
def wide():
    """Function that gives a model an encoder which says the same of every x and covers every posterior."""
    return _wide


@pytest.fixture
def vae():
    return _wide(small_vae())


@pytest.fixture
def x(vae):
    """Draws of the model itself."""
    mean = vae.sample(40, seed=1)
    return mean + np.random.default_rng(2).normal(size=mean.shape).astype("float32")


@pytest.fixture
def exact(vae, x):
    """log p(x) of every row."""
    kernel, bias = dense_weights(vae.decoder, "x_params")
    return multivariate_normal.logpdf(x, bias, kernel.T @ kernel + np.eye(6))


@pytest.fixture
def mask():
    """Other elements hidden in every example."""
    return (np.random.default_rng(4).random((40, 6)) > 0.3).astype("float32")


@pytest.fixture
def exact_of_seen(vae, x, mask):
    """log p of the elements of every row that the mask leaves."""
    kernel, bias = dense_weights(vae.decoder, "x_params")
    covariance = kernel.T @ kernel + np.eye(6)
    return np.array(
        [
            multivariate_normal.logpdf(row[seen], bias[seen], covariance[np.ix_(seen, seen)])
            for row, seen in zip(x, mask > 0, strict=True)
        ]
    )


class OnlyKL:
    """A prior known by its KL alone."""

    def kl(self, z_mean, z_log_var):
        return (z_mean**2 + z_log_var**2)[:, 0]


@pytest.fixture
def only_kl():
    return OnlyKL()


@pytest.fixture
def conditional_vae():
    """`(model, x, condition)`: a linear VAE whose encoder and decoder are told one of three classes, and its rows."""
    x, z, label = keras.Input((6,)), keras.Input((2,)), keras.Input((3,))
    rng = np.random.default_rng(3)
    shift = keras.layers.Dense(6, use_bias=False, name="shift")
    centred = keras.layers.Subtract()([x, shift(label)])
    constant = keras.layers.Dense(2, kernel_initializer="zeros", bias_initializer=keras.initializers.Constant(-1.0))
    encoder = keras.Model([x, label], [keras.layers.Dense(2, name="z_mean")(centred), constant(centred)])
    decoder = keras.Model([z, label], keras.layers.Add()([keras.layers.Dense(6, name="x_params")(z), shift(label)]))
    weights, shifts = rng.normal(size=(2, 6)), 3.0 * rng.normal(size=(3, 6))
    shift.set_weights([shifts])
    decoder.get_layer("x_params").set_weights([weights, np.zeros(6)])
    inverse = weights.T @ np.linalg.inv(weights @ weights.T + np.eye(2))
    encoder.get_layer("z_mean").set_weights([inverse, np.zeros(2)])
    condition = np.eye(3, dtype="float32")[np.arange(60) % 3]
    rows = rng.normal(size=(60, 2)) @ weights + condition @ shifts + rng.normal(size=(60, 6))
    return VAE(encoder, decoder, likelihood="gaussian_fixed", seed=0), rows.astype("float32"), condition
