"""Callback that keeps the weights of the epoch with the best held-out bound, also across an interruption."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from keras_vae._checks import check_int


class KeepBest(keras.callbacks.Callback):
    """Remember the weights of the best epoch, and stop when there has been none for long.

    What it does follows from the metrics alone. Given the history and the best weights of an interrupted training, it
    goes on as if there had been no interruption. `restore` puts the best weights into the model; the training itself
    ends with the last ones, from which it can go on.

    Args:
        monitor: str. A metric of `fit`. Epochs without it, or where it is not finite, do not count.
        patience: int >= 1, or None. Epochs since the best one, the start aside, after which training stops, at the next
            one that has the metric; None never stops. A good start may be lost at first, and be passed later.
        history: dict of lists by name, as `fit` gives it: the epochs of the training so far.
        weights: list of arrays or None. The weights of the best epoch so far.
        start: float or None. The metric before the first epoch, for a training that starts from more than chance: the
            weights of the start are then those of epoch 0.
        larger_is_better: bool or None. None is True for "elbo", "iw_bound" and their validation, else False.

    Raises:
        ValueError: for a number out of bounds.
    """

    def __init__(
        self,
        monitor: str = "val_elbo",
        patience: int | None = None,
        history: Mapping[str, Sequence[float]] | None = None,
        weights: Sequence[np.ndarray] | None = None,
        start: float | None = None,
        larger_is_better: bool | None = None,
    ):
        super().__init__()
        self.monitor = monitor
        self.patience = None if patience is None else check_int("patience", patience, 1)
        self.weights = None if weights is None else list(weights)
        self.start = start
        if larger_is_better is None:
            larger_is_better = monitor.removeprefix("val_") in ("elbo", "iw_bound")
        self.larger_is_better = larger_is_better
        self.values = []
        # Number of the best epoch, the start aside.
        self._best = None
        for value in (history or {}).get(monitor, ()):
            self._append(value)

    @property
    def epoch(self) -> int | None:
        """Number of the best epoch, from 1, the first one of equals; 0 for the start. None before there is one."""
        if self.start is None or (self._best is not None and self._is_better(self.values[self._best - 1], self.start)):
            return self._best
        return 0

    @property
    def is_over(self) -> bool:
        """Whether the last improvement is too long ago, as the last epoch shows."""
        if self.patience is None or not self.values or not math.isfinite(self.values[-1]):
            return False
        return self._best is not None and len(self.values) - self._best >= self.patience

    def _is_better(self, value, other):
        return value > other if self.larger_is_better else value < other

    def _append(self, value):
        """Take in the metric of one more epoch."""
        self.values.append(float(value))
        if math.isfinite(value) and (self._best is None or self._is_better(value, self.values[self._best - 1])):
            self._best = len(self.values)

    def begin(self, model: keras.Model, start: float) -> None:
        """Take the weights that a model starts from as those of epoch 0.

        Args:
            model: the model, before its first step.
            start: float. Its metric.
        """
        self.start, self.weights = float(start), model.get_weights()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._append((logs or {}).get(self.monitor, math.nan))
        if self.epoch == len(self.values):
            self.weights = self.model.get_weights()
        if self.is_over:
            self.model.stop_training = True

    def restore(self, model: keras.Model) -> int | None:
        """Put the weights of the best epoch into the model, if there is one.

        Returns:
            int or None. Number of that epoch.
        """
        if self.weights is None:
            return None
        model.set_weights(self.weights)
        return self.epoch
