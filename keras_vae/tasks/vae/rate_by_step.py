"""The learning rate of a ladder that begins as a pyramid, step by step: up to its height, then half a wave down."""

from typing import NamedTuple

from keras_vae.callbacks.annealing import Annealing
from keras_vae.tasks.plan import learning_rate

# Steps of the rise, and the share of a short training that it takes at most. Adam's first steps, which are of one size
# for every weight, would lose a part of the start.
RISE, MAX_SHARE = 200, 0.25


class RateBySteps(NamedTuple):
    """Learning rate by training step, for trainings of so few epochs that one rate for each is too coarse.

    Attributes:
        height: float. The highest rate.
        n_steps: int. Steps of the whole training.
        schedule: str. What comes after the rise, as in `tasks.plan.learning_rate`.
    """

    height: float
    n_steps: int
    schedule: str = "cosine"

    def __call__(self, step: int) -> float:
        rise = max(1, min(RISE, round(MAX_SHARE * self.n_steps)))
        share = min(1.0, (step + 1) / rise)
        return share * learning_rate(self.schedule, self.height, step, self.n_steps)


class RateCallback(Annealing):
    """Set the learning rate by the step of the training, and log it.

    Args:
        schedule: Callable. Step (int, from 0) to the rate, such as a `RateBySteps`.
    """

    attribute = "rate"

    @property
    def owner(self):
        return self

    @property
    def rate(self):
        """The learning rate at this moment."""
        return float(self.model.optimizer.learning_rate.numpy())

    @rate.setter
    def rate(self, value):
        self.model.optimizer.learning_rate = value

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["learning_rate"] = self.rate
