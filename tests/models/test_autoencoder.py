import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import linear_decoder, squared_error_nats, terms_of

from keras_vae.models.autoencoder import Autoencoder
from keras_vae.models.latent_model import LatentModel
from keras_vae.models.make_vae import make_autoencoder


def plain_encoder(outputs=1):
    x = keras.Input((6,))
    heads = [keras.layers.Dense(2, name=f"z_{i}")(x) for i in range(outputs)]
    return keras.Model(x, heads[0] if outputs == 1 else heads)


@pytest.fixture
def autoencoder():
    return Autoencoder(plain_encoder(), linear_decoder())


@pytest.fixture
def x(rng):
    return rng.normal(size=(10, 6)).astype("float32")


def test_loss_is_half_the_squared_error_summed_over_elements_plus_a_constant(autoencoder, x):
    autoencoder.compile("sgd", run_eagerly=True)
    expected = squared_error_nats(x, autoencoder.predict(x, verbose=0)).mean()
    result = autoencoder.evaluate(x, verbose=0, return_dict=True)
    assert result == pytest.approx({"loss": expected, "reconstruction_loss": expected}, rel=1e-5)
    assert autoencoder.evaluate(x, batch_size=3, verbose=0) == pytest.approx([expected] * 2, rel=1e-5)


def test_fit_lowers_the_loss(autoencoder, x):
    autoencoder.compile(keras.optimizers.Adam(0.05))
    history = autoencoder.fit(x, epochs=30, verbose=0).history
    assert set(history) == {"loss", "reconstruction_loss"}
    assert history["loss"][-1] < history["loss"][0] - 0.5
    assert history["loss"] == history["reconstruction_loss"]


def test_a_noisy_input_is_mapped_to_its_clean_target(autoencoder, x):
    autoencoder.compile("sgd", run_eagerly=True)
    noisy = x + 1.0
    expected = squared_error_nats(x, autoencoder.predict(noisy, verbose=0)).mean()
    assert autoencoder.evaluate(noisy, x, verbose=0)[0] == pytest.approx(expected, rel=1e-5)


def test_the_verbs_fit_together(autoencoder, x):
    z = autoencoder.encode(x, batch_size=3)
    assert z.shape == (10, 2)
    kernel, bias = autoencoder.encoder.get_layer("z_0").get_weights()
    np.testing.assert_allclose(z, x @ kernel + bias, rtol=1e-5, atol=1e-6)
    for result in (autoencoder.reconstruct(x), autoencoder.predict(x, verbose=0), autoencoder(tf.constant(x))):
        np.testing.assert_allclose(result, autoencoder.decode(z), rtol=1e-5, atol=1e-6)
    line = autoencoder.interpolate(x[0], x[1], steps=3)
    np.testing.assert_allclose(line[[0, 2]], autoencoder.reconstruct(x[:2]), rtol=1e-5, atol=1e-6)


def test_it_neither_samples_nor_bounds(autoencoder):
    for verb in ("sample", "elbo", "log_prob", "prior", "beta"):
        assert not hasattr(autoencoder, verb)


def test_an_encoder_of_a_variational_model_is_refused():
    with pytest.raises(ValueError, match=r"`encoder` must put out 1 tensor\(s\), z,.* Received: 2 output\(s\)"):
        Autoencoder(plain_encoder(outputs=2), linear_decoder())


def test_a_second_loss_is_refused(autoencoder):
    with pytest.raises(ValueError, match="`loss` must not be passed to `compile`: a"):
        autoencoder.compile("adam", loss="mse")


@pytest.mark.parametrize("verb", ["encode", "reconstruct"])
def test_a_model_that_has_not_seen_its_data_says_so(verb, x):
    encoder = keras.Sequential([keras.layers.Dense(2)])
    with pytest.raises(ValueError, match=f"Autoencoder must be built before it can {verb}"):
        getattr(Autoencoder(encoder, keras.layers.Dense(6)), verb)(x)


def test_it_can_be_made_from_a_few_words(rng):
    model = make_autoencoder((5, 5, 1), latent_dim=3, network="conv", hidden_units=(4,), likelihood="bernoulli", seed=0)
    x = rng.integers(0, 2, size=(4, 5, 5, 1)).astype("float32")
    model.compile("adam", run_eagerly=True)
    assert np.isfinite(model.fit(x, verbose=0).history["loss"]).all()
    assert model.encode(x).shape == (4, 3)
    assert 0.0 < model.reconstruct(x).min() < model.reconstruct(x).max() < 1.0
    again = make_autoencoder((5, 5, 1), 3, "conv", (4,), "bernoulli", seed=0)
    fresh = make_autoencoder((5, 5, 1), 3, "conv", (4,), "bernoulli", seed=0)
    for a, b in zip(again.get_weights(), fresh.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_new_model_must_say_its_terms_and_its_code(x):
    class Nothing(LatentModel):
        encoder_outputs = ("z",)

    model = Nothing(plain_encoder(), linear_decoder(), "gaussian_fixed")
    model.build((None, 6))
    with pytest.raises(NotImplementedError, match=r"Nothing must implement `terms\(batch, training\)`"):
        terms_of(model, x)
    with pytest.raises(NotImplementedError, match=r"Nothing must implement `infer\(batch, training\)`"):
        model(x)
