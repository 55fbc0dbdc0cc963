"""What the tests of several folders share."""

import keras
import numpy as np
import tensorflow as tf


def assert_mean_close(samples, expected, resolution, n_sigma=5.0):
    """The mean lies within five standard errors of `expected` (about 6 false alarms in 10 million).

    Args:
        samples: array `(n, ...)`; independent along the first axis.
        expected: number or array `(...)`.
        resolution: float. The error that the test must be able to see: the bound has to be smaller.
        n_sigma: float. Standard errors.
    """
    samples = np.asarray(samples, dtype="float64")
    bound = n_sigma * samples.std(axis=0, ddof=1) / np.sqrt(len(samples))
    assert np.all(bound < resolution), f"draw more samples: {bound} >= {resolution}"
    difference = np.abs(samples.mean(axis=0) - expected)
    assert np.all(difference < bound), f"mean is off by {difference}, bound {bound}"


def value_and_gradients(function, *inputs):
    """Value of a function of float32 tensors and its gradient with respect to each of them, as NumPy arrays."""
    inputs = [tf.convert_to_tensor(x, tf.float32) for x in inputs]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        value = function(*inputs)
    return value.numpy(), [g.numpy() for g in tape.gradient(value, inputs)]


def linear_encoder(event_shape=(6,), latent_dim=2, z_log_var=None, seed=0, **kwargs):
    """Encoder `x -> [z_mean, z_log_var]` of one dense layer each; `z_log_var` makes the second a constant."""
    x = keras.Input(event_shape)
    h = keras.layers.Flatten()(x) if len(event_shape) > 1 else x
    initializer = keras.initializers.GlorotUniform(seed=seed)
    heads = [keras.layers.Dense(latent_dim, kernel_initializer=initializer, name="z_mean", **kwargs)(h)]
    constant = keras.initializers.Constant(z_log_var or 0.0)
    kernel = initializer if z_log_var is None else "zeros"
    heads.append(
        keras.layers.Dense(
            latent_dim,
            kernel_initializer=kernel,
            bias_initializer=constant,
            trainable=z_log_var is None,
            name="z_log_var",
        )(h)
    )
    return keras.Model(x, heads, name="encoder")


def linear_decoder(params_shape=(6,), latent_dim=2, seed=1):
    """Decoder `z -> x_params` of one dense layer."""
    z = keras.Input((latent_dim,))
    h = keras.layers.Dense(
        int(np.prod(params_shape)), kernel_initializer=keras.initializers.GlorotUniform(seed=seed), name="x_params"
    )(z)
    h = keras.layers.Reshape(params_shape)(h) if len(params_shape) > 1 else h
    return keras.Model(z, h, name="decoder")


class UnbuiltEncoder(keras.Model):
    """A subclassed encoder that learns the shape of its data at the first call."""

    def __init__(self, latent_dim=2, **kwargs):
        super().__init__(**kwargs)
        self.latent_dim = latent_dim
        self.z_mean = keras.layers.Dense(latent_dim)
        self.z_log_var = keras.layers.Dense(latent_dim)

    def call(self, x):
        return self.z_mean(x), self.z_log_var(x)

    def get_config(self):
        return {**super().get_config(), "latent_dim": self.latent_dim}


# A log variance at which the posterior is a point to float32 (standard deviation 4e-18): losses without noise.
POINT = -80.0


def small_vae(likelihood="gaussian_fixed", event_shape=(6,), z_log_var=None, encoder=None, decoder=None, **kwargs):
    """A VAE of two dense layers, or with parts of one's own, with seed 0."""
    # Imported here: tests of the lower floors share this file.
    from keras_vae.models.vae import VAE

    encoder = linear_encoder(event_shape, z_log_var=z_log_var) if encoder is None else encoder
    decoder = linear_decoder(event_shape) if decoder is None else decoder
    return VAE(encoder, decoder, likelihood=likelihood, **{"seed": 0, **kwargs})


def dense_weights(model, name):
    """Kernel and bias of the dense layer of that name as float64 arrays."""
    return [w.numpy().astype("float64") for w in model.get_layer(name).weights]


def squared_error_nats(x, mean):
    """-log N(x; mean, I) of every row, summed over the elements, nats, in float64."""
    difference = np.asarray(x, "float64") - mean
    return 0.5 * np.sum(difference**2 + np.log(2.0 * np.pi), axis=tuple(range(1, difference.ndim)))
