"""The residual U-shaped network: sizes, the start, and weights that fit images of any size."""

import keras
import numpy as np
import pytest

from keras_vae.networks.unet import unet


@pytest.mark.parametrize(
    ("shape", "features"),
    [
        pytest.param((28, 28, 1), (28, 28, 8), id="mnist"),
        pytest.param((32, 32, 3), (32, 32, 8), id="cifar10"),
        pytest.param((27, 21, 2), (27, 21, 8), id="odd"),
        pytest.param((1, 1, 1), (1, 1, 8), id="smaller-than-the-stride"),
    ],
)
def test_an_image_of_any_size_comes_out_in_its_size_with_features(shape, features):
    network = unet(shape, 5, hidden_units=(8, 12, 12))
    assert network.output["image"].shape == (None, *shape[:2], 5)
    assert network.output["features"].shape == (None, *features)


def test_the_output_begins_at_zero(rng):
    made = unet((8, 8, 1), 1, hidden_units=(4, 4))(rng.random((2, 8, 8, 1), "float32"))
    assert not made["image"].numpy().any()
    assert made["features"].numpy().any()


def trained_like(network, rng):
    network.set_weights([rng.normal(0.0, 0.3, w.shape) if w.ndim > 1 else w for w in network.get_weights()])


def test_the_weights_of_one_size_give_the_same_inner_pixels_in_another(rng):
    small, large = unet((32, 32, 1), 1, (4, 4)), unet((96, 96, 1), 1, (4, 4))
    trained_like(small, rng)
    large.set_weights(small.get_weights())
    image = rng.random((1, 96, 96, 1), "float32")
    inner = large(image)["image"].numpy()[0, 32:64, 32:64]
    around = unet((32 + 64, 32 + 64, 1), 1, (4, 4))
    around.set_weights(small.get_weights())
    # Shifted by a stride, the same pixels have the same values away from the border.
    shifted = around(np.roll(image, 4, axis=1))["image"].numpy()[0, 36:68, 32:64]
    np.testing.assert_allclose(inner, shifted, rtol=1e-4, atol=1e-5 * np.abs(inner).max())


def test_it_is_saved_and_loaded(rng, tmp_path):
    network = unet((12, 10, 1), 2, (4, 4))
    trained_like(network, rng)
    network.save(tmp_path / "unet.keras")
    again = keras.models.load_model(tmp_path / "unet.keras")
    image = rng.random((2, 12, 10, 1), "float32")
    np.testing.assert_array_equal(network(image)["image"], again(image)["image"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((8, 8), 1), "`image_shape` must be \\(height, width, channels\\)"),
        (((8, 8, 1), 0), "`n_outputs` must be a whole number >= 1"),
        (((8, 8, 1), 1, ()), "`hidden_units` must be a tuple of one or more"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        unet(*arguments)
