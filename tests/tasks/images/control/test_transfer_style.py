"""Style of one image in the content of another, on a model in which both are known."""

import keras
import numpy as np
import pytest

import keras_vae as kv
from keras_vae.tasks.images import read_classes, transfer_style
from keras_vae.tasks.images.control.class_labels_of import checked_labels, n_classes_of

N_CLASSES = 3


@pytest.fixture(scope="module")
def known():
    """x = (class as three numbers, z as two, nothing): the encoder reads z off x, the decoder writes both."""
    vae = kv.make_vae((6,), 2, hidden_units=(4,), likelihood="gaussian_fixed", n_classes=N_CLASSES, preprocessing=None)
    x, told = keras.Input((6,)), keras.Input((N_CLASSES,))
    heads = [keras.layers.Dense(2, name=name)(x) for name in ("z_mean", "z_log_var")]
    encoder = keras.Model([x, told], heads)
    encoder.get_layer("z_mean").set_weights([np.eye(6)[:, 3:5], np.zeros(2)])
    encoder.get_layer("z_log_var").set_weights([np.zeros((6, 2)), np.full(2, -8.0)])
    z, told = keras.Input((2,)), keras.Input((N_CLASSES,))
    both = keras.layers.Concatenate()([told, z])
    decoder = keras.Model([z, told], keras.layers.Dense(6, name="x_params")(both))
    decoder.get_layer("x_params").set_weights([np.eye(6)[:5] * [3.0, 3.0, 3.0, 1.0, 1.0, 1.0], np.zeros(6)])
    return kv.VAE(encoder, decoder, "gaussian_fixed", condition_network=vae.condition_network, seed=0)


@pytest.fixture
def images(rng):
    labels = np.array([0, 2, 1, 1])
    z = rng.normal(size=(4, 2))
    x = np.concatenate([3.0 * np.eye(3)[labels], z, np.zeros((4, 1))], axis=1).astype("float32")
    return x, labels, z


def test_the_class_is_read_by_the_bound(known, images):
    x, labels, _ = images
    np.testing.assert_array_equal(read_classes(known, x), labels)


def test_content_and_style_come_from_where_they_should(known, images):
    x, labels, z = images
    out = transfer_style(known, x[::-1], x)
    np.testing.assert_allclose(out[:, :3], 3.0 * np.eye(3)[labels[::-1]], atol=1e-5)
    np.testing.assert_allclose(out[:, 3:5], z, atol=1e-5)


def test_labels_say_the_content_as_images_do(known, images):
    x, labels, _ = images
    np.testing.assert_array_equal(transfer_style(known, labels[::-1], x), transfer_style(known, x[::-1], x))
    np.testing.assert_array_equal(
        transfer_style(known, labels, x, style_labels=labels), transfer_style(known, labels.tolist(), x)
    )


def test_one_style_and_one_content_go_with_many(known, images):
    x, _, z = images
    for one in (x[1], x[1:2]):
        out = transfer_style(known, [0, 1, 2], one)
        np.testing.assert_allclose(out[:, :3], 3.0 * np.eye(3), atol=1e-5)
        np.testing.assert_allclose(out[:, 3:5], np.tile(z[1], (3, 1)), atol=1e-5)
    for one in (2, [2], x[1]):
        out = transfer_style(known, one, x)
        np.testing.assert_allclose(out[:, :3], np.tile([0.0, 0.0, 3.0], (4, 1)), atol=1e-5)
        np.testing.assert_allclose(out[:, 3:5], z, atol=1e-5)
    assert transfer_style(known, 1, x[0]).shape == (1, 6)


def test_a_semi_supervised_model_is_asked_its_classifier(images):
    vae = kv.make_semi_supervised_vae(
        (6,), N_CLASSES, 2, hidden_units=(4,), likelihood="gaussian_fixed", preprocessing=None
    )
    classes = vae.classify(images[0]).argmax(axis=1)
    np.testing.assert_array_equal(read_classes(vae, images[0]), classes)
    assert transfer_style(vae, [0, 1, 2, 0], images[0]).shape == (4, 6)


def test_models_without_a_class_are_refused(images):
    plain = kv.make_vae((6,), 2, hidden_units=(4,), seed=0)
    with pytest.raises(ValueError, match=r"`model` must be told the class and nothing else.*a VAE.*condition None"):
        transfer_style(plain, [0], images[0][:1])
    vector = kv.make_vae((6,), 2, hidden_units=(4,), condition_shape=(3,), seed=0)
    with pytest.raises(ValueError, match=r"`model` must be told the class.*condition \(3,\)"):
        n_classes_of(vector)


@pytest.mark.parametrize(
    ("content", "style", "labels", "message"),
    [
        pytest.param([0, 3], 2, None, r"`content` must be class labels \(n,\).* 0 to 2.*values from 0 to 3", id="3"),
        pytest.param([0.5, 1], 2, None, "`content` must be class labels", id="half"),
        pytest.param([], 2, None, "`content` must be class labels.*none", id="none"),
        pytest.param([0, 1, 2], 2, None, "as many as each other, or one of them a single one.*3 and 2", id="numbers"),
        pytest.param([0, 1], 2, [0], "`style_labels` must be one label for each of 2 style images.*1", id="styles"),
        pytest.param([0, 1], 2, [0, 9], "`style_labels` must be class labels", id="style labels"),
    ],
)
def test_what_does_not_fit_is_refused(known, images, content, style, labels, message):
    with pytest.raises(ValueError, match=message):
        transfer_style(known, content, images[0][:style], style_labels=labels)


def test_images_of_another_shape_are_refused(known, images):
    with pytest.raises(ValueError, match=r"`x` must have the shape \(batch, 6\)"):
        transfer_style(known, [0], images[0][:1, :5])
    with pytest.raises(ValueError, match=r"`x` must have the shape \(batch, 6\)"):
        transfer_style(known, images[0][:, :5], images[0])


def test_labels_come_back_as_whole_numbers():
    labels = checked_labels("labels", np.array([1.0, 2.0], "float32"), 3)
    assert labels.dtype == np.int64
