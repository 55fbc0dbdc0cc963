"""Callback that stops a training when its bound no longer rises."""

import keras

from keras_vae.callbacks.annealing import Annealing


class EarlyStopping(keras.callbacks.EarlyStopping):
    """`keras.callbacks.EarlyStopping` on the bound itself: a loss whose beta still changes says nothing about it.

    Epochs count from the end of the annealing. The weights of the best of them come back at the end.

    Args:
        monitor: str. A metric of `fit`; larger is better for "elbo", "iw_bound" and their validation, smaller for
            others.
        patience: int >= 0. Epochs without improvement before training stops.
        annealing: `Annealing` of the same training, or None.
        restore_best_weights: bool.
        **kwargs: as in Keras: `min_delta`, `verbose` and so on.

    Raises:
        ValueError: for a monitor that moves with the annealing.

    Examples:
        >>> warm_up = kv.callbacks.BetaAnnealing(kv.schedules.linear(n_steps=200))
        >>> stop = kv.callbacks.EarlyStopping(patience=5, annealing=warm_up)
        >>> stop.monitor, stop.patience
        ('val_elbo', 5)
    """

    def __init__(
        self,
        monitor: str = "val_elbo",
        patience: int = 10,
        annealing: Annealing | None = None,
        restore_best_weights: bool = True,
        **kwargs,
    ):
        if annealing is not None and not isinstance(annealing, Annealing):
            raise ValueError(f"`annealing` must be the annealing callback. Received: annealing={annealing!r}")
        if annealing is not None and monitor in ("loss", "val_loss"):
            raise ValueError(
                f"`monitor` must not be a loss that moves with {annealing.attribute}; take 'val_elbo'. "
                f"Received: monitor={monitor!r}"
            )
        better_is_larger = monitor.removeprefix("val_") in ("elbo", "iw_bound")
        arguments = {"mode": "max" if better_is_larger else "min", **kwargs}
        super().__init__(monitor, patience=patience, restore_best_weights=restore_best_weights, **arguments)
        self.annealing = annealing

    def on_epoch_end(self, epoch, logs=None):
        if self.annealing is None or self.annealing.is_over():
            super().on_epoch_end(epoch, logs)
