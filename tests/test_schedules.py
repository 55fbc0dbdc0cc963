import pytest

from keras_vae.schedules import capacity, constant, cyclical, linear


@pytest.mark.parametrize("step", [0, 1, 10**9])
def test_constant_is_the_same_at_every_step(step):
    assert constant(step, 0.3) == 0.3


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
    result = linear(step, 10, start=0.1, end=0.7)
    # The ends are exact, without the last digit of 0.1 + 1.0 * (0.7 - 0.1).
    assert result == expected if step != 5 else result == pytest.approx(expected)


def test_linear_may_fall():
    assert [linear(s, 4, start=1.0, end=0.0) for s in range(6)] == [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]


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
    assert cyclical(step, 10, n_cycles=2, ramp=0.5) == pytest.approx(expected)


@pytest.mark.parametrize("n_cycles", [1, 3, 7])
def test_every_cycle_begins_exactly_at_the_start(n_cycles):
    length = 13
    starts = [cyclical(k * length, n_cycles * length, n_cycles, start=0.2) for k in range(n_cycles)]
    assert starts == [0.2] * n_cycles


def test_a_cycle_that_only_rises_equals_a_line():
    assert [cyclical(s, 8, n_cycles=1, ramp=1.0) for s in range(8)] == [linear(s, 8) for s in range(8)]


def test_capacity_rises_to_its_maximum():
    assert [capacity(s, 4, 25.0, start=5.0) for s in (0, 2, 4, 9)] == [5.0, 15.0, 25.0, 25.0]


@pytest.mark.parametrize("schedule", [constant, lambda s: linear(s, 7), lambda s: cyclical(s, 7, 2)])
def test_a_schedule_is_a_pure_function_of_the_step(schedule):
    forwards = [schedule(s) for s in range(10)]
    assert [schedule(s) for s in reversed(range(10))] == forwards[::-1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        pytest.param(lambda: constant(-1), "`step` must be a whole number >= 0", id="constant-step"),
        pytest.param(lambda: constant(0, float("nan")), "`value` must be a finite number", id="constant-value"),
        pytest.param(lambda: linear(0.5, 10), "`step` must be a whole number >= 0", id="linear-step"),
        pytest.param(lambda: linear(0, 0), "`n_steps` must be a whole number >= 1", id="linear-n-steps"),
        pytest.param(lambda: linear(0, 1, start="0"), "`start` must be a finite number", id="linear-start"),
        pytest.param(lambda: linear(0, 1, end=None), "`end` must be a finite number", id="linear-end"),
        pytest.param(lambda: cyclical(-1, 10), "`step` must be a whole number >= 0", id="cyclical-step"),
        pytest.param(lambda: cyclical(0, 10, 0), "`n_cycles` must be a whole number >= 1", id="cyclical-cycles"),
        pytest.param(lambda: cyclical(0, 3, 4), "`n_steps` must be a whole number >= 4", id="cyclical-n-steps"),
        pytest.param(lambda: cyclical(0, 8, ramp=0.0), "`ramp` must be a finite number > 0.0", id="cyclical-ramp"),
        pytest.param(lambda: cyclical(0, 8, ramp=1.1), "and <= 1.0. Received: ramp=1.1", id="cyclical-long-ramp"),
        pytest.param(lambda: cyclical(0, 8, start=None), "`start` must be a finite number", id="cyclical-start"),
        pytest.param(lambda: cyclical(0, 8, end=None), "`end` must be a finite number", id="cyclical-end"),
        pytest.param(lambda: cyclical(9, 8, end=None), "`end` must be a finite number", id="cyclical-end-when-over"),
        pytest.param(lambda: capacity(0, 1, -1.0), "`max_capacity` must be a finite number >= 0.0", id="max-capacity"),
        pytest.param(lambda: capacity(0, 1, 1.0, -1.0), "`start` must be a finite number >= 0.0", id="capacity-start"),
        pytest.param(lambda: capacity(0, 0, 1.0), "`n_steps` must be a whole number >= 1", id="capacity-n-steps"),
    ],
)
def test_arguments_out_of_bounds_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
