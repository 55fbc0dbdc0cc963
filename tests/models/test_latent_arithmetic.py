"""Paths between codes, directions of attributes, and steps along them."""

import numpy as np
import pytest
import tensorflow as tf
from helpers import conditional_vae, dense_weights, linear_encoder, small_vae

import keras_vae as kv
from keras_vae.models.latent_arithmetic import arc, line

FRACTIONS = np.linspace(0.0, 1.0, 5, dtype="float32")[:, None]


@pytest.fixture(scope="module")
def vae():
    return small_vae()


@pytest.fixture
def x(rng):
    return rng.normal(size=(12, 6)).astype("float32")


@pytest.mark.parametrize("way", [line, arc])
def test_both_paths_end_at_the_codes(way, rng):
    a, b = rng.normal(size=(2, 1, 7)).astype("float32")
    z = way(a, b, FRACTIONS)
    assert z.dtype == np.float32
    np.testing.assert_allclose(z[[0, -1]], np.concatenate([a, b]), rtol=1e-5, atol=1e-6)


def test_an_arc_keeps_the_distance_and_turns_by_equal_angles(rng):
    a, b = rng.normal(size=(2, 1, 7))
    a, b = 3.0 * a / np.linalg.norm(a), 3.0 * b / np.linalg.norm(b)
    z = arc(a, b, FRACTIONS).astype("float64")
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), 3.0, rtol=1e-5)
    angles = np.arccos(np.sum(z[1:] * z[:-1], axis=1) / 9.0)
    np.testing.assert_allclose(angles, np.arccos(np.sum(a * b) / 9.0) / 4.0, rtol=1e-4)


def test_an_arc_by_hand():
    z = arc(np.array([[2.0, 0.0]]), np.array([[0.0, 2.0]]), np.array([[0.5]]))
    np.testing.assert_allclose(z, [[np.sqrt(2.0), np.sqrt(2.0)]], rtol=1e-6)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        pytest.param([1.0, 1.0], [1.0, 1.0], id="equal"),
        pytest.param([1.0, 1.0], [3.0, 3.0], id="in one direction"),
        pytest.param([1.0, 1.0], [-2.0, -2.0], id="opposite"),
        pytest.param([0.0, 0.0], [1.0, 2.0], id="from the origin"),
    ],
)
def test_an_arc_of_no_plane_is_the_line(a, b):
    a, b = np.array([a], "float32"), np.array([b], "float32")
    np.testing.assert_allclose(arc(a, b, FRACTIONS), line(a, b, FRACTIONS), rtol=1e-6)


def test_interpolation_decodes_the_path(vae, x):
    z = vae.encode(x[:2])[0]
    for path, way in (("linear", line), ("spherical", arc)):
        expected = vae.decode(way(z[:1], z[1:], FRACTIONS))
        np.testing.assert_allclose(vae.interpolate(x[0], x[1], 5, path=path), expected, rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="`path` must be one of 'linear', 'spherical'"):
        vae.interpolate(x[0], x[1], path="round")


