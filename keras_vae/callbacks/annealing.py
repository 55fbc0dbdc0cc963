"""Callbacks that set a number of the model by a schedule: beta, or the capacity of its objective."""

import warnings
from collections.abc import Callable

import keras

# A step behind the end of any schedule.
FAR = 2**40


class Annealing(keras.callbacks.Callback):
    """Base of the callbacks that set a number by the training step, and log it.

    The step is the optimizer's count, so that a resumed training goes on along the schedule. The number changes between
    calls of the compiled function, every `steps_per_execution` steps. A schedule longer than the training is warned
    about: the model has then been trained on another loss than the one that was meant.

    A subclass names the number in `attribute`, and its owner by `owner` where that is not the model.

    Args:
        schedule: Callable. Step (int, from 0) to the number, such as `keras_vae.schedules.linear(n_steps=5000)`.

    Raises:
        ValueError: for something that cannot be called.

    Examples:
        >>> class LearningRate(kv.callbacks.Annealing):
        ...     attribute = "learning_rate"
        ...     owner = property(lambda self: self.model.optimizer)
        >>> LearningRate(kv.schedules.linear(n_steps=100, start=0.01, end=0.0)).schedule(50)
        0.005
    """

    attribute = None
    # The number changes between calls of the compiled function.
    looks_at_batches = False

    def __init__(self, schedule: Callable[[int], float]):
        super().__init__()
        if not callable(schedule):
            raise ValueError(f"`schedule` must be a function of the step. Received: schedule={schedule!r}")
        self.schedule = schedule

    @property
    def owner(self):
        """The object whose attribute is set."""
        return self.model

    @property
    def step(self) -> int:
        """Training steps that the model has made."""
        return int(self.model.optimizer.iterations.numpy())

    def is_over(self) -> bool:
        """Whether the number stays at its end from here on, as far as a look ahead can tell."""
        ahead = {self.schedule(self.step + n) for n in (0, *(2**i for i in range(31)))}
        return ahead == {self.schedule(FAR)}

    def on_train_begin(self, logs=None):
        self._is_checked = False

    def on_epoch_begin(self, epoch, logs=None):
        steps = self.params.get("steps")
        if self._is_checked or not steps:
            return
        self._is_checked = True
        n_steps = self.step + steps * (self.params["epochs"] - epoch)
        last = self.schedule(n_steps)
        if last != self.schedule(FAR):
            warnings.warn(
                f"The schedule of {self.attribute} is longer than the training of {n_steps} steps: {self.attribute} "
                f"ends at {last:g} instead of {self.schedule(FAR):g}. Shorten it, or train for more `epochs`.",
                stacklevel=2,
            )

    def on_train_batch_begin(self, batch, logs=None):
        setattr(self.owner, self.attribute, self.schedule(self.step))

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs[self.attribute] = getattr(self.owner, self.attribute)


class BetaAnnealing(Annealing):
    """Set `model.beta` by the training step: a warm-up with `schedules.linear`, cycles with `schedules.cyclical`.

    To stop early, watch a number without beta in it: see `EarlyStopping`.

    Args:
        schedule: Callable. Step (int, from 0) to beta (float >= 0), such as `keras_vae.schedules.linear(n_steps=5000)`.

    Examples:
        >>> model = kv.make_vae((8, 8, 1), latent_dim=4, hidden_units=(32,), seed=0)
        >>> model.compile("adam")
        >>> warm_up = kv.callbacks.BetaAnnealing(kv.schedules.linear(n_steps=20))
        >>> model.fit(x_train, epochs=1, callbacks=[warm_up], verbose=0).history["beta"]
        [1.0]

    References:
        Bowman et al. 2016, section 3.1. https://arxiv.org/abs/1511.06349
        Fu et al. 2019, eq. 6 (cyclical). https://arxiv.org/abs/1903.10145
    """

    attribute = "beta"


class CapacityAnnealing(Annealing):
    """Set `model.objective.capacity` by the training step, for a model made with `objective=ELBO(capacity=0.0)`.

    Args:
        schedule: Callable. Step (int, from 0) to nats, such as
            `keras_vae.schedules.capacity(n_steps=5000, max_capacity=25.0)`.

    Raises:
        ValueError: when a training begins, for a model whose objective has no capacity.

    Examples:
        >>> held = kv.objectives.ELBO(beta=10.0, capacity=0.0)
        >>> model = kv.make_vae((8, 8, 1), latent_dim=4, hidden_units=(32,), objective=held, seed=0)
        >>> model.compile("adam")
        >>> rise = kv.callbacks.CapacityAnnealing(kv.schedules.capacity(n_steps=20, max_capacity=5.0))
        >>> model.fit(x_train, epochs=1, callbacks=[rise], verbose=0).history["capacity"]
        [5.0]

    References:
        Burgess et al. 2018, eq. 8. https://arxiv.org/abs/1804.03599
    """

    attribute = "capacity"

    @property
    def owner(self):
        """The objective of the model."""
        return self.model.objective

    def on_train_begin(self, logs=None):
        objective = getattr(self.model, "objective", None)
        if getattr(objective, "capacity", None) is None:
            raise ValueError(
                "`capacity` must be given when the model is made, such as "
                f"objective=keras_vae.objectives.ELBO(capacity=0.0), to be changed. Received: objective={objective!r}"
            )
        super().on_train_begin(logs)
