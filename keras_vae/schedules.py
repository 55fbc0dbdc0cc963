"""Values that change with the training step, such as the weight of the KL: made once, then called with the step."""

import dataclasses
import math
from collections.abc import Callable

from keras_vae._checks import check_int, check_number

__all__ = ["Schedule", "capacity", "constant", "cyclical", "linear"]


@dataclasses.dataclass(frozen=True, repr=False)
class Schedule:
    """A value for every training step; `linear` and the other functions of this module make one.

    It has no state: a step always gives the same value. It prints as the call that made it.

    Attributes:
        name: str. Name of the function that made it.
        formula: Callable from a step, counted from 0, and `arguments` to a float.
        arguments: dict. The arguments it was made with, checked.

    Examples:
        >>> schedule = kv.schedules.linear(n_steps=100)
        >>> schedule, schedule(25)
        (linear(n_steps=100, start=0.0, end=1.0), 0.25)
    """

    name: str
    formula: Callable[..., float]
    arguments: dict[str, float]

    def __call__(self, step: int) -> float:
        """The value at a step.

        Args:
            step: int >= 0. Training step, counted from 0.

        Raises:
            ValueError: if `step` is not a whole number >= 0.
        """
        return self.formula(check_int("step", step, 0), **self.arguments)

    def __repr__(self):
        return f"{self.name}({', '.join(f'{name}={value!r}' for name, value in self.arguments.items())})"


def constant(value: float = 1.0) -> Schedule:
    """The same value at every step.

    Args:
        value: float.

    Returns:
        `Schedule`, called with the step.

    Raises:
        ValueError: if `value` is not a finite number.

    Examples:
        >>> kv.schedules.constant(0.5)(1000)
        0.5
    """
    return Schedule("constant", _constant, {"value": check_number("value", value)})


def linear(n_steps: int, start: float = 0.0, end: float = 1.0) -> Schedule:
    """A straight line from `start` to `end` over `n_steps` steps, then `end`.

    Args:
        n_steps: int >= 1. Length of the ramp in steps.
        start: float. Value at step 0.
        end: float. Value from step `n_steps` on.

    Returns:
        `Schedule`, called with the step.

    Raises:
        ValueError: if an argument is out of bounds.

    Examples:
        >>> warm_up = kv.schedules.linear(n_steps=5000)
        >>> warm_up(0), warm_up(2500), warm_up(10_000)
        (0.0, 0.5, 1.0)

    References:
        KL annealing of Bowman et al. 2016, section 3.1. https://arxiv.org/abs/1511.06349
    """
    arguments = {
        "n_steps": check_int("n_steps", n_steps, 1),
        "start": check_number("start", start),
        "end": check_number("end", end),
    }
    return Schedule("linear", _linear, arguments)


def cyclical(n_steps: int, n_cycles: int = 4, ramp: float = 0.5, start: float = 0.0, end: float = 1.0) -> Schedule:
    """`n_cycles` ramps from `start` to `end` within `n_steps` steps, then `end`.

    Args:
        n_steps: int >= n_cycles. Steps of all cycles together.
        n_cycles: int >= 1.
        ramp: float in (0, 1]. Share of a cycle in which the value rises; for the rest of the cycle it stays at `end`.
        start: float. Value at the beginning of a cycle.
        end: float. Value at the end of a cycle and after the last one.

    Returns:
        `Schedule`, called with the step.

    Raises:
        ValueError: if an argument is out of bounds.

    Examples:
        >>> cycles = kv.schedules.cyclical(n_steps=400, n_cycles=4, ramp=0.5)
        >>> cycles(0), cycles(25), cycles(75), cycles(100)
        (0.0, 0.5, 1.0, 0.0)

    References:
        Fu et al. 2019, eq. 6. https://arxiv.org/abs/1903.10145
    """
    n_cycles = check_int("n_cycles", n_cycles, 1)
    arguments = {
        "n_steps": check_int("n_steps", n_steps, n_cycles),
        "n_cycles": n_cycles,
        "ramp": check_number("ramp", ramp, minimum=0.0, maximum=1.0, exclusive=True),
        "start": check_number("start", start),
        "end": check_number("end", end),
    }
    return Schedule("cyclical", _cyclical, arguments)


def capacity(n_steps: int, max_capacity: float, start: float = 0.0) -> Schedule:
    """Target of the KL term in nats: rises linearly to `max_capacity`, then stays there.

    The loss that uses it is `reconstruction_loss + gamma * |kl - capacity|`.

    Args:
        n_steps: int >= 1. Length of the ramp in steps.
        max_capacity: float >= 0. Final target, nats.
        start: float >= 0. Target at step 0, nats.

    Returns:
        `Schedule`, called with the step; its values are nats.

    Raises:
        ValueError: if an argument is out of bounds.

    Examples:
        >>> kv.schedules.capacity(n_steps=5000, max_capacity=25.0)(1000)
        5.0

    References:
        Burgess et al. 2018, eq. 8. https://arxiv.org/abs/1804.03599
    """
    arguments = {
        "n_steps": check_int("n_steps", n_steps, 1),
        "max_capacity": check_number("max_capacity", max_capacity, minimum=0.0),
        "start": check_number("start", start, minimum=0.0),
    }
    return Schedule("capacity", _capacity, arguments)


def _constant(step, value):
    return value


def _linear(step, n_steps, start, end):
    return _between(start, end, min(step / n_steps, 1.0))


def _cyclical(step, n_steps, n_cycles, ramp, start, end):
    if step >= n_steps:
        return end
    position = math.fmod(step * n_cycles / n_steps, 1.0)
    return _between(start, end, min(position / ramp, 1.0))


def _capacity(step, n_steps, max_capacity, start):
    return _linear(step, n_steps, start, max_capacity)


def _between(start, end, fraction):
    # Not start + fraction * (end - start), which can miss `end` by a rounding at the end of the ramp.
    return (1.0 - fraction) * start + fraction * end


def __dir__():
    return __all__
