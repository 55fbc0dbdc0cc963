"""Layers for sparse rows: the numbers of the dense ones, in every direction."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_vae.layers import SparseDense, UnitRows


@pytest.fixture
def rows(rng):
    return ((rng.random((6, 9)) < 0.4) * rng.normal(size=(6, 9))).astype("float32")


def gradient_of(layer, x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(layer(x)))
    return tape.gradient(loss, layer.kernel)


@pytest.mark.parametrize("gradient", ["dense", "rows"])
def test_a_sparse_input_gives_the_numbers_of_a_dense_layer_and_its_gradient(rows, gradient):
    layer, dense = SparseDense(4, "tanh", gradient=gradient), keras.layers.Dense(4, "tanh")
    layer.build((None, 9))
    dense.build((None, 9))
    layer.set_weights(dense.get_weights())
    sparse_rows = tf.sparse.from_dense(rows)
    for x in (sparse_rows, rows):
        np.testing.assert_allclose(layer(x), dense(rows), rtol=1e-5, atol=1e-6)
    found, expected = gradient_of(layer, sparse_rows), gradient_of(dense, rows)
    assert isinstance(found, tf.IndexedSlices) == (gradient == "rows")
    np.testing.assert_allclose(tf.convert_to_tensor(found), expected, rtol=1e-4, atol=1e-6)


def test_a_row_of_nothing_gets_the_bias():
    layer = SparseDense(2, gradient="rows")
    found = layer(tf.sparse.from_dense(np.zeros((3, 5), "float32")))
    np.testing.assert_array_equal(found, np.zeros((3, 2)))


def test_unit_rows_have_length_one_sparse_or_not(rows):
    rows[2] = 0.0
    layer = UnitRows()
    found = layer(rows).numpy()
    lengths = np.linalg.norm(found, axis=1)
    np.testing.assert_allclose(np.delete(lengths, 2), 1.0, rtol=1e-5)
    assert lengths[2] == 0.0
    np.testing.assert_allclose(tf.sparse.to_dense(layer(tf.sparse.from_dense(rows))), found, rtol=1e-6)


def test_dropout_is_for_training_alone_and_keeps_the_mean(rows):
    layer, x = UnitRows(0.5, seed=0), tf.sparse.from_dense(np.ones((200, 50), "float32"))
    kept = layer(x, training=True).values.numpy() * np.sqrt(50.0)
    # 10,000 draws of 0 or 2: the standard error of their mean is 0.01.
    assert abs(kept.mean() - 1.0) < 0.05
    assert set(np.unique(kept.round(3))) == {0.0, 2.0}
    np.testing.assert_array_equal(layer(x).values, layer(x).values)
    again = UnitRows(0.5, seed=0)(x, training=True)
    np.testing.assert_array_equal(again.values.numpy() * np.sqrt(50.0), kept)


def test_they_make_a_functional_model_that_is_saved(rows, tmp_path):
    x = keras.Input((9,), sparse=True)
    model = keras.Model(x, SparseDense(3, "relu", use_bias=False)(UnitRows(0.2, seed=1)(x)))
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again(tf.sparse.from_dense(rows)), model(tf.sparse.from_dense(rows)))
    assert again.inputs[0].sparse
    assert (again.layers[1].dropout, again.layers[1].seed, again.layers[2].use_bias) == (0.2, 1, False)


def test_arguments_out_of_bounds_are_refused():
    with pytest.raises(ValueError, match=r"`gradient` must be 'dense' or 'rows'. Received: gradient='none'"):
        SparseDense(3, gradient="none")
    with pytest.raises(ValueError, match=r"`units` must be a whole number >= 1"):
        SparseDense(0)
    with pytest.raises(ValueError, match=r"`dropout` must be in \[0, 1\). Received: dropout=1.0"):
        UnitRows(1.0)
