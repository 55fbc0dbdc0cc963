import pickle

import pytest

from keras_vae import schedules
from keras_vae.schedules import capacity, constant, cyclical, linear


@pytest.mark.parametrize("step", [0, 1, 10**9])
def test_constant_is_the_same_at_every_step(step):
    assert constant(0.3)(step) == 0.3


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        pytest.param(0, 0.1, id="start"),
        pytest.param(5, 0.4, id="half-way"),
        pytest.param(10, 0.7, id="end"),
        pytest.param(11, 0.7, id="after"),
        pytest.param(10**12, 0.7, id="long-after"),
    ],
)
def test_linear_by_hand(step, expected):
    result = linear(10, start=0.1, end=0.7)(step)
    # The ends are exact, without the last digit of 0.1 + 1.0 * (0.7 - 0.1).
    assert result == expected if step != 5 else result == pytest.approx(expected)


def test_linear_may_fall():
    schedule = linear(4, start=1.0, end=0.0)
    assert [schedule(step) for step in range(6)] == [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        pytest.param(0, 0.0, id="start"),
        pytest.param(1, 0.4, id="rising"),
        pytest.param(2, 0.8, id="almost-up"),
        pytest.param(3, 1.0, id="plateau"),
        pytest.param(4, 1.0, id="end-of-cycle"),
        pytest.param(5, 0.0, id="second-cycle"),
        pytest.param(6, 0.4, id="second-cycle-rising"),
        pytest.param(9, 1.0, id="last-step"),
        pytest.param(10, 1.0, id="over"),
        pytest.param(12, 1.0, id="stays-over"),
    ],
)
def test_cyclical_by_hand(step, expected):
    # Two cycles of five steps, each rising over its first 2.5.
    assert cyclical(10, n_cycles=2, ramp=0.5)(step) == pytest.approx(expected)


@pytest.mark.parametrize("n_cycles", [1, 3, 7])
def test_every_cycle_begins_exactly_at_the_start(n_cycles):
    length = 13
    schedule = cyclical(n_cycles * length, n_cycles, start=0.2)
    assert [schedule(k * length) for k in range(n_cycles)] == [0.2] * n_cycles


def test_a_cycle_that_only_rises_equals_a_line():
    cycle, line = cyclical(8, n_cycles=1, ramp=1.0), linear(8)
    assert [cycle(step) for step in range(8)] == [line(step) for step in range(8)]


def test_capacity_rises_to_its_maximum():
    schedule = capacity(4, 25.0, start=5.0)
    assert [schedule(step) for step in (0, 2, 4, 9)] == [5.0, 15.0, 25.0, 25.0]


EVERY_KIND = [
    pytest.param(constant(), "constant(value=1.0)", id="constant"),
    pytest.param(linear(7, end=2), "linear(n_steps=7, start=0.0, end=2.0)", id="linear"),
    pytest.param(cyclical(7, 2), "cyclical(n_steps=7, n_cycles=2, ramp=0.5, start=0.0, end=1.0)", id="cyclical"),
    pytest.param(capacity(7, 9), "capacity(n_steps=7, max_capacity=9.0, start=0.0)", id="capacity"),
]


@pytest.mark.parametrize(("schedule", "expected"), EVERY_KIND)
def test_a_schedule_is_a_pure_function_of_the_step(schedule, expected):
    forwards = [schedule(step) for step in range(10)]
    assert [schedule(step) for step in reversed(range(10))] == forwards[::-1]


@pytest.mark.parametrize(("schedule", "expected"), EVERY_KIND)
def test_a_schedule_prints_as_the_call_that_makes_it(schedule, expected):
    assert repr(schedule) == expected
    assert eval(repr(schedule)) == schedule


@pytest.mark.parametrize(("schedule", "expected"), EVERY_KIND)
def test_a_schedule_can_be_sent_to_another_process(schedule, expected):
    again = pickle.loads(pickle.dumps(schedule))
    assert [again(step) for step in range(10)] == [schedule(step) for step in range(10)]


@pytest.mark.parametrize(("schedule", "expected"), EVERY_KIND)
@pytest.mark.parametrize("step", [-1, 0.5, None, True], ids=repr)
def test_what_is_no_step_is_refused(schedule, expected, step):
    with pytest.raises(ValueError, match=r"`step` must be a whole number >= 0\. Received: step="):
        schedule(step)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(lambda: constant(float("nan")), "`value` must be a finite number", id="constant-value"),
        pytest.param(lambda: linear(0), "`n_steps` must be a whole number >= 1", id="linear-n-steps"),
        pytest.param(lambda: linear(1, start="0"), "`start` must be a finite number", id="linear-start"),
        pytest.param(lambda: linear(1, end=None), "`end` must be a finite number", id="linear-end"),
        pytest.param(lambda: cyclical(10, 0), "`n_cycles` must be a whole number >= 1", id="cyclical-cycles"),
        pytest.param(lambda: cyclical(3, 4), "`n_steps` must be a whole number >= 4", id="cyclical-n-steps"),
        pytest.param(lambda: cyclical(8, ramp=0.0), "`ramp` must be a finite number > 0.0", id="cyclical-ramp"),
        pytest.param(lambda: cyclical(8, ramp=1.1), "and <= 1.0. Received: ramp=1.1", id="cyclical-long-ramp"),
        pytest.param(lambda: cyclical(8, start=None), "`start` must be a finite number", id="cyclical-start"),
        pytest.param(lambda: cyclical(8, end=None), "`end` must be a finite number", id="cyclical-end"),
        pytest.param(lambda: capacity(1, -1.0), "`max_capacity` must be a finite number >= 0.0", id="max-capacity"),
        pytest.param(lambda: capacity(1, 1.0, -1.0), "`start` must be a finite number >= 0.0", id="capacity-start"),
        pytest.param(lambda: capacity(0, 1.0), "`n_steps` must be a whole number >= 1", id="capacity-n-steps"),
    ],
)
def test_arguments_out_of_bounds_are_refused_when_the_schedule_is_made(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_the_module_shows_its_public_names_alone():
    assert dir(schedules) == sorted(schedules.__all__)
    assert all(hasattr(schedules, name) for name in schedules.__all__)