def test_an_attribute_vector_is_the_difference_of_the_means(vae, x):
    labels = np.arange(12) % 3 == 0
    z = vae.encode(x)[0]
    expected = z[labels].mean(axis=0) - z[~labels].mean(axis=0)
    np.testing.assert_allclose(vae.attribute_vector(x, labels), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(vae.attribute_vector(x, labels.astype(float).tolist()), expected, rtol=1e-5, atol=1e-6)
    batches = tf.data.Dataset.from_tensor_slices(x).batch(5)
    np.testing.assert_allclose(vae.attribute_vector(batches, labels), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(vae.attribute_vector(x, ~labels), -expected, rtol=1e-5, atol=1e-6)


def test_a_shift_adds_the_attribute(rng):
    """An encoder that reads the first two columns, a decoder that writes them: the attribute lives in one of them."""
    encoder, vae = linear_encoder(), None
    encoder.get_layer("z_mean").set_weights([np.eye(6)[:, :2], np.zeros(2)])
    vae = small_vae(encoder=encoder)
    vae.decoder.get_layer("x_params").set_weights([np.eye(6)[:2], np.zeros(6)])
    x = rng.normal(size=(400, 6)).astype("float32")
    labels = np.arange(400) < 200
    x[labels, 1] += 4.0
    vector = vae.attribute_vector(x, labels)
    np.testing.assert_allclose(vector, [0.0, 4.0], atol=0.5)
    with_it = vae.shift(x[200:], vector, [0.0, 1.0])
    assert with_it.shape == (200, 2, 6)
    np.testing.assert_allclose(with_it[:, 0], vae.reconstruct(x[200:]), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(with_it[:, 1, 1].mean(), x[labels, 1].mean(), atol=1e-4)
    np.testing.assert_allclose(with_it[:, 1, 2:], 0.0)


def test_an_autoencoder_and_a_ladder_have_the_verbs(x):
    for model in (
        kv.make_autoencoder((6,), 2, hidden_units=(4,), seed=0, preprocessing=None),
        kv.make_ladder_vae((6,), (2, 2), hidden_units=(4, 4), likelihood="gaussian_fixed", seed=0, preprocessing=None),
    ):
        vector = model.attribute_vector(x, np.arange(12) < 5)
        assert vector.shape == (model.latent_dim,)
        assert model.shift(x, vector).shape == (12, 3, 6)


def test_a_condition_stays_with_its_row(x):
    vae, condition = conditional_vae((3,)), np.random.default_rng(1).normal(size=(12, 3)).astype("float32")
    labels = np.arange(12) < 5
    vector = vae.attribute_vector(x, labels, condition=condition)
    np.testing.assert_array_equal(vae.attribute_vector((x, condition), labels), vector)
    shifted = vae.shift(x, vector, (0.0, 2.0), condition=condition)
    np.testing.assert_array_equal(vae.shift((x, condition), vector, (0.0, 2.0)), shifted)
    np.testing.assert_allclose(shifted[:, 0], vae.reconstruct(x, condition=condition), rtol=1e-5, atol=1e-6)
    kernel, _ = dense_weights(vae.decoder, "x_params")
    np.testing.assert_allclose(shifted[:, 1] - shifted[:, 0], np.tile(2.0 * vector @ kernel[:2], (12, 1)), atol=1e-5)
    several = conditional_vae({"label": (), "vector": (2,)})
    told = {"label": np.arange(12) % 4, "vector": condition[:, :2]}
    moved = several.shift(x, [1.0, 0.0], (0.0,), condition=told)
    np.testing.assert_allclose(moved[:, 0], several.reconstruct(x, condition=told), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        pytest.param(np.ones(12), "`labels` must be one bool, or 0 or 1.*both must be there", id="one class"),
        pytest.param(np.arange(12) % 3, "`labels` must be one bool, or 0 or 1", id="three classes"),
        pytest.param(np.eye(12), r"`labels` must be one bool.*shape \(12, 12\)", id="matrix"),
        pytest.param([True, False], "`x` and `labels` must have the same number of rows. Received: 12 and 2", id="two"),
        pytest.param(["a"] * 12, "`labels` must be an array of numbers", id="words"),
    ],
)
def test_labels_that_say_nothing_are_refused(vae, x, labels, message):
    with pytest.raises(ValueError, match=message):
        vae.attribute_vector(x, labels)


@pytest.mark.parametrize(
    ("vector", "amounts", "message"),
    [
        pytest.param([1.0], (1.0,), r"`vector` must be 2 finite numbers. Received: an array of shape \(1,\)", id="one"),
        pytest.param([1.0, np.nan], (1.0,), "`vector` must be 2 finite numbers", id="nan"),
        pytest.param([1.0, 0.0], 1.0, "`amounts` must be one finite number or more", id="number"),
        pytest.param([1.0, 0.0], (), "`amounts` must be one finite number or more", id="none"),
        pytest.param([1.0, 0.0], (np.inf,), "`amounts` must be one finite number or more", id="infinite"),
    ],
)
def test_a_shift_along_nothing_is_refused(vae, x, vector, amounts, message):
    with pytest.raises(ValueError, match=message):
        vae.shift(x, vector, amounts)
