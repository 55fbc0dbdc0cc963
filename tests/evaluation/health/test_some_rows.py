import keras
import numpy as np
import pytest
import tensorflow as tf
from health_cases import D, examples, linear_vae

from keras_vae.evaluation.health.some_rows import check_rows, some_rows
from keras_vae.training.batch import Batch


def test_of_many_rows_some_are_looked_at_with_what_belongs_to_them(rng):
    x = np.arange(1000.0)[:, None]
    rows = some_rows("x_test", (x, {"label": 2 * x}), -x, 60, rng)
    assert len(np.unique(rows.x)) == 60
    assert rows.x.max() > 500
    np.testing.assert_array_equal(rows.x, -rows.target)
    np.testing.assert_array_equal(2 * rows.x, rows.condition["label"])


def test_few_rows_come_as_they_are(rng):
    x = examples(30)
    rows = some_rows("x_test", x, None, 30, rng)
    np.testing.assert_array_equal(rows.x, x)
    assert list(rows.given()) == ["x"]


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 10

    def __getitem__(self, i):
        return examples(320)[32 * i : 32 * (i + 1)]


def test_a_stream_gives_its_first_rows(rng):
    x = examples(320)
    triples = tf.data.Dataset.from_tensor_slices((x, x + 1, x[:, 0] ** 2)).batch(32)
    rows = some_rows("x_test", triples, None, 50, rng)
    np.testing.assert_array_equal(rows.x, x[:50])
    np.testing.assert_array_equal(rows.target, x[:50] + 1)
    pairs = tf.data.Dataset.from_tensor_slices(((x, {"label": 2 * x}),)).batch(32)
    rows = some_rows("x_test", pairs, None, 50, rng)
    np.testing.assert_array_equal(rows.condition["label"], 2 * x[:50])
    for stream in (Batches(), iter(Batches()[i] for i in range(10))):
        np.testing.assert_array_equal(some_rows("x_test", stream, None, 50, rng).x, x[:50])


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros((19, 2)), None, "`x_test` must hold at least 20 examples"),
        (np.zeros(()), None, "`x_test` must hold at least 20 examples"),
        (tf.data.Dataset.from_tensor_slices(np.zeros((0, 2))).batch(4), None, "`x_test` must hold at least 20"),
        (
            tf.data.Dataset.from_tensor_slices(np.zeros((30, 2))).batch(4),
            np.zeros(30),
            "`y` must be part of the stream",
        ),
        (np.zeros((30, 2)), np.zeros((7, 2)), "`x_test` and its targets must have the same number of rows.* 30 and 7"),
        ((np.zeros((30, 2)), np.zeros(7)), None, "`x_test` and its condition must have the same number .* 30 and 7"),
        (np.full((30, 2), "a"), None, "`x_test` must be an array of numbers"),
    ],
    ids=["few", "scalar", "empty-stream", "y-beside-a-stream", "targets", "condition", "text"],
)
def test_rows_that_do_not_belong_together_are_refused(x, y, message, rng):
    with pytest.raises(ValueError, match=message):
        some_rows("x_test", x, y, 100, rng)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (Batch(np.zeros((30, 5))), "`x_train` must have the shape"),
        (Batch(np.zeros((30, D)), np.full((30, D), np.nan)), "`y_train` must be finite"),
        (Batch(np.zeros((30, D)), condition=np.zeros((30, 1))), "`condition` must be None for a model whose encoder"),
    ],
    ids=["shape", "targets", "condition"],
)
def test_rows_that_the_model_does_not_take_are_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        check_rows(linear_vae(), "train", rows)
