"""How long a training will take: a few steps on trial, after which everything is as it was before."""

import contextlib
import time
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from keras_vae.training.batch import split_condition
from keras_vae.training.rows import head

# Long enough to even out a busy machine, short enough not to be missed.
SECONDS = 2.0
# Rows or batches of the validation that are looked at for it.
SOME_ROWS, SOME_BATCHES = 512, 4


class Pace(NamedTuple):
    """What a model needs for its work on this machine.

    Attributes:
        step: float. Seconds per training step.
        row: float. Seconds per row of the validation.
        start: float. Seconds before the first step: the graph is made.
    """

    step: float
    row: float
    start: float

    def epoch(self, n_steps: int, n_validation: int = 0) -> float:
        """Seconds per epoch of so many steps, with a look at so many validation rows."""
        return n_steps * self.step + n_validation * self.row


def rehearse(model, batches, steps_per_epoch: int, validation=None, seconds: float = SECONDS) -> Pace:
    """Train for some seconds, measure, and put weights, optimizer and random state back.

    The graphs that are made for it stay: the training that follows starts at once.

    Args:
        model: compiled `Trainer`, built.
        batches: `tf.data.Dataset` without end.
        steps_per_epoch: int. As in the training that follows, or the graph would be another one.
        validation: array of the validation rows, a dict of it and the condition, or `tf.data.Dataset` of batches of
            them, of which some are used; or None.
        seconds: float. How long to train on trial.

    Returns:
        `Pace`.
    """
    with as_before(model):
        watch = _Watch(seconds)
        model.fit(batches, steps_per_epoch=steps_per_epoch, epochs=10**6, callbacks=[watch], verbose=0)
        row = 0.0
        if validation is not None:
            some, n_rows = _some(validation)
            model.evaluate(some, verbose=0)
            begun = time.perf_counter()
            model.evaluate(some, verbose=0)
            row = (time.perf_counter() - begun) / n_rows
    return Pace(watch.seconds_per_step, row, watch.seconds_to_start)


def _some(validation):
    """The first rows, and how many they are."""
    if not isinstance(validation, tf.data.Dataset):
        some = head(validation, SOME_ROWS)
        return some, split_condition(some)[0].shape[0]
    some = validation.take(SOME_BATCHES)
    return some, sum(len(tf.nest.flatten(batch)[0]) for batch in some)


@contextlib.contextmanager
def as_before(model):
    """Put back, after the block, every number that a training changes.

    Args:
        model: compiled `Trainer`, built.
    """
    state = state_of(model)
    try:
        yield
    finally:
        put_back(model, state)
        model.stop_training = False


def state_of(model) -> list[np.ndarray]:
    """Every number that a training changes and an epoch does not begin anew: weights, optimizer, random state.

    Args:
        model: compiled `Trainer`, built.
    """
    model._build_optimizer()
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in _variables(model)]


def put_back(model, state: list[np.ndarray]) -> None:
    """Give a model the state that it had, as `state_of` has kept it."""
    for variable, value in zip(_variables(model), state, strict=True):
        variable.assign(value)


def _variables(model):
    # Not those of metrics, which every epoch resets: to read them takes all workers, and one alone would wait for ever.
    metrics = {id(variable) for variable in model.metrics_variables}
    variables = (*model.variables, *model.optimizer.variables)
    return list({id(v): v for v in variables if id(v) not in metrics}.values())


class _Watch(keras.callbacks.Callback):
    """Stop after some seconds, and say how long a step has taken, the first call left out."""

    # Asked at the end of a call of several steps; that is enough.
    looks_at_batches = False

    def __init__(self, seconds):
        super().__init__()
        self.seconds = seconds
        self.first = self.last = None
        self.n_calls = 0

    def on_train_begin(self, logs=None):
        self.begun = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self.last = time.perf_counter()
        step = self.model.optimizer.iterations
        if self.first is None:
            self.first, self.first_step = self.last, int(step)
        elif self.last - self.first > self.seconds:
            self.model.stop_training = True
        self.last_step = int(step)

    def on_epoch_end(self, epoch, logs=None):
        # A set of one batch has no second call in its first epoch.
        if self.last - self.first > self.seconds:
            self.model.stop_training = True

    @property
    def seconds_to_start(self):
        """Seconds until the first call was done."""
        return self.first - self.begun

    @property
    def seconds_per_step(self):
        """Mean seconds per step, what is between epochs included."""
        return (self.last - self.first) / max(1, self.last_step - self.first_step)
