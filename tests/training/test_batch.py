"""One batch, whatever `fit` or a stream was given."""

import numpy as np
import pytest
import tensorflow as tf

from keras_vae.training.batch import Batch, as_batch, join_condition, repeat_rows, split_condition, weighs_examples

X, Y, C = np.zeros((4, 3), "float32"), np.ones((4, 2), "float32"), np.full((4, 1), 2.0, "float32")


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        pytest.param(X, (X, None), id="array"),
        pytest.param((X,), (X, None), id="one"),
        pytest.param((X, C), (X, C), id="pair"),
        pytest.param({"x": X, "condition": C}, (X, C), id="dict"),
        pytest.param({"x": X}, (X, None), id="dict-of-x"),
    ],
)
def test_x_and_its_condition_are_told_apart_and_joined(x, expected):
    parts = split_condition(x)
    assert all(a is b for a, b in zip(parts, expected, strict=True))
    again = split_condition(join_condition(*parts))
    assert all(a is b for a, b in zip(again, parts, strict=True))


def test_a_list_of_rows_stays_data():
    rows = [[1.0, 2.0], [3.0, 4.0]]
    assert split_condition(rows) == (rows, None)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ((X, C, C), r"`x` must be \(x, condition\) where it is a tuple\. Received: 3 entries"),
        ({"x": X, "label": C}, "`x` must be one array; .*pass data\\['x'\\].*Received: a dict of x, label"),
        ({"condition": C}, "`x` must be one array; as a dict it may have the keys"),
    ],
)
def test_other_forms_are_refused(x, message):
    with pytest.raises(ValueError, match=message):
        split_condition(x)


def test_a_stream_element_becomes_a_batch():
    assert as_batch(X).x is X
    assert as_batch((X, Y)).target is Y
    batch = as_batch(((X, C),))
    assert (batch.x is X, batch.condition is C, batch.target) == (True, True, None)
    batch = as_batch(((X, C), Y, np.array([1.0, 2.0, 3.0, 4.0])))
    np.testing.assert_array_equal(batch.weight, [1, 2, 3, 4])
    assert batch.mask is None
    batch = as_batch((X, Y, np.ones((4, 1), "float64")))
    assert batch.weight.shape == (4,)  # One number per example, as Keras hands it on.
    batch = as_batch((X, Y, np.ones((4, 2))))
    assert batch.weight is None
    assert batch.mask.dtype == tf.float32


def test_weights_of_examples_and_of_elements_differ_by_their_shape():
    assert weighs_examples(np.ones(3))
    assert weighs_examples(np.ones((3, 1)))
    assert not weighs_examples(np.ones((3, 2)))
    assert not weighs_examples(np.ones((3, 1, 1)))


def test_rows_are_repeated_draw_by_draw():
    batch = Batch(tf.constant(X), None, None, tf.constant([1.0, 2.0, 3.0, 4.0]), {"a": tf.constant(C)}).repeat(2)
    assert batch.target is None
    np.testing.assert_array_equal(batch.weight, [1, 2, 3, 4, 1, 2, 3, 4])
    assert batch.x.shape == (8, 3)
    assert batch.condition["a"].shape == (8, 1)
    pair = repeat_rows((tf.constant([[1.0], [2.0]]), tf.constant([[3.0], [4.0]])), 3)
    np.testing.assert_array_equal(pair[1][:, 0], [3, 4, 3, 4, 3, 4])


def test_the_number_of_rows_is_that_of_any_part():
    assert int(Batch(condition={"a": tf.constant(C)}).n_rows) == 4
    assert set(Batch(x=X, weight=Y).given()) == {"x", "weight"}
