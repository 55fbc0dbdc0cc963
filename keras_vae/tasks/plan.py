"""How long a training is to be: as many epochs as the data call for, fewer where they do not fit into the minutes."""

import bisect
import math
from typing import NamedTuple

# Steps of a whole training where nothing is said and the minutes are enough; what overfits is stopped before. A use
# whose models need fewer says so.
STEPS = 60_000
MIN_EPOCHS = 10
# Looking at the validation part every so many steps costs little, and says soon enough that a training is over.
STEPS_PER_LOOK = 40
# A training is over after this share of its epochs without a better held-out bound, or so many steps where these are
# fewer; but never before so many epochs.
PATIENCE, PATIENT_STEPS, MIN_PATIENCE = 0.2, 2000, 5
# Share of the minutes for what comes before and after the steps: reading, measuring, figures and pictures.
FOR_THE_REST = 0.15
# So many numbers of epochs are left to a plan that was measured: the same machine comes to the same number again.
ROUND = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)


class Plan(NamedTuple):
    """The length of a training.

    Attributes:
        epochs: int. Passes over the training part.
        seconds: float or None. How long they will take; None where it was not measured.
        is_cut: bool. Whether there would be more epochs, had they fitted into the minutes.
    """

    epochs: int
    seconds: float | None = None
    is_cut: bool = False


def epochs_for(n_steps: int, n_wanted: int = STEPS) -> int:
    """Epochs that make so many steps together.

    Args:
        n_steps: int >= 1. Steps per epoch.
        n_wanted: int >= 1. Steps of the whole training.
    """
    return max(MIN_EPOCHS, math.ceil(n_wanted / n_steps))


def plan_within(minutes: float, seconds_per_epoch: float, most: int, is_given: bool = False) -> Plan:
    """The epochs that fit into the minutes, with what comes before and after them.

    Args:
        minutes: float. How long all of it may take.
        seconds_per_epoch: float, as measured.
        most: int >= 1. Epochs that the data call for, or that were asked for.
        is_given: bool. Whether they were asked for: then they stay.

    Returns:
        `Plan` of at least one epoch.
    """
    fitting = 60.0 * (1.0 - FOR_THE_REST) * minutes / seconds_per_epoch
    if is_given or most <= fitting:
        return Plan(most, most * seconds_per_epoch)
    epochs = round_down(fitting)
    return Plan(epochs, epochs * seconds_per_epoch, is_cut=True)


def round_down(number: float) -> int:
    """The largest of 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40 ... that is not above a number; at least 1."""
    if number < 1:
        return 1
    # Not by a logarithm: that of 999.9999999999999 is 3.
    power = 10 ** (len(str(int(number))) - 1)
    whole = [int(digits * power) for digits in ROUND if digits * power == int(digits * power)]
    return whole[bisect.bisect_right(whole, number) - 1]


def epochs_per_look(n_steps: int, epochs: int) -> int:
    """Epochs from one look at the validation part to the next: one, more where an epoch is only a few steps.

    Args:
        n_steps: int >= 1. Steps per epoch.
        epochs: int >= 1. Of the whole training, which has at least twenty looks, or one in every epoch.
    """
    return max(1, min(STEPS_PER_LOOK // n_steps, epochs // 20))


def default_patience(epochs: int, n_steps: int) -> int:
    """Epochs without improvement after which a training is over.

    Args:
        epochs: int >= 1. Of the whole training.
        n_steps: int >= 1. Steps per epoch.
    """
    return max(MIN_PATIENCE, math.ceil(min(PATIENCE * epochs, PATIENT_STEPS / n_steps)))


def learning_rate(schedule: str, start: float, epoch: int, epochs: int) -> float:
    """The learning rate of an epoch.

    Args:
        schedule: "constant", or "cosine": half a wave from `start` down to a fiftieth of it in the last epoch.
        start: float. Learning rate of the first epoch.
        epoch: int, from 0.
        epochs: int. Of the whole training.

    References:
        Loshchilov & Hutter 2017, eq. 5, without restarts. https://arxiv.org/abs/1608.03983
    """
    if schedule == "constant":
        return start
    share = min(1.0, epoch / max(1, epochs - 1))
    return start * (0.02 + 0.98 * 0.5 * (1.0 + math.cos(math.pi * share)))
