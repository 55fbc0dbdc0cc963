"""What the tests of several folders share."""

import keras
import numpy as np
import pytest
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


def slow_after(n, cases):
    """Cases of a parametrization, of which the first `n` stand for the others: those are slow tests.

    Args:
        n: int. Cases of the default run.
        cases: list of `pytest.param`, of tuples with the values of several arguments, or of values.
    """
    others = [
        case if hasattr(case, "marks") else pytest.param(*(case if isinstance(case, tuple) else (case,)))
        for case in cases[n:]
    ]
    return [*cases[:n], *(pytest.param(*c.values, id=c.id, marks=[*c.marks, pytest.mark.slow]) for c in others)]


def all_but_copies(row, n):
    """`n` rows that differ from one by a millionth: the scores of a row, each with noise of its own.

    Equal rows have equal noise, as a row has one score.

    Args:
        row: array `(1, ...)`.
        n: int.
    """
    return (row + 1e-6 * np.random.default_rng(0).normal(size=(n, *np.shape(row)[1:]))).astype("float32")


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


def prepared(model, x, target=None, **parts):
    """The `Batch` of these arrays as the hooks of a model take it; parts are mask, weight and condition."""
    from keras_vae.training.batch import Batch

    tensor = lambda value: tf.nest.map_structure(tf.convert_to_tensor, value)  # noqa: E731
    given = {"x": x, "target": target, **parts}
    return model.prepare(Batch(**{name: tensor(value) for name, value in given.items() if value is not None}))


def terms_of(model, x, target=None, training=False, **parts):
    """`model.terms` of these arrays, eagerly."""
    return model.terms(prepared(model, x, target, **parts), training=training)


def elbo_terms_of(model, x, target=None, z="sample", **parts):
    """`model.elbo_terms` of these arrays, eagerly."""
    return model.elbo_terms(prepared(model, x, target, **parts), z=z)


def infer_of(model, x):
    """`model.infer` of these rows, eagerly."""
    return model.infer(prepared(model, x))


def conditional_vae(condition_shape=(3,), event_shape=(6,), latent_dim=2, **kwargs):
    """A VAE of two dense layers whose encoder takes `[x, condition]` and decoder `[z, condition]`.

    A dict of shapes makes a condition of several; a part of shape () is a label 0 to 3 that is embedded.
    """
    from keras_vae.models.vae import VAE

    def told(tensor, condition):
        parts = condition.values() if isinstance(condition, dict) else [condition]
        embedded = [p if len(p.shape) > 1 else keras.layers.Embedding(4, 2)(p) for p in parts]
        return keras.layers.Concatenate()([tensor, *embedded])

    def inputs():
        if not isinstance(condition_shape, dict):
            return keras.Input(condition_shape, name="condition")
        return {n: keras.Input(s, name=n, dtype="float32" if s else "int32") for n, s in condition_shape.items()}

    def dense(units, tensor, name, seed):
        return keras.layers.Dense(units, kernel_initializer=keras.initializers.GlorotUniform(seed), name=name)(tensor)

    x, c = keras.Input(event_shape, name="x"), inputs()
    heads = [dense(latent_dim, told(x, c), name, seed) for seed, name in enumerate(("z_mean", "z_log_var"))]
    z, d = keras.Input((latent_dim,), name="z"), inputs()
    decoder = keras.Model([z, d], dense(event_shape[0], told(z, d), "x_params", 2), name="decoder")
    encoder = keras.Model([x, c], heads, name="encoder")
    return VAE(encoder, decoder, **{"likelihood": "gaussian_fixed", "seed": 0, **kwargs})
