import keras
import numpy as np
import pytest

from keras_vae.tasks.images.generation.image_classifier import ImageClassifier, train_classifier


def bars(n, rng):
    """Images of a bright bar, upright (class 1) or lying (class 0), at a place of its own, and noise."""
    labels = rng.integers(2, size=n)
    images = 0.2 * rng.uniform(size=(n, 9, 8))
    for image, label, place in zip(images, labels, rng.integers(1, 7, size=n), strict=True):
        image[(slice(None), place) if label else (place, slice(None))] += 0.7
    return images.astype("float32"), labels


@pytest.fixture(scope="module")
def trained():
    return train_classifier(*bars(600, np.random.default_rng(0)), minutes=0.05, seed=0)


@pytest.mark.slow
def test_it_learns_what_is_told_apart_at_a_glance(trained):
    images, labels = bars(300, np.random.default_rng(1))
    assert trained.accuracy(images, labels) > 0.95
    np.testing.assert_array_equal(
        trained.classify(images), trained.predict(images[..., None], verbose=0).argmax(axis=1)
    )


@pytest.mark.slow
def test_features_are_what_the_logits_are_made_of(trained):
    images, _ = bars(5, np.random.default_rng(1))
    features = trained.features(images)
    assert features.shape == (5, 128)
    assert features.min() >= 0.0
    kernel, bias = trained.head.get_weights()
    np.testing.assert_allclose(
        features @ kernel + bias, trained.predict(images[..., None], verbose=0), rtol=1e-4, atol=1e-4
    )


def test_bytes_and_numbers_up_to_one_are_the_same_images(trained):
    grey = np.random.default_rng(1).integers(256, size=(4, 9, 8, 1), dtype=np.uint8)
    np.testing.assert_allclose(trained.features(grey), trained.features(grey / 255.0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(trained.features(grey, batch_size=3), trained.features(grey), rtol=1e-4, atol=1e-5)


def test_it_is_a_plain_file_of_keras(trained, tmp_path):
    trained.save(tmp_path / "c.keras")
    again = keras.models.load_model(tmp_path / "c.keras")
    images, _ = bars(5, np.random.default_rng(1))
    np.testing.assert_array_equal(again.features(images), trained.features(images))
    assert again.get_config() == trained.get_config()


@pytest.mark.parametrize(
    ("images", "message"),
    [
        pytest.param(np.zeros((2, 5, 5)), r"`images` must have shape \(n, 9, 8, 1\) with n >= 1", id="shape"),
        pytest.param(np.zeros((0, 9, 8)), "with n >= 1", id="none"),
        pytest.param(np.full((2, 9, 8), 3.0), "`images` must hold uint8, or values from 0 to 1", id="range"),
        pytest.param(np.full((2, 9, 8), np.nan), "Received: values from nan to nan", id="nan"),
        pytest.param(np.full((2, 9, 8), "a"), "`images` must hold numbers", id="text"),
    ],
)
def test_bad_images_are_refused(trained, images, message):
    with pytest.raises(ValueError, match=message):
        trained.features(images)


@pytest.mark.parametrize(
    ("labels", "arguments", "message"),
    [
        pytest.param([0, 1, 0], {}, "`labels` must be 4 whole numbers, one for each image", id="number"),
        pytest.param([0.0, 1.0, 0.0, 1.0], {}, "`labels` must be 4 whole numbers", id="floats"),
        pytest.param([0, -1, 0, 1], {}, "`labels` must be >= 0. Received: labels from -1 to 1", id="negative"),
        pytest.param([0, 1, 0, 3], {"n_classes": 3}, "`labels` must be >= 0 and below n_classes=3", id="large"),
        pytest.param([0, 1, 0, 1], {"minutes": 0}, "`minutes` must be a finite number > 0.0", id="minutes"),
        pytest.param([0, 1, 0, 1], {"seed": -1}, "`seed` must be a whole number >= 0", id="seed"),
    ],
)
def test_bad_arguments_of_the_training_are_refused(labels, arguments, message):
    with pytest.raises(ValueError, match=message):
        train_classifier(np.zeros((4, 9, 8)), labels, **arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param({"event_shape": (9, 8)}, r"`event_shape` must be \(height, width, channels\)", id="shape"),
        pytest.param({"n_classes": 1}, "`n_classes` must be a whole number >= 2", id="classes"),
        pytest.param({"n_features": 0}, "`n_features` must be a whole number >= 1", id="features"),
    ],
)
def test_bad_arguments_of_the_network_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        ImageClassifier(**{"event_shape": (9, 8, 1), "n_classes": 2, **arguments})
