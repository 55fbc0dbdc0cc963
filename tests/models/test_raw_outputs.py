import warnings

import keras
import numpy as np
import pytest
from helpers import linear_decoder, linear_encoder, small_vae

from keras_vae.models.vae import VAE

layers = keras.layers
RAW = "`decoder` must put out raw numbers for the likelihood"


def decoder(activation=None, n=6, after=None):
    z = keras.Input((2,))
    x_params = layers.Dense(n, activation=activation)(z)
    return keras.Model(z, x_params if after is None else after(x_params))


class Subclassed(keras.Model):
    def __init__(self, activation=None):
        super().__init__()
        self.last = layers.Dense(6, activation=activation)

    def call(self, z):
        return self.last(z)


def nested(activation):
    z = keras.Input((2,))
    return keras.Model(z, layers.Reshape((6,))(decoder(activation)(z)))


SQUASHED = [
    *(pytest.param(lambda a=a: decoder(a), id=a) for a in ("sigmoid", "softmax", "tanh", "relu", "softplus", "elu")),
    pytest.param(lambda: decoder(keras.ops.sigmoid), id="function"),
    pytest.param(lambda: decoder(after=layers.Activation("sigmoid")), id="Activation"),
    pytest.param(lambda: decoder(after=layers.Softmax()), id="Softmax"),
    pytest.param(lambda: decoder(after=keras.ops.sigmoid), id="operation"),
    pytest.param(lambda: decoder("sigmoid", after=layers.Reshape((6,))), id="before a Reshape"),
    pytest.param(lambda: decoder("sigmoid", after=layers.Dropout(0.1)), id="before a Dropout"),
    pytest.param(lambda: keras.Sequential([layers.Dense(6, "sigmoid")]), id="Sequential without a shape"),
    pytest.param(lambda: nested("sigmoid"), id="nested"),
    pytest.param(lambda: Subclassed("sigmoid"), id="subclassed"),
    pytest.param(lambda: Subclassed("softmax"), id="subclassed softmax"),
]


@pytest.mark.parametrize("make", SQUASHED)
def test_a_decoder_that_ends_in_an_activation_is_refused(make):
    with pytest.raises(ValueError, match=RAW):
        VAE(linear_encoder(), make())


@pytest.mark.parametrize(
    ("likelihood", "n"),
    [("continuous_bernoulli", 6), ("gaussian", 12), ("discretized_logistic", 12), ("multinomial", 6)],
)
def test_every_likelihood_that_wants_raw_numbers_refuses_it(likelihood, n):
    with pytest.raises(ValueError, match=f"{RAW}.*activation=None.*'.*' that ends in sigmoid"):
        VAE(linear_encoder(), decoder("sigmoid", n), likelihood=likelihood)


RAW_ENOUGH = [
    pytest.param(lambda: decoder(), id="linear"),
    pytest.param(lambda: decoder("linear"), id="named linear"),
    pytest.param(lambda: decoder("leaky_relu"), id="leaky_relu"),
    pytest.param(lambda: decoder("log_softmax"), id="log_softmax"),
    pytest.param(lambda: decoder(after=lambda t: 2.0 * t), id="product"),
    pytest.param(lambda: decoder("sigmoid", 3, layers.Dense(6)), id="a Dense behind it"),
    pytest.param(lambda: decoder(after=layers.BatchNormalization()), id="BatchNormalization"),
    pytest.param(lambda: Subclassed(), id="subclassed"),
    pytest.param(lambda: keras.Sequential([layers.Dense(6, kernel_initializer="zeros")]), id="zeros"),
]


@pytest.mark.parametrize("make", RAW_ENOUGH)
def test_a_decoder_of_raw_numbers_is_taken(make):
    assert VAE(linear_encoder(), make()).built


@pytest.mark.parametrize("likelihood", ["gaussian_fixed", "gaussian_shared"])
def test_a_decoder_of_means_may_have_any_range(likelihood):
    assert VAE(linear_encoder(), decoder("sigmoid"), likelihood=likelihood).built


def encoder(activation):
    x = keras.Input((6,))
    return keras.Model(x, [layers.Dense(2)(x), layers.Dense(2, activation=activation)(x)])


@pytest.mark.parametrize("activation", ["softplus", "relu", "exponential", "sigmoid"])
def test_an_encoder_of_standard_deviations_is_warned_about(activation):
    with pytest.warns(UserWarning, match=f"second output of `encoder` ends in {activation}.*log variance"):
        VAE(encoder(activation), linear_decoder())


@pytest.mark.parametrize("activation", [None, "tanh", "leaky_relu"])
def test_an_encoder_of_log_variances_is_not(activation):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        VAE(encoder(activation), linear_decoder())


@pytest.mark.slow
def test_inputs_and_outputs_in_brackets_are_taken(tmp_path, rng):
    x, z = keras.Input((6,)), keras.Input((2,))
    model = VAE(
        keras.Model([x], [layers.Dense(2)(x), layers.Dense(2)(x)]), keras.Model([z], [layers.Dense(6)(z)]), seed=0
    )
    model.compile("sgd")
    data = (rng.random((8, 6)) > 0.5).astype("float32")
    small_vae().log_prob(rng.normal(size=(1, 6)))  # Loads TensorFlow Probability, whose import warns.
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Keras warns of a structure that it did not expect.
        model.fit(data, verbose=0)
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again.elbo(data), model.elbo(data))
