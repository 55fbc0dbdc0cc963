"""How a task trains its model: for how long, at which rate, when it is over, and which weights are kept."""

import functools
import math

import keras
import numpy as np

from keras_vae.callbacks.keep_best import KeepBest
from keras_vae.tasks.plan import (
    STEPS,
    default_patience,
    epochs_for,
    epochs_per_look,
    learning_rate,
    plan_within,
)
from keras_vae.tasks.task_data import TaskData
from keras_vae.training.rehearsal import rehearse

# Of Adam, where nothing is said.
LEARNING_RATE = 1e-3


class TaskTraining(TaskData):
    """What a `Task` does from its data to a trained model. After `fit` there are `model_` and `history_`."""

    def build_model(self):
        """The compiled, untrained model, made from `settings_` and what `prepare` has learned.

        Raises:
            ValueError: for settings that make no model.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement `build_model()`.")

    def choose(self, data):
        """Values for settings that were left None, chosen by the data.

        Args:
            data: as `load` gives it.

        Returns:
            dict by name, here of batch size and number of epochs; `settings_` has the settings that were given.
        """
        batch_size = self.settings_["batch_size"] or self.default_batch_size(data)
        n_steps = math.ceil(data.n_train / batch_size)
        epochs = self.settings_["epochs"] or epochs_for(n_steps, self.n_wanted_steps(data))
        return {
            "batch_size": batch_size,
            "epochs": epochs,
            "patience": self.settings_["patience"] or default_patience(epochs, n_steps),
            "learning_rate": LEARNING_RATE,
        }

    def default_batch_size(self, data):
        """Examples per step where nothing is said: about twenty steps per epoch, a power of two from 16 to 128."""
        return int(2 ** np.clip(round(math.log2(max(1, data.n_train) / 20)), 4, 7))

    def n_wanted_steps(self, data):
        """Steps of a whole training where nothing is said and the minutes are enough."""
        return STEPS

    @property
    def epochs_are_open(self):
        """Whether nobody has asked for a number of epochs, and no run has one."""
        return self.epochs is None

    def plan(self, model, data):
        """Measure how fast the model learns, and cut the epochs to the minutes where nobody has asked for so many.

        Args:
            model: as `build_model` gives it; it is afterwards as it was before.
            data: as `load` gives it.

        Returns:
            `Plan`. Its epochs, and the patience that follows from them, are in `settings_`.
        """
        n_steps, settings = self.steps_per_epoch(data), self.settings_
        held_out = self.validation_rows(data)
        pace = rehearse(model, self.batches(data), n_steps, held_out)
        per_epoch = pace.epoch(
            n_steps, 0 if held_out is None else data.n_validation / epochs_per_look(n_steps, settings["epochs"])
        )
        plan = plan_within(settings["minutes"], per_epoch, settings["epochs"], not self.epochs_are_open)
        settings["epochs"] = plan.epochs
        if self.patience is None:
            settings["patience"] = default_patience(plan.epochs, n_steps)
        return plan

    def validation_rows(self, data):
        """The rows by which training is stopped and weights are kept, as the model takes them; None without any."""
        return self.rows(data, "validation") if data.n_validation else None

    def keep_best(self, history=None, weights=None, start=None):
        """The callback that keeps the weights of the best epoch and ends the training; arguments as in `KeepBest`."""
        return KeepBest(patience=self.settings_["patience"], history=history, weights=weights, start=start)

    def judge_start(self, model, data, keeper):
        """Let the keeper know how good the start is, where it is better than chance; here it is not."""

    def train(self, model, data, start_epoch=0, callbacks=(), **kwargs):
        """Train a model, from the state after `start_epoch` epochs to the last one, or until it is over.

        Args:
            model: as `build_model` gives it, or one that was saved after so many epochs.
            data: as `load` gives it.
            start_epoch: int.
            callbacks: list of further callbacks, one of `keep_best` among them for a training that may end early.
            **kwargs: `verbose` and the like, as in `keras.Model.fit`.

        Returns:
            `keras.callbacks.History`.
        """
        settings, n_steps = self.settings_, self.steps_per_epoch(data)
        rate = functools.partial(learning_rate, settings["schedule"], settings["learning_rate"])
        schedule = keras.callbacks.LearningRateScheduler(lambda epoch, _: rate(epoch, settings["epochs"]))
        return model.fit(
            self.batches(data, start_epoch=start_epoch),
            initial_epoch=start_epoch,
            epochs=settings["epochs"],
            steps_per_epoch=n_steps,
            validation_data=self.validation_rows(data),
            validation_freq=epochs_per_look(n_steps, settings["epochs"]),
            callbacks=[schedule, *callbacks],
            **kwargs,
        )

    def finish(self, model, data):
        """What is done with the trained model before it is judged and kept, such as a sampler fitted to its codes."""

    def fit(self, data, y=None, verbose="auto"):
        """Load, prepare, build and train; the same model as a run of the shell with the same settings.

        Args:
            data: as `load` takes it.
            y: ignored; scikit-learn passes it.
            verbose: as in `keras.Model.fit`.

        Returns:
            self, with `model_` and `history_`.

        Raises:
            ValueError: for settings out of range, or data that do not fit them.
        """
        data = self.load(data)
        self.prepare(data)
        self.model_ = self.build_model()
        self.plan_ = self.plan(self.model_, data)
        keeper = self.keep_best()
        self.judge_start(self.model_, data, keeper)
        self.history_ = self.train(self.model_, data, callbacks=[keeper], verbose=verbose).history
        self.kept_epoch_ = keeper.restore(self.model_)
        self.finish(self.model_, data)
        return self
