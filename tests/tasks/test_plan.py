import math

import pytest

from keras_vae.tasks import plan
from keras_vae.tasks.plan import (
    MIN_EPOCHS,
    STEPS,
    Plan,
    default_patience,
    epochs_for,
    epochs_per_look,
    learning_rate,
    plan_within,
    round_down,
)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, 1),
        (0.3, 1),
        (1, 1),
        (1.999, 1),
        (7.9, 6),
        (8, 8),
        (9.99, 8),
        (10, 10),
        (11.9, 10),
        (19.9, 15),
        (25, 25),
        (365, 300),
        (1499, 1200),
    ],
)
def test_round_down_by_hand(number, expected):
    assert round_down(number) == expected


@pytest.mark.parametrize("power", [10.0, 100.0, 1000.0, 1e5])
def test_round_down_is_right_on_both_sides_of_a_power_of_ten(power):
    # The logarithm of the number below 1000 is 3, as is that of 1000.
    assert round_down(math.nextafter(power, 0)) == int(0.8 * power)
    assert round_down(power) == round_down(math.nextafter(power, math.inf)) == power


def test_round_down_never_goes_up_nor_far_below():
    for number in [n / 7 for n in range(7, 7000)]:
        assert number / 2 < round_down(number) <= number
        assert number < 10 or 0.74 * number < round_down(number)


def test_a_training_makes_as_many_steps_as_are_wanted():
    for n_steps in (1, 7, 100, 999):
        epochs = epochs_for(n_steps)
        assert (epochs - 1) * n_steps < STEPS <= epochs * n_steps
    assert epochs_for(100_000) == MIN_EPOCHS
    assert epochs_for(3, 100) == 34


def test_what_fits_stays_and_is_not_called_cut():
    assert plan_within(1.0, 6.0, 8) == Plan(8, 48.0, is_cut=False)


def test_what_does_not_fit_is_cut_to_a_round_number_below():
    # Of 1000 epochs of 0.7 s 72 fit into what a minute leaves for training.
    assert plan_within(1.0, 0.7, 1000) == Plan(60, pytest.approx(42.0), is_cut=True)


def test_machines_of_like_speed_come_to_the_same_number():
    assert {plan_within(5.0, seconds, 10_000).epochs for seconds in (0.65, 0.70, 0.80, 0.85)} == {300}


def test_one_epoch_is_always_trained():
    assert plan_within(0.1, 3600.0, 50) == Plan(1, 3600.0, is_cut=True)


def test_epochs_that_were_asked_for_stay():
    assert plan_within(1.0, 60.0, 50, is_given=True) == Plan(50, 3000.0, is_cut=False)


@pytest.mark.parametrize(("n_steps", "expected"), [(1, plan.STEPS_PER_LOOK), (13, 3), (40, 1), (41, 1), (5000, 1)])
def test_looks_are_rare_where_epochs_are_short(n_steps, expected):
    assert epochs_per_look(n_steps, 10**6) == expected


@pytest.mark.parametrize(("epochs", "expected"), [(1, 1), (5, 1), (39, 1), (40, 2), (200, 10)])
def test_a_short_training_is_looked_at_twenty_times_or_in_every_epoch(epochs, expected):
    assert epochs_per_look(1, epochs) == expected


@pytest.mark.parametrize(
    ("epochs", "n_steps", "expected"),
    [(1, 10, 5), (25, 10, 5), (26, 10, 6), (1000, 10, 200), (1000, 20, 100), (50, 4000, 5)],
)
def test_patience_is_a_fifth_of_the_epochs_or_2000_steps(epochs, n_steps, expected):
    assert default_patience(epochs, n_steps) == expected


def test_the_cosine_goes_from_the_start_to_a_fiftieth():
    rates = [learning_rate("cosine", 0.1, epoch, 11) for epoch in range(11)]
    assert rates[0] == pytest.approx(0.1)
    # Halfway: the mean of both ends.
    assert rates[5] == pytest.approx(0.051)
    assert rates[-1] == pytest.approx(0.002)
    assert rates == sorted(rates, reverse=True)
    # A run that goes on past its end does not go up again.
    assert learning_rate("cosine", 0.1, 15, 11) == pytest.approx(0.002)
    assert learning_rate("cosine", 0.1, 0, 1) == pytest.approx(0.1)


def test_a_constant_rate_is_constant():
    assert {learning_rate("constant", 0.3, epoch, 5) for epoch in range(5)} == {0.3}
