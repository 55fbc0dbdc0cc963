"""Callbacks: beta by a schedule, latent health per epoch, pictures per epoch."""

import pathlib
import warnings

import keras
import numpy as np

from keras_vae._checks import check_int, check_number
from keras_vae._files import atomic_path
from keras_vae.evaluation.latent import ACTIVE_UNIT_THRESHOLD, active_units, kl_per_dim
from keras_vae.evaluation.plots import plot_grid, value_range_of


class BetaAnnealing(keras.callbacks.Callback):
    """Set `model.beta` by the training step, and log it.

    The step is the optimizer's count, so that a resumed training goes on along the schedule. Beta changes between calls
    of the compiled function, every `steps_per_execution` steps.

    Args:
        schedule: Callable. Step (int, from 0) to beta (float >= 0), such as
            `functools.partial(keras_vae.schedules.linear, n_steps=5000)`.
    """

    def __init__(self, schedule):
        super().__init__()
        if not callable(schedule):
            raise ValueError(f"`schedule` must be a function of the step. Received: schedule={schedule!r}")
        self.schedule = schedule

    def on_train_batch_begin(self, batch, logs=None):
        self.model.beta = self.schedule(int(self.model.optimizer.iterations.numpy()))

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["beta"] = self.model.beta


class CollapseMonitor(keras.callbacks.Callback):
    """Log the number of active units and keep the KL per dimension of every epoch; warn when the latents stay unused.

    Adds `active_units` to the logs; `kl_per_dim` of this object lists `(latent_dim,)` arrays, nats, one per epoch.

    Args:
        x: array `(n, *event_shape)`. Some hundreds of held-out examples are enough.
        threshold: float >= 0. Variance of the posterior mean above which a dimension counts as active.
        patience: int >= 1. Epochs without any active unit before the warning.
    """

    def __init__(self, x, threshold=ACTIVE_UNIT_THRESHOLD, patience=2):
        super().__init__()
        self.x = x
        self.threshold = check_number("threshold", threshold, minimum=0.0)
        self.patience = check_int("patience", patience, 1)
        self.kl_per_dim = []
        self._n_collapsed = 0

    def on_epoch_end(self, epoch, logs=None):
        z_mean, z_log_var = self.model.encode(self.x)
        self.kl_per_dim.append(kl_per_dim(z_mean, z_log_var))
        n_active = int(active_units(z_mean, self.threshold).sum())
        if logs is not None:
            logs["active_units"] = n_active
        self._n_collapsed = 0 if n_active else self._n_collapsed + 1
        if self._n_collapsed == self.patience:
            warnings.warn(
                f"Posterior collapse: none of {z_mean.shape[1]} latent dimensions is active after epoch {epoch + 1} "
                f"(KL {self.kl_per_dim[-1].sum():.3f} nats). Raise beta slowly with `BetaAnnealing`, or lower `beta`.",
                stacklevel=2,
            )


class PictureGrid(keras.callbacks.Callback):
    """Write a picture after every epoch: examples, their reconstructions and samples of the prior, where there is one.

    The codes of the samples are the same in every epoch, so that the pictures show the learning and not the draw.

    Args:
        x: array `(n, *event_shape)`. The first `n_cols` examples are shown.
        folder: str or path. Gets `epoch-0001.png` and so on.
        n_cols: int >= 1.
        seed: int. Seed of the samples.
    """

    def __init__(self, x, folder, n_cols=10, seed=0):
        super().__init__()
        self.n_cols = check_int("n_cols", n_cols, 1)
        self.x = np.asarray(x[:n_cols])
        self.folder = pathlib.Path(folder)
        self.seed = check_int("seed", seed, 0)

    def on_epoch_end(self, epoch, logs=None):
        rows = {"original": self.x, "reconstruction": self.model.reconstruct(self.x)}
        if hasattr(self.model, "sample"):
            rows["sample"] = self.model.sample(len(self.x), seed=self.seed)
        figure = plot_grid(
            [example for row in rows.values() for example in row],
            len(self.x),
            title=f"epoch {epoch + 1}",
            value_range=value_range_of(self.x),
            row_labels=list(rows),
        )
        with atomic_path(self.folder / f"epoch-{epoch + 1:04d}.png") as path:
            figure.savefig(path)
