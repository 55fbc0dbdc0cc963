"""Distances to exemplars against loops in NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from keras_vae.tasks.tables.anomaly.exemplar_term import MIN_DISTANCE, N_AXES, NEIGHBOUR, ExemplarTerm


@pytest.fixture
def z():
    return np.random.default_rng(1).normal(size=(120, 5))


def found(term, z, numbers=None):
    return term(tf.constant(z, tf.float32), None if numbers is None else tf.constant(numbers)).numpy()


def by_loop(term, z, rows, numbers=None):
    """Mean over the samples of the log distance to the third nearest exemplar that is another row."""
    values = []
    for i, row in enumerate(rows):
        logs = []
        for picks in term.rows:
            others = [p for p in picks if numbers is None or p != numbers[i]]
            distance = np.sort([np.linalg.norm(row - z[p]) for p in others])[NEIGHBOUR - 1]
            logs.append(np.log(distance + MIN_DISTANCE))
        values.append(np.mean(logs))
    return np.array(values)


def test_other_rows_are_compared_as_in_a_loop(z, rng):
    term = ExemplarTerm.learn(z, np.arange(120), rng)
    rows = np.random.default_rng(2).normal(size=(20, 5)) * 2.0
    # Squares of distances are differences of larger numbers in float32.
    np.testing.assert_allclose(found(term, rows), by_loop(term, z, rows), rtol=1e-3, atol=1e-4)


def test_a_training_row_is_not_its_own_exemplar(z, rng):
    term = ExemplarTerm.learn(z, np.arange(120), rng)
    numbers = np.arange(120)
    np.testing.assert_allclose(found(term, z, numbers), by_loop(term, z, z, numbers), rtol=1e-3, atol=1e-4)
    assert np.all(found(term, z, numbers) >= found(term, z))


def test_the_numbers_are_those_among_all_rows(z, rng):
    kept = np.arange(0, 120, 2)
    term = ExemplarTerm.learn(z[kept], kept, rng)
    assert set(term.rows.ravel()) <= set(kept)
    np.testing.assert_allclose(
        found(term, z, np.arange(120)), by_loop(term, z, z, np.arange(120)), rtol=1e-3, atol=1e-4
    )


def test_wide_rows_are_compared_by_their_axes_and_the_rest(rng):
    z = np.random.default_rng(1).normal(size=(90, N_AXES + 15))
    term = ExemplarTerm.learn(z, np.arange(90), rng)
    centred = z - z.mean(axis=0)
    along = centred @ term.axes
    rest = np.sqrt(np.maximum((centred**2).sum(axis=1) - (along**2).sum(axis=1), 0.0))
    compared = np.concatenate([along, rest[:, None]], axis=1)
    np.testing.assert_allclose(found(term, z), by_loop(term, compared, compared), rtol=2e-3, atol=1e-3)
    assert term.columns(tf.constant(z[:4], tf.float32)).shape == z[:4].shape


def test_columns_add_up_to_the_square_of_the_distance_to_the_nearest(z, rng):
    term = ExemplarTerm.learn(z, np.arange(120), rng)
    rows = np.random.default_rng(2).normal(size=(10, 5)) * 2.0
    nearest = [np.mean([np.min([np.sum((row - z[p]) ** 2) for p in picks]) for picks in term.rows]) for row in rows]
    columns = term.columns(tf.constant(rows, tf.float32)).numpy()
    np.testing.assert_allclose(columns.sum(axis=1), nearest, rtol=1e-4)


def test_the_column_that_is_far_has_the_largest_part(z, rng):
    term = ExemplarTerm.learn(z, np.arange(120), rng)
    row = z[:1].copy()
    row[0, 3] = 9.0
    assert term.columns(tf.constant(row, tf.float32)).numpy()[0].argmax() == 3


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_few_rows_are_enough(z, n, rng):
    term = ExemplarTerm.learn(z[:n], np.arange(n), rng)
    assert np.isfinite(found(term, z)).all()
    assert np.isfinite(found(term, z[:n], np.arange(n))).all()


def test_equal_rows_are_no_distance_apart(rng):
    term = ExemplarTerm.learn(np.ones((50, 3)), np.arange(50), rng)
    np.testing.assert_allclose(found(term, np.ones((2, 3))), np.log(MIN_DISTANCE), rtol=1e-5)
