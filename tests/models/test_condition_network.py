"""The network between the condition that users pass and what encoder and decoder are told; labels first of all."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import conditional_vae, slow_after, small_vae

from keras_vae.layers.class_labels import ClassLabels
from keras_vae.models.autoencoder import Autoencoder
from keras_vae.models.make_vae import make_vae
from keras_vae.models.vae import VAE
from keras_vae.models.vae_gan import VAEGAN
from keras_vae.serving.export import export_saved_model
from keras_vae.serving.saved_model import load_saved_model

NETWORKS = ("dense", "conv")


def labelled(n=24, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 2, (n, 8, 8, 1)).astype("float32"), rng.integers(0, 3, n)


def with_network(network, **kwargs):
    """The small conditional VAE, told 3 numbers, behind a network of its condition."""
    parts = conditional_vae((3,))
    return VAE(parts.encoder, parts.decoder, likelihood="gaussian_fixed", condition_network=network, seed=0, **kwargs)


def dense_network(n_in=5, n_out=3):
    condition = keras.Input((n_in,), name="condition")
    return keras.Model(condition, keras.layers.Dense(n_out, name="told")(condition))


def test_labels_are_one_hot_vectors_to_encoder_and_decoder(rng):
    labels = keras.Input((), name="label")
    model, plain = with_network(keras.Model(labels, ClassLabels(3)(labels))), conditional_vae((3,))
    x, y = rng.normal(size=(9, 6)).astype("float32"), np.arange(9) % 3
    one_hot = np.eye(3, dtype="float32")[y]
    assert model.condition_shape == ()
    for verb in ("encode", "reconstruct", "elbo", "log_prob"):
        found, expected = (getattr(m, verb)(x, condition=c) for m, c in ((model, y), (plain, one_hot)))
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(
        model.sample(4, seed=1, condition=2), plain.sample(4, seed=1, condition=one_hot[2]), rtol=1e-5, atol=1e-6
    )
    np.testing.assert_allclose(
        model.interpolate(x[0], x[1], condition=1),
        plain.interpolate(x[0], x[1], condition=one_hot[1]),
        rtol=1e-4,
        atol=1e-5,
    )
    np.testing.assert_allclose(
        model.predict((x, y), verbose=0), plain.predict((x, one_hot), verbose=0), rtol=1e-5, atol=1e-6
    )


def test_the_network_is_trained_with_the_model(rng):
    model = with_network(dense_network())
    x, c = rng.normal(size=(16, 6)).astype("float32"), rng.normal(size=(16, 5)).astype("float32")
    before = model.condition_network.get_weights()
    model.compile("sgd")
    model.train_on_batch((x, c))
    moved = [np.any(a != b) for a, b in zip(before, model.condition_network.get_weights(), strict=True)]
    assert moved == [True, True]


def test_the_gradient_reaches_the_network_as_if_it_were_a_part_of_the_others(rng):
    x, c = rng.normal(size=(16, 6)).astype("float32"), rng.normal(size=(16, 5)).astype("float32")
    inside, outside = dense_network(), dense_network()
    outside.set_weights(inside.get_weights())
    model, parts = with_network(inside), conditional_vae((3,))
    end = keras.Input((5,), name="condition")
    whole = VAE(
        keras.Model([parts.encoder.input[0], end], parts.encoder([parts.encoder.input[0], outside(end)])),
        keras.Model([parts.decoder.input[0], end], parts.decoder([parts.decoder.input[0], outside(end)])),
        likelihood="gaussian_fixed",
        seed=0,
    )
    for one in (model, whole):
        one.compile(keras.optimizers.SGD(0.1))
        one.train_on_batch((x, c))
    for a, b in zip(inside.get_weights(), outside.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_the_network_runs_in_training_mode_in_training_alone(rng):
    condition = keras.Input((3,), name="condition")
    network = keras.Model(condition, keras.layers.BatchNormalization(name="norm")(condition))
    model = with_network(network)
    x, c = rng.normal(size=(32, 6)).astype("float32"), rng.normal(5.0, size=(32, 3)).astype("float32")
    model.compile("sgd")
    norm = model.condition_network.get_layer("norm")
    model.evaluate((x, c), verbose=0)
    np.testing.assert_array_equal(norm.moving_mean, np.zeros(3))
    model.train_on_batch((x, c))
    assert (np.abs(norm.moving_mean.numpy()) > 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("network", slow_after(1, NETWORKS))
def test_a_model_of_classes_is_saved_and_goes_on(network, tmp_path):
    x, y = labelled()
    model = make_vae((8, 8, 1), latent_dim=3, network=network, hidden_units=(8,), n_classes=3, seed=0)
    model.compile("adam")
    model.fit((x, y), epochs=1, verbose=0)
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(loaded.elbo((x, y)), model.elbo((x, y)))
    for one in (model, loaded):
        one.fit((x, y), epochs=1, verbose=0, shuffle=False)
    np.testing.assert_array_equal(loaded.decoder.get_weights()[0], model.decoder.get_weights()[0])


@pytest.mark.slow
def test_classes_are_learned():
    # All that x holds is its class.
    pictures = np.random.default_rng(0).integers(0, 2, (3, 8, 8, 1)).astype("float32")
    y = np.arange(192) % 3
    model = make_vae((8, 8, 1), latent_dim=2, hidden_units=(32,), n_classes=3, seed=0)
    model.compile(keras.optimizers.Adam(0.01))
    model.fit((pictures[y], y), epochs=120, verbose=0)
    labels = np.repeat(np.arange(3), 4)
    np.testing.assert_allclose(model.sample(12, seed=0, condition=labels), pictures[labels], atol=0.2)


SHAPES = [pytest.param((5,), id="vector"), pytest.param((8, 8, 3), id="image"), pytest.param((4, 6), id="matrix")]


@pytest.mark.slow
@pytest.mark.parametrize("shape", slow_after(2, SHAPES))
def test_conditions_of_any_shape(shape):
    x, _ = labelled()
    c = np.random.default_rng(1).normal(size=(24, *shape))
    model = make_vae((8, 8, 1), latent_dim=2, hidden_units=(8,), condition_shape=shape, prior="conditional", seed=0)
    model.compile("adam")
    assert np.isfinite(model.fit((x, c), epochs=1, verbose=0).history["loss"]).all()
    assert model.condition_shape == shape
    assert model.sample(3, condition=c[0]).shape == (3, 8, 8, 1)


@pytest.mark.slow
def test_tables_and_sequences_are_told_a_class():
    for event_shape, network in (((4,), "dense"), ((6, 2), "recurrent"), ((6,), "skip")):
        model = make_vae(event_shape, 2, network, (8,), likelihood="gaussian_fixed", n_classes=3, seed=0)
        # Steps one by one: a graph of each takes seconds to make, and is the subject of other tests.
        model.compile("adam", run_eagerly=True)
        x = np.random.default_rng(0).normal(size=(12, *event_shape)).astype("float32")
        model.fit((x, np.arange(12) % 3), epochs=1, verbose=0)
        assert model.sample(2, condition=[0, 2]).shape == (2, *event_shape)


@pytest.mark.slow
@pytest.mark.parametrize("prior", slow_after(1, ["conditional", None]))
def test_a_saved_model_takes_the_class_as_one_more_input(prior, tmp_path):
    x, y = labelled()
    model = make_vae((8, 8, 1), latent_dim=3, hidden_units=(8,), n_classes=3, prior=prior, seed=0)
    served = load_saved_model(export_saved_model(model, tmp_path / "m"))
    np.testing.assert_allclose(
        served.reconstruct(x, condition=y), model.reconstruct(x, condition=y), rtol=1e-5, atol=1e-6
    )
    np.testing.assert_allclose(served.encode(x, condition=y)[0], model.encode(x, condition=y)[0], rtol=1e-5, atol=1e-6)
    z = np.zeros((3, 3), "float32")
    np.testing.assert_allclose(
        served.decode(z, condition=[0, 1, 2]), model.decode(z, condition=[0, 1, 2]), rtol=1e-5, atol=1e-6
    )
    assert served.sample(4, seed=0, condition=1).shape == (4, 8, 8, 1)
    # A class that does not exist has no answer: neither that of another class, nor that of none.
    answer = served.reconstruct(x[:3], condition=[0, 7, 1])
    assert np.isnan(answer).reshape(3, -1).all(axis=-1).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda m, x, y: m.fit((x, y + 1), verbose=0),
            r"`condition` must hold class labels, whole numbers from 0 to 2",
        ),
        (lambda m, x, y: m.encode(x, condition=y - 1), r"`condition` must hold class labels"),
        (lambda m, x, y: m.sample(2, condition=3), r"`condition` must hold class labels.*condition\[0\]=3"),
        (lambda m, x, y: m.decode(np.zeros((2, 3)), condition=[0, 0.5]), r"`condition` must hold .*condition\[1\]=0.5"),
        (lambda m, x, y: m.evaluate((x, y + 1), verbose=0), r"`condition` must hold class labels"),
        (lambda m, x, y: m.predict((x, y + 1), verbose=0), r"`condition` must hold class labels"),
        (lambda m, x, y: m.fit((x, np.eye(3)[y])), r"`condition` must have the shape \(batch\)"),
        (lambda m, x, y: m.fit((x, y[:3])), "`condition` must have a row for each of 24 examples"),
        (
            lambda m, x, y: m.fit(tf.data.Dataset.from_tensor_slices(((x, np.where(y == y[20], 9, y)),)).batch(8)),
            r"of the stream: `condition` must hold class labels",
        ),
    ],
)
def test_a_label_outside_its_range_is_refused(call, message):
    model = make_vae((8, 8, 1), latent_dim=3, hidden_units=(8,), n_classes=3, seed=0)
    model.compile("adam")
    with pytest.raises(ValueError, match=message):
        call(model, *labelled())


def test_a_label_among_several_conditions_is_checked_by_name(rng):
    label, vector = keras.Input((), name="label"), keras.Input((2,), name="vector")
    told = keras.layers.Concatenate()([ClassLabels(3)(label), vector])
    parts = conditional_vae((5,))
    network = keras.Model({"label": label, "vector": vector}, told)
    model = VAE(parts.encoder, parts.decoder, likelihood="gaussian_fixed", condition_network=network, seed=0)
    x, v = rng.normal(size=(4, 6)), rng.normal(size=(4, 2))
    assert model.encode(x, condition={"label": [0, 1, 2, 0], "vector": v})[0].shape == (4, 2)
    with pytest.raises(ValueError, match=r"`condition\['label'\]` must hold class labels"):
        model.encode(x, condition={"label": [0, 1, 3, 0], "vector": v})


def test_an_autoencoder_has_a_condition_network(rng):
    parts = conditional_vae((3,))
    encoder = keras.Model(parts.encoder.input, parts.encoder.output[0])
    model = Autoencoder(encoder, parts.decoder, condition_network=dense_network())
    x, c = rng.normal(size=(8, 6)).astype("float32"), rng.normal(size=(8, 5)).astype("float32")
    model.compile("adam")
    model.fit((x, c), epochs=1, verbose=0)
    assert model.reconstruct(x, condition=c).shape == (8, 6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: with_network("net"), "`condition_network` must be a Keras model with known inputs"),
        (lambda: with_network(keras.layers.Dense(3)), "`condition_network` must be a Keras model with known inputs"),
        (
            lambda: with_network(dense_network(5, 4)),
            r"`condition_network` must put out what .* \(3,\) .*Received: \(4,\)",
        ),
        (lambda: make_vae((4,), n_classes=3, condition_shape=(2,)), "`n_classes`, for labels, or `condition_shape`"),
        (lambda: make_vae((4,), prior="conditional"), "`prior` must not be 'conditional' without a condition"),
        (lambda: make_vae((4,), prior="vamp", n_classes=3), "`prior` must be one of"),
        (lambda: make_vae((4,), n_classes=1), "`n_classes`"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_model_without_a_condition_has_no_network():
    assert small_vae().condition_network is None


def test_a_vae_gan_trains_the_network_of_its_condition(rng):
    parts, data = conditional_vae((3,)), keras.Input((6,))
    hidden = keras.layers.Dense(4)(data)
    discriminator = keras.Model(data, [hidden, keras.layers.Dense(1)(hidden)])
    model = VAEGAN(
        parts.encoder, parts.decoder, discriminator, "gaussian_fixed", condition_network=dense_network(), seed=0
    )
    x, c = rng.normal(size=(16, 6)).astype("float32"), rng.normal(size=(16, 5)).astype("float32")
    before = model.condition_network.get_weights()
    model.compile("sgd")
    model.train_on_batch((x, c))
    assert all(np.any(a != b) for a, b in zip(before, model.condition_network.get_weights(), strict=True))
