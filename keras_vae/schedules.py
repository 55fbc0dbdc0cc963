"""Values by training step (KL weight, KL target) as pure functions of the step."""

import math

from keras_vae._checks import check_int, check_number


def constant(step, value=1.0):
    """The same value at every step.

    Args:
        step: int. Training step, counted from 0.
        value: float.

    Returns:
        float, `value`.
    """
    check_int("step", step, 0)
    return check_number("value", value)


def linear(step, n_steps, start=0.0, end=1.0):
    """A straight line from `start` to `end` over `n_steps` steps, then `end`.

    Args:
        step: int. Training step, counted from 0.
        n_steps: int >= 1. Length of the ramp in steps.
        start: float. Value at step 0.
        end: float. Value from step `n_steps` on.

    Returns:
        float.

    References:
        KL annealing of Bowman et al. 2016, section 3.1. https://arxiv.org/abs/1511.06349
    """
    check_int("step", step, 0)
    check_int("n_steps", n_steps, 1)
    fraction = min(step / n_steps, 1.0)
    # The two-sided form returns `end` exactly at the end of the ramp.
    return (1.0 - fraction) * check_number("start", start) + fraction * check_number("end", end)


def cyclical(step, n_steps, n_cycles=4, ramp=0.5, start=0.0, end=1.0):
    """`n_cycles` ramps from `start` to `end` within `n_steps` steps, then `end`.

    Args:
        step: int. Training step, counted from 0.
        n_steps: int >= n_cycles. Steps of all cycles together.
        n_cycles: int >= 1.
        ramp: float in (0, 1]. Part of a cycle spent rising; the rest of it stays at `end`.
        start: float. Value at the beginning of a cycle.
        end: float. Value at its end and after the last one.

    Returns:
        float.

    References:
        Fu et al. 2019, eq. 6. https://arxiv.org/abs/1903.10145
    """
    check_int("step", step, 0)
    check_int("n_cycles", n_cycles, 1)
    check_int("n_steps", n_steps, n_cycles)
    check_number("ramp", ramp, minimum=0.0, maximum=1.0, exclusive=True)
    if step >= n_steps:
        return check_number("end", end)
    position = math.fmod(step * n_cycles / n_steps, 1.0)
    fraction = min(position / ramp, 1.0)
    return (1.0 - fraction) * check_number("start", start) + fraction * check_number("end", end)


def capacity(step, n_steps, max_capacity, start=0.0):
    """Target of the KL term in nats: rises linearly to `max_capacity`, then stays there.

    The loss that uses it is `reconstruction_loss + gamma * |kl - capacity|`.

    Args:
        step: int. Training step, counted from 0.
        n_steps: int >= 1. Length of the ramp in steps.
        max_capacity: float >= 0. Final target, nats.
        start: float >= 0. Target at step 0, nats.

    Returns:
        float, nats.

    References:
        Burgess et al. 2018, eq. 8. https://arxiv.org/abs/1804.03599
    """
    check_number("max_capacity", max_capacity, minimum=0.0)
    check_number("start", start, minimum=0.0)
    return linear(step, n_steps, start=start, end=max_capacity)
