"""Holes are filled with the conditional means of a Gaussian."""

import keras
import numpy as np
import pytest

from keras_vae.layers import FillHoles


def filling(rng, n_columns=5, n_factors=2, places=None):
    layer = FillHoles(places or [[j] for j in range(n_columns)], 3)
    model = rng.normal(size=n_columns), rng.normal(size=(n_columns, n_factors)), rng.uniform(0.2, 1.0, n_columns)
    layer.build((None, n_columns + len(layer.places)))
    layer.assign(*model)
    return layer, model


def test_holes_get_the_conditional_mean_of_the_gaussian(rng):
    layer, (mean, loadings, noise) = filling(rng)
    covariance = loadings @ loadings.T + np.diag(noise)
    x = rng.normal(size=(6, 5))
    holes = rng.random((6, 5)) < 0.4
    filled = layer(np.concatenate([np.where(holes, 0.0, x), holes], axis=1).astype("float32")).numpy()
    for row, hole, found in zip(x, holes, filled[:, :5], strict=True):
        seen = ~hole
        slope = np.linalg.solve(covariance[np.ix_(seen, seen)], (row - mean)[seen])
        expected = mean[hole] + covariance[np.ix_(hole, seen)] @ slope
        np.testing.assert_allclose(found[hole], expected, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(found[seen], row[seen], rtol=1e-6)
    np.testing.assert_array_equal(filled[:, 5:], holes)


def test_a_hole_may_cover_several_columns(rng):
    layer, (_mean, _, _) = filling(rng, places=[[1, 2, 3]])
    row = np.array([[0.5, 7.0, 7.0, 7.0, 0.1, 1.0]], "float32")
    other = np.array([[0.5, 0.0, 0.0, 0.0, 0.1, 1.0]], "float32")
    np.testing.assert_allclose(layer(row), layer(other), rtol=1e-5)


def test_nothing_happens_before_it_is_assigned():
    layer = FillHoles([[0]], 2)
    np.testing.assert_array_equal(layer(np.array([[0.0, 3.0, 1.0]], "float32")), [[0.0, 3.0, 1.0]])
    assert not layer.trainable_weights


def test_its_config_makes_the_same_layer():
    layer = FillHoles([[0], [1, 2]], 2)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert (again.places, again.n_factors) == (((0,), (1, 2)), 2)


def test_it_needs_a_factor():
    with pytest.raises(ValueError, match="`n_factors` must be a whole number >= 1"):
        FillHoles([[0]], 0)
