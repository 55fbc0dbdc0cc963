import numpy as np
import pytest
import tensorflow as tf

from keras_vae.models.make_vae import make_ladder_vae, make_vae
from keras_vae.tasks import effort
from keras_vae.tasks.effort import (
    MIN_DRAWS,
    MIN_ROWS,
    OPERATIONS_PER_OUTPUT,
    OPERATIONS_PER_SECOND,
    Effort,
    affordable,
    operations_per_draw,
    random_rows,
    round_down,
)

X = np.arange(1000, dtype="float32")[:, None]


@pytest.mark.parametrize(
    ("seconds", "fixed", "expected"),
    [
        # 1000 rows of 100 draws of a millisecond are 100 s.
        pytest.param(100.1, False, Effort(100, 1000), id="all-fit"),
        pytest.param(60.0, False, Effort(100, 500), id="fewer-rows"),
        pytest.param(5.1, False, Effort(100, 50), id="fewest-rows"),
        pytest.param(2.6, False, Effort(50, 50), id="fewer-draws"),
        pytest.param(0.1, False, Effort(MIN_DRAWS, MIN_ROWS), id="the-least"),
        pytest.param(0.1, True, Effort(100, MIN_ROWS), id="draws-that-were-asked-for"),
    ],
)
def test_first_the_rows_and_then_the_draws_are_fewer(monkeypatch, seconds, fixed, expected):
    monkeypatch.setattr(effort, "operations_per_draw", lambda model: 1e-3 * OPERATIONS_PER_SECOND)
    assert affordable(None, len(X), seconds, 100, fixed) == expected


def test_few_rows_are_all_taken(monkeypatch):
    monkeypatch.setattr(effort, "operations_per_draw", lambda model: OPERATIONS_PER_SECOND)
    assert affordable(None, 5, 0.1, 100) == Effort(MIN_DRAWS, 5)
    assert affordable(None, 5, 0.1, 10) == Effort(10, 5)


def test_the_operations_of_a_dense_decoder_are_its_weights():
    vae = make_vae((6,), 2, "dense", (5,), "gaussian", seed=0)
    weights = (2 + 1) * 5 + (5 + 1) * 12
    assert operations_per_draw(vae) == weights + OPERATIONS_PER_OUTPUT * 12


def test_a_convolution_uses_its_weights_at_every_place():
    vae = make_vae((8, 8, 1), 2, "conv", (3,), "bernoulli", seed=0)
    to_map, to_image = (2 + 1) * 4 * 4 * 3, (3 * 3 * 3 + 1) * 64
    assert operations_per_draw(vae) >= to_map + to_image + OPERATIONS_PER_OUTPUT * 64
    assert operations_per_draw(vae) < 2 * (to_map + to_image) + OPERATIONS_PER_OUTPUT * 64


def test_the_networks_of_a_ladder_count_all():
    ladder = make_ladder_vae((6,), (3, 2), "dense", (5, 4), "gaussian", seed=0)
    weights = sum(np.size(w) for w in ladder.decoder.get_weights())
    assert operations_per_draw(ladder) == weights + OPERATIONS_PER_OUTPUT * 12


@pytest.mark.parametrize(
    ("number", "expected"), [(1, 1), (1.9, 1), (4.99, 2), (5, 5), (99, 50), (100, 100), (730, 500)]
)
def test_round_down_by_hand(number, expected):
    assert round_down(number) == expected


@pytest.mark.parametrize("power", [10.0, 1000.0, 1e5])
def test_round_down_is_right_below_a_power_of_ten(power):
    assert round_down(np.nextafter(power, 0)) == power / 2


def test_random_rows_are_in_order_and_not_the_first_ones():
    rows = random_rows(X, 50, seed=1)
    numbers = rows[:, 0]
    assert len(np.unique(numbers)) == 50
    assert np.all(np.diff(numbers) > 0)
    # The mean of 50 of a thousand numbers, five standard errors on either side.
    assert abs(numbers.mean() - 499.5) < 5 * 289 / np.sqrt(50)
    np.testing.assert_array_equal(random_rows(X, 50, seed=1), rows)
    assert np.any(random_rows(X, 50, seed=2) != rows)


def test_all_rows_stay_as_they_are_and_a_stream_gives_its_head():
    np.testing.assert_array_equal(random_rows(X[:7], 50), X[:7])
    stream = tf.data.Dataset.from_tensor_slices(X).batch(16)
    np.testing.assert_array_equal(np.concatenate([np.asarray(b) for b in _batches(random_rows(stream, 20))]), X[:20])


def _batches(rows):
    return rows if isinstance(rows, tf.data.Dataset) else [rows]
