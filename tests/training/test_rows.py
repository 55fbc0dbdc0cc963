"""Functions of batches over any number of rows: what is joined, what is refused, how often a graph is made."""

import numpy as np
import pytest
import tensorflow as tf

from keras_vae.training.rows import RowFunction, RowSpec, first_rows, head, map_rows

X = np.arange(14, dtype="float64").reshape(7, 2)
SPEC = RowSpec((2,))


def doubled(batch):
    return 2.0 * tf.convert_to_tensor(batch.x)


@pytest.mark.parametrize("batch_size", [1, 3, 7, 100])
def test_rows_come_out_in_their_order_whatever_the_batch(batch_size):
    result = map_rows(doubled, X, SPEC, batch_size=batch_size)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, 2.0 * X)


def test_a_tuple_of_results_is_joined_part_by_part():
    rows, sums = map_rows(lambda b: (tf.constant(b.x), tf.reduce_sum(b.x, axis=1)), X, SPEC, batch_size=3)
    np.testing.assert_array_equal(rows, X)
    np.testing.assert_array_equal(sums, X.sum(axis=1))


def test_x_is_the_target_where_there_is_no_other():
    spec = RowSpec((2,), (2,))
    result = map_rows(lambda b: tf.constant(b.target - b.x), X, spec)
    np.testing.assert_array_equal(result, 0.0 * X)
    result = map_rows(lambda b: tf.constant(b.target - b.x), X, spec, y=X + 1.0)
    np.testing.assert_array_equal(result, np.ones((7, 2)))


def test_a_stream_gives_its_own_batches_masks_and_conditions():
    spec = RowSpec((2,), (2,), (1,))
    data = tf.data.Dataset.from_tensor_slices(((X, X[:, :1]), X, np.ones((7, 2)))).batch(4)
    seen = []

    def look(batch):
        seen.append(len(batch.x))
        return tf.constant(batch.mask + batch.condition)

    np.testing.assert_array_equal(map_rows(look, data, spec, batch_size=1), 1.0 + X[:, :1] + np.zeros((7, 2)))
    assert seen == [4, 3]


def test_values_of_targets_are_judged_and_those_of_inputs_are_not():
    def refuse(values, name):
        raise ValueError(f"judged {name}")

    assert map_rows(doubled, X, RowSpec((2,), check_values=refuse)).shape == (7, 2)
    with pytest.raises(ValueError, match="judged x"):
        map_rows(doubled, X, RowSpec((2,), (2,), check_values=refuse))
    with pytest.raises(ValueError, match="judged y"):
        map_rows(doubled, X, RowSpec((2,), (2,), check_values=refuse), y=X)


def test_a_graph_is_made_once_for_each_kind_of_batch():
    traces = []

    def function(batch, factor):
        traces.append(sorted(batch.given()))
        return factor * batch.x * (1.0 if batch.mask is None else batch.mask)

    graph = RowFunction(function, RowSpec((2,), (2,)))
    apply = lambda **data: map_rows(lambda b: graph(b, 3.0), X, graph.spec, **data)  # noqa: E731
    for batch_size in (2, 3, 7):
        np.testing.assert_array_equal(apply(batch_size=batch_size), 3.0 * X)
    np.testing.assert_array_equal(apply(mask=np.ones((7, 2))), 3.0 * X)
    np.testing.assert_array_equal(apply(mask=np.full((7, 2), 2.0), batch_size=2), 6.0 * X)
    assert traces == [["target", "x"], ["mask", "target", "x"]]


def test_the_first_rows_of_everything():
    c = X[:, :1]
    np.testing.assert_array_equal(head(X, 3), X[:3])
    pair = head((X, c), 3)
    np.testing.assert_array_equal(pair[1], c[:3])
    assert head({"x": X, "condition": {"a": c}}, 2)["condition"]["a"].shape == (2, 1)
    stream = head(tf.data.Dataset.from_tensor_slices(X).batch(2), 5)
    np.testing.assert_array_equal(np.concatenate([b.numpy() for b in stream]), X[:5])


def test_the_first_rows_of_a_stream_are_looked_at_and_no_more():
    c = X[:, :1]
    seen = []

    def batches():
        for start in (0, 2, 4):
            seen.append(start)
            rows = slice(start, start + 2)
            yield (X[rows], {"a": c[rows]}), X[rows], np.ones(2)

    rows = first_rows(batches(), 3)
    np.testing.assert_array_equal(rows.x, X[:3])
    np.testing.assert_array_equal(rows.condition["a"], c[:3])
    assert rows.weight is None
    assert seen == [0, 2]
    assert first_rows(iter(()), 3).x is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param({"batch_size": 0}, "`batch_size` must be a whole number >= 1", id="batch-size"),
        pytest.param({"x": X[:0]}, "`x` must hold at least one example", id="none"),
        pytest.param({"x": tf.data.Dataset.from_tensor_slices(X[:0]).batch(2)}, "an empty tf.data.Dataset", id="empty"),
        pytest.param({"x": X[:, :1]}, r"`x` must have the shape \(batch, 2\)", id="shape"),
        pytest.param({"y": X[:3]}, "`x` and `y` must have the same number of rows. Received: 7 and 3", id="y"),
        pytest.param({"mask": X[:3]}, "`x` and `mask` must have the same number of rows", id="mask-rows"),
        pytest.param({"mask": -X - 1.0}, "`mask` must be finite and >= 0", id="mask"),
        pytest.param({"x": tf.data.Dataset.from_tensors(X), "y": X}, "`y` must be part of the dataset", id="stream-y"),
        pytest.param({"x": tf.data.Dataset.from_tensors(X), "mask": X}, "`mask` must be part", id="stream-mask"),
        pytest.param({"x": "text"}, "`x` must be an array of numbers", id="text"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        map_rows(doubled, **{"x": X, "spec": RowSpec((2,), (2,)), **arguments})
