"""A model that knows how its data are scaled: raw units in, raw units out, also after it was saved."""

import keras
import numpy as np
import pytest
from helpers import linear_decoder, linear_encoder, small_vae, terms_of

from keras_vae.layers.standardize import Standardize
from keras_vae.models.autoencoder import Autoencoder
from keras_vae.models.make_vae import make_vae

LOCATION, SCALE = np.array([0, 100, -3, 1e4, 0.5, 0]), np.array([1, 30, 0.01, 2e3, 5, 1e-3])


@pytest.fixture
def raw(rng):
    """Six columns on wild scales."""
    return (rng.normal(size=(64, 6)) * SCALE + LOCATION).astype("float32")


@pytest.fixture
def scaler(raw):
    layer = Standardize("columns")
    layer.adapt(raw)
    return layer


def standard(scaler, raw):
    return scaler(raw).numpy()


def test_the_verbs_take_and_give_the_units_of_the_data(raw, scaler):
    model, inner = small_vae(preprocessing=scaler), small_vae()
    x = standard(scaler, raw)
    for ours, theirs in zip(model.encode(raw), inner.encode(x), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
    back = lambda rows: rows * scaler.scale.numpy() + scaler.location.numpy()  # noqa: E731
    np.testing.assert_allclose(model.reconstruct(raw), back(inner.reconstruct(x)), rtol=1e-4)
    np.testing.assert_allclose(model.predict(raw, verbose=0), model.reconstruct(raw), rtol=1e-5)
    np.testing.assert_allclose(model.sample(5, seed=1), back(inner.sample(5, seed=1)), rtol=1e-4)
    np.testing.assert_allclose(model.decode(np.ones((2, 2))), back(inner.decode(np.ones((2, 2)))), rtol=1e-4)
    # Nats are those of the standardised values.
    np.testing.assert_allclose(model.elbo(raw), inner.elbo(x), rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(model.log_prob(raw), inner.log_prob(x), rtol=1e-4, atol=1e-3)
    terms, expected = terms_of(model, raw), terms_of(inner, x)
    for name, values in expected.items():
        np.testing.assert_allclose(terms[name], values, rtol=1e-3, atol=1e-3, err_msg=name)


@pytest.mark.slow
def test_training_on_raw_rows_is_training_on_standardised_ones(raw, scaler):
    losses = []
    for model, x in ((small_vae(preprocessing=scaler), raw), (small_vae(), standard(scaler, raw))):
        model.compile(keras.optimizers.SGD(0.01))
        losses.append(model.fit(x, epochs=3, shuffle=False, verbose=0, validation_data=x).history["val_loss"])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)


def test_what_was_learned_is_saved_with_the_model_and_never_trained(raw, scaler, tmp_path):
    model = make_vae((6,), 2, hidden_units=(8,), likelihood="gaussian", seed=0, preprocessing=scaler)
    before = [w.numpy().copy() for w in scaler.weights]
    model.compile("adam")
    model.fit(raw, epochs=2, verbose=0)
    for weight, old in zip(scaler.weights, before, strict=True):
        np.testing.assert_array_equal(weight, old)
    assert not any("location" in w.path or "scale" in w.path for w in model.trainable_weights)
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(loaded.reconstruct(raw), model.reconstruct(raw))
    np.testing.assert_array_equal(loaded.preprocessing.location, scaler.location)
    assert loaded.preprocessing.nats_of == "standardised values"


def test_targets_are_scaled_as_inputs_are(raw, scaler):
    model, inner = small_vae(preprocessing=scaler), small_vae()
    target = raw[::-1].copy()
    np.testing.assert_allclose(
        model.elbo(raw, y=target), inner.elbo(standard(scaler, raw), y=standard(scaler, target)), rtol=1e-4, atol=1e-3
    )


def test_values_are_judged_as_the_likelihood_sees_them():
    grey = np.random.default_rng(0).integers(0, 256, (8, 6)).astype("uint8")
    scaler = Standardize("all", nats_of="8-bit values divided by 255")
    scaler.assign(0.0, 255.0, (0.0, 255.0))
    model = small_vae("continuous_bernoulli", preprocessing=scaler)
    model.compile("adam")
    assert np.isfinite(model.fit(grey, verbose=0).history["loss"][0])
    assert 1.0 < model.reconstruct(grey).mean() < 255.0
    with pytest.raises(
        ValueError, match=r"does not fit the likelihood ContinuousBernoulli, whose values must be in \[0, 1\]"
    ):
        model.elbo(2.0 * grey.astype("float32"))


def test_an_autoencoder_has_it_too(raw, scaler):
    encoder = keras.Model((x := keras.Input((6,))), keras.layers.Dense(2)(x))
    model = Autoencoder(encoder, linear_decoder(), preprocessing=scaler)
    np.testing.assert_allclose(model.reconstruct(raw), model.predict(raw, verbose=0), rtol=1e-5)
    assert np.abs(model.reconstruct(raw).mean(axis=0) - LOCATION).max() < 3 * SCALE.max()


def test_a_layer_without_an_inverse_is_refused():
    with pytest.raises(ValueError, match="`preprocessing` must be a Keras layer with a method `inverse`"):
        small_vae(encoder=linear_encoder(), preprocessing=keras.layers.Rescaling(2.0))
