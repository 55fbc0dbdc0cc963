"""SavedModels of models with a preprocessing take and give the units of the data."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conditional_models import prepared
from helpers import slow_after, small_vae

from keras_vae.layers.standardize import Standardize
from keras_vae.models.make_vae import make_vae
from keras_vae.serving.export import export_saved_model
from keras_vae.serving.preprocess import get_preprocess
from keras_vae.serving.saved_model import load_saved_model

# Columns on scales of their own, as in a table of incomes, ages and rates.
LOCATION = np.array([5e4, 40.0, 0.02, -3e3, 0.0, 7.0])
SCALE = np.array([2e4, 12.0, 0.01, 1e3, 1e-3, 0.5])
TABLE = LOCATION + SCALE * np.random.default_rng(0).normal(size=(40, 6))


@pytest.fixture(scope="module")
def table_model():
    preprocessing = Standardize()
    preprocessing.adapt(TABLE)
    vae = small_vae("gaussian_shared", preprocessing=preprocessing)
    vae.compile("adam", run_eagerly=True)
    vae.fit(TABLE, verbose=0)
    return vae


def assert_column_by_column(ours, theirs):
    """As close as float32 is on the scale of each column."""
    np.testing.assert_allclose((ours - LOCATION) / SCALE, (theirs - LOCATION) / SCALE, rtol=1e-5, atol=2e-5)


def test_a_table_goes_in_and_comes_out_as_it_is(table_model, tmp_path):
    loaded = load_saved_model(export_saved_model(table_model, tmp_path / "m"))
    for ours, theirs in zip(loaded.encode(TABLE), table_model.encode(TABLE), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
        assert np.abs(ours).max() < 20.0  # The encoder has not seen incomes.
    reconstruction = loaded.reconstruct(TABLE)
    assert_column_by_column(reconstruction, table_model.predict(TABLE, verbose=0))
    assert np.all(np.abs(reconstruction.mean(axis=0) - LOCATION) < 3.0 * SCALE)
    z = np.random.default_rng(1).normal(size=(5, 2))
    assert_column_by_column(loaded.decode(z), table_model.decode(z))
    assert_column_by_column(loaded.sample(9, seed=2), table_model.sample(9, seed=2))
    terms = table_model.elbo_terms(prepared(table_model, TABLE), z="mean")
    np.testing.assert_allclose(loaded.score(TABLE)["elbo"], terms["elbo"], rtol=1e-5, atol=1e-5)


@pytest.mark.slow
def test_an_export_of_a_reloaded_model_knows_the_units_too(table_model, tmp_path):
    table_model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    loaded = load_saved_model(export_saved_model(again, tmp_path / "m"))
    assert_column_by_column(loaded.reconstruct(TABLE), table_model.predict(TABLE, verbose=0))


# What `preprocess` by name does with 8-bit values.

GREY = np.random.default_rng(0).integers(0, 256, (5, 4, 3, 1), dtype=np.uint8)


def image_model(likelihood="gaussian_fixed", value_range=None, scale=None):
    """A model of images; with a range, of images of these raw values."""
    preprocessing = None
    if value_range is not None:
        low, high = value_range
        preprocessing = Standardize(over="all")
        preprocessing.assign(0.5 * (low + high), scale or max(high - low, 1e-3), value_range)
    return make_vae((4, 3, 1), 2, hidden_units=(8,), likelihood=likelihood, preprocessing=preprocessing, seed=0)


@pytest.mark.slow
def test_a_model_of_float_images_from_0_to_255_gets_8_bit_values_as_they_are(tmp_path):
    """It would divide them by 255 and answer for images that are almost black."""
    vae = image_model(value_range=(0.0, 255.0))
    loaded = load_saved_model(export_saved_model(vae, tmp_path / "m", preprocess="uint8"))
    np.testing.assert_allclose(loaded.encode(GREY)[0], vae.encode(GREY)[0], rtol=1e-5, atol=1e-6)
    reconstruction = vae.predict(GREY.astype("float32"), verbose=0)
    np.testing.assert_allclose(loaded.reconstruct(GREY), reconstruction, rtol=1e-5, atol=1e-4)
    assert not np.allclose(vae.encode(GREY)[0], vae.encode(GREY / 255.0)[0], atol=1e-3)


@pytest.mark.parametrize(
    ("likelihood", "value_range", "divisor"),
    [
        pytest.param("bernoulli", None, 255.0, id="binary"),
        pytest.param("continuous_bernoulli", None, 255.0, id="unit-interval"),
        pytest.param("gaussian", None, 255.0, id="real"),
        pytest.param("discretized_logistic", None, 1.0, id="grey-levels"),
        pytest.param("gaussian", (0.0, 1.0), 255.0, id="seen-0-to-1"),
        pytest.param("gaussian", (0.25, 0.75), 255.0, id="seen-within-0-to-1"),
        pytest.param("gaussian", (0.0, 255.0), 1.0, id="seen-0-to-255"),
        pytest.param("bernoulli", (0.0, 255.0), 1.0, id="binary-of-0-to-255"),
        pytest.param("gaussian", (12.5, 251.0), 1.0, id="seen-within-0-to-255"),
        pytest.param("discretized_logistic", (0.0, 1.0), 255.0, id="grey-levels-of-0-to-1"),
    ],
)
@pytest.mark.parametrize("name", slow_after(1, ["uint8", "image_bytes"]))
def test_8_bit_values_come_on_the_scale_that_the_model_knows(name, likelihood, value_range, divisor):
    preprocess = get_preprocess(name, image_model(likelihood, value_range))
    raw = GREY if name == "uint8" else tf.stack([tf.io.encode_png(image) for image in GREY])
    np.testing.assert_array_equal(preprocess(tf.constant(raw)), (GREY / np.float32(divisor)).astype("float32"))


@pytest.mark.parametrize("name", ["uint8", "image_bytes"])
@pytest.mark.parametrize(
    ("value_range", "came"),
    [
        ((-1.0, 1.0), "has seen values from -1 to 1"),
        ((0.0, 65535.0), "has seen values from 0 to 65535"),
        ((-3.5, 255.0), r"has seen values from -3\.5 to 255"),
        ((0.0, 0.0), "does not say which values it has seen"),
    ],
)
def test_a_model_of_another_scale_takes_no_8_bit_values(name, value_range, came):
    message = f"`preprocess` must not be '{name}' for a model whose data are on another scale .* '.+' {came}"
    with pytest.raises(ValueError, match=message):
        get_preprocess(name, image_model(value_range=value_range))


class Halve(keras.layers.Layer):
    """A preprocessing that does not say which values it knows."""

    def call(self, x):
        return x / 2.0

    def inverse(self, x):
        return x * 2.0


def test_a_preprocessing_that_does_not_say_what_it_has_seen_is_not_guessed_at():
    vae = small_vae(preprocessing=Halve())
    with pytest.raises(ValueError, match=r"whose preprocessing 'halve.*' does not say which values it has seen"):
        get_preprocess("uint8", vae)


def test_a_table_takes_no_8_bit_values(table_model):
    with pytest.raises(ValueError, match="`preprocess` must not be 'uint8' for a model that takes no images"):
        get_preprocess("uint8", small_vae())
    with pytest.raises(ValueError, match=r"`preprocess` must not be 'uint8' .* has seen values from -"):
        get_preprocess("uint8", table_model)
