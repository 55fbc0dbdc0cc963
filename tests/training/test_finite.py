"""A loss that is not finite stops a training at once, and the message says what is likely to have caused it."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import linear_decoder, linear_encoder, small_vae

from keras_vae.layers.standardize import Standardize
from keras_vae.models.vae import VAE
from keras_vae.training.finite import in_words


@pytest.fixture
def x(rng):
    return (rng.random((32, 6)) > 0.5).astype("float32")


def weights_are_finite(model):
    return all(np.isfinite(weight).all() for weight in model.get_weights())


@pytest.mark.parametrize("run_eagerly", [False, True])
@pytest.mark.parametrize("optimizer", [keras.optimizers.SGD, keras.optimizers.Adam])
def test_a_loss_that_explodes_stops_the_training_and_the_step_is_not_made(x, optimizer, run_eagerly):
    vae = small_vae(likelihood="bernoulli")
    vae.compile(optimizer(1e30), run_eagerly=run_eagerly)
    seen = []
    watch = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    with pytest.raises(ValueError, match=r"not finite at step \d; that step was not made.*learning rate of 1e\+30"):
        vae.fit(x, epochs=5, batch_size=4, verbose=0, callbacks=[watch])
    assert weights_are_finite(vae)
    assert seen == []


def test_under_xla_the_training_stops_at_the_end_of_the_epoch_before_anything_is_saved(x, tmp_path):
    vae = small_vae(likelihood="bernoulli")
    vae.compile(keras.optimizers.SGD(1e30), jit_compile=True)
    checkpoint = keras.callbacks.ModelCheckpoint(tmp_path / "model.keras")
    with pytest.raises(ValueError, match=r"the loss is (nan|inf) in epoch 1"):
        vae.fit(x, epochs=3, batch_size=4, verbose=0, callbacks=[checkpoint])
    assert not list(tmp_path.iterdir())


@tf.custom_gradient
def broken_gradient(z):
    return tf.identity(z), lambda upstream: upstream * np.nan


def test_a_gradient_that_is_not_finite_stops_the_training_although_the_loss_is(x):
    class Broken(VAE):
        def posterior(self, batch, training=False):
            z_mean, z_log_var = super().posterior(batch, training)
            return broken_gradient(z_mean), z_log_var

    vae = Broken(linear_encoder(), linear_decoder(), seed=0)
    vae.compile("sgd")
    with pytest.raises(ValueError, match="the loss or its gradient is not finite at step 1"):
        vae.fit(x, verbose=0)
    assert weights_are_finite(vae)
    assert int(vae.optimizer.iterations.numpy()) == 0


def huge_model(**kwargs):
    """A model whose loss is infinite for large values: their square is no float32 number."""
    model = VAE(linear_encoder(), linear_decoder(), likelihood="gaussian_fixed", seed=0, **kwargs)
    model.compile("sgd")
    return model


@pytest.mark.filterwarnings("ignore:The encoder gets the values")
@pytest.mark.parametrize("as_stream", [False, True])
def test_the_largest_value_that_the_encoder_sees_is_named(x, as_stream):
    x[7, 3] = 1e25
    data = tf.data.Dataset.from_tensor_slices(x).batch(8) if as_stream else x
    with pytest.raises(
        ValueError, match=r"Likely cause: the encoder sees numbers as large as 1e\+25 \(row 7, column 3\)"
    ):
        huge_model().fit(data, verbose=0)


@pytest.mark.filterwarnings("ignore:Columns .* vary")
def test_a_standardised_value_is_named_with_what_it_was(x):
    layer = Standardize()
    layer.assign(np.zeros(6), np.full(6, 1e-15), (0.0, 1.0))
    x[7, 3] = 5e10
    match = r"as large as 5e\+25 \(row 7, column 3, made of 5e\+10\)"
    with pytest.raises(ValueError, match=match):
        huge_model(preprocessing=layer).fit(x, verbose=0)


def test_other_errors_of_tensorflow_stay_as_they_are(x):
    class Failing(VAE):
        def posterior(self, batch, training=False):
            with tf.control_dependencies([tf.debugging.Assert(False, ["something else"])]):
                return super().posterior(batch, training)

    vae = Failing(linear_encoder(), linear_decoder(), seed=0)
    vae.compile("sgd")
    with pytest.raises(tf.errors.InvalidArgumentError, match="something else"):
        vae.fit(x, verbose=0)


def test_an_evaluation_that_is_not_finite_is_warned_about(x):
    x[2, 1] = 1e25
    with pytest.warns(UserWarning, match=r"The loss of the data is inf.*column 1"):
        assert np.isinf(huge_model().evaluate(x, verbose=0)[0])


def test_a_mean_over_no_example_is_refused(x):
    stream = tf.data.Dataset.from_tensor_slices((x, x, np.r_[1.0, np.zeros(31)].astype("float32"))).batch(8)
    vae = small_vae()
    vae.compile("sgd")
    with pytest.raises(ValueError, match=r"at least one example with a weight > 0\. Received: none"):
        vae.evaluate(stream.skip(1), verbose=0)


def test_a_scaled_loss_may_overflow_in_half_precision(x, mixed_float16):
    vae = small_vae()
    vae.compile(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.01), initial_scale=2.0**40))
    vae.fit(x, verbose=0)
    assert weights_are_finite(vae)


def test_a_list_of_callbacks_of_keras_is_taken(x):
    vae = small_vae()
    vae.compile("sgd")
    callbacks = keras.callbacks.CallbackList([keras.callbacks.TerminateOnNaN()], add_history=True, model=vae, epochs=2)
    vae.fit(x, epochs=2, verbose=0, callbacks=callbacks)
    assert len(vae.history.history["loss"]) == 2


def test_a_place_in_words():
    assert in_words((3, 4)) == "row 3, column 4"
    assert in_words((3, 4, 5, 0)) == "row 3, element (4, 5, 0)"
