"""Callbacks: numbers by a schedule, stopping on the bound, an encoder trained ahead, latent health, pictures."""

import pathlib
import warnings

import keras
import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int, check_number
from keras_vae._files import atomic_path
from keras_vae.evaluation.kl_split import kl_split
from keras_vae.evaluation.latent import ACTIVE_UNIT_THRESHOLD, active_units, kl_per_dim
from keras_vae.evaluation.plots import plot_grid, value_range_of
from keras_vae.models.data_checks import check_array

# A step behind the end of any schedule.
FAR = 2**40


class Annealing(keras.callbacks.Callback):
    """Base of the callbacks that set a number of the model by the training step, and log it.

    The step is the optimizer's count, so that a resumed training goes on along the schedule. The number changes between
    calls of the compiled function, every `steps_per_execution` steps. A schedule that has not come to its end when the
    training does is warned about: the model has then been trained on another loss than the one that was meant.

    Args:
        schedule: Callable. Step (int, from 0) to the number, such as
            `functools.partial(keras_vae.schedules.linear, n_steps=5000)`.
    """

    attribute = None

    def __init__(self, schedule):
        super().__init__()
        if not callable(schedule):
            raise ValueError(f"`schedule` must be a function of the step. Received: schedule={schedule!r}")
        self.schedule = schedule

    @property
    def step(self):
        """Training steps behind the model."""
        return int(self.model.optimizer.iterations.numpy())

    def is_over(self):
        """Whether the number stays what it will be at the end from here on, as far as a look ahead can tell."""
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
                f"ends at {last:g} in place of {self.schedule(FAR):g}. Shorten it, or train for more `epochs`.",
                stacklevel=2,
            )

    def on_train_batch_begin(self, batch, logs=None):
        setattr(self.model, self.attribute, self.schedule(self.step))

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs[self.attribute] = getattr(self.model, self.attribute)


class BetaAnnealing(Annealing):
    """Set `model.beta` by the training step: a warm-up with `schedules.linear`, cycles with `schedules.cyclical`.

    Stop early on what has no beta in it: see `EarlyStopping`.

    Args:
        schedule: Callable. Step (int, from 0) to beta (float >= 0).

    References:
        Bowman et al. 2016, section 3.1. https://arxiv.org/abs/1511.06349
        Fu et al. 2019, eq. 6 (cyclical). https://arxiv.org/abs/1903.10145
    """

    attribute = "beta"


class CapacityAnnealing(Annealing):
    """Set `model.capacity` by the training step, for a model made with `capacity=`.

    Args:
        schedule: Callable. Step (int, from 0) to nats, such as
            `functools.partial(keras_vae.schedules.capacity, n_steps=5000, max_capacity=25.0)`.

    References:
        Burgess et al. 2018, eq. 8. https://arxiv.org/abs/1804.03599
    """

    attribute = "capacity"


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
    """

    def __init__(self, monitor="val_elbo", patience=10, annealing=None, restore_best_weights=True, **kwargs):
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


class AggressiveEncoder(keras.callbacks.Callback):
    """Train the encoder ahead of the decoder before every step, as long as that makes the codes say more about x.

    Before an ordinary step the encoder alone is trained until its loss stops falling. This ends for good after the
    first epoch in which the mutual information of x and z does not rise. Needs `compile(steps_per_execution=1)`.
    Adds `mutual_information` (nats, at most log of the rows looked at) to the logs of these epochs.

    Args:
        x: array `(n, *event_shape)`. Training data for the inner steps.
        x_val: array or None. Rows for the mutual information; None takes the first 1,000 of x.
        max_inner_steps: int >= 1. Encoder steps before one ordinary step.
        window: int >= 1. Inner steps over which the loss is averaged to see whether it falls.
        batch_size: int >= 1. Of the inner steps.
        seed: int. Of the order of x.
        y: array `(n, *target_shape)` of the targets where they are not x itself, or None.

    Raises:
        ValueError: for a model whose q(z|x) is not the Gaussian of its encoder, or several steps per call.

    References:
        He et al. 2019, algorithm 1. https://arxiv.org/abs/1901.05534
    """

    def __init__(self, x, x_val=None, max_inner_steps=50, window=10, batch_size=128, seed=0, y=None):
        super().__init__()
        self.x = np.asarray(x, np.float32)
        self.y = self.x if y is None else np.asarray(y, np.float32)
        if len(self.x) != len(self.y):
            raise ValueError(
                f"`x` and `y` must have the same number of rows. Received: {len(self.x)} and {len(self.y)}"
            )
        self.x_val = self.x[:1000] if x_val is None else x_val
        self.max_inner_steps = check_int("max_inner_steps", max_inner_steps, 1)
        self.window = check_int("window", window, 1)
        self.batch_size = check_int("batch_size", batch_size, 1)
        self.seed = check_int("seed", seed, 0)
        self.is_active = True
        self._best_information = -np.inf

    def on_train_begin(self, logs=None):
        if self.model.steps_per_execution != 1:
            raise ValueError(
                "`steps_per_execution` must be 1 for an AggressiveEncoder, which works before every step: "
                f"compile(steps_per_execution=1). Received: {self.model.steps_per_execution}"
            )
        if not getattr(self.model, "has_gaussian_posterior", False):
            raise ValueError(
                "The model of an AggressiveEncoder must have the Gaussian of its encoder as q(z|x): the mutual "
                f"information is known for no other. Received: {type(self.model).__name__}"
            )
        check_array("x", self.x, self.model.event_shape)
        check_array("y", self.y, self.model.target_shape, self.model.likelihood)
        optimizer = type(self.model.optimizer).from_config(self.model.optimizer.get_config())
        weights = self.model.encoder.trainable_weights
        optimizer.build(weights)

        @tf.function
        def encoder_step(x, y):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(self.model.terms(x, y, training=True)["loss"])
                if self.model.losses:
                    loss += tf.add_n(self.model.losses)
            optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
            return loss

        rows = tf.data.Dataset.from_tensor_slices((self.x, self.y)).shuffle(len(self.x), seed=self.seed).repeat()
        self._encoder_step, self._batches = encoder_step, iter(rows.batch(self.batch_size))

    def on_train_batch_begin(self, batch, logs=None):
        last, left = np.inf, self.max_inner_steps if self.is_active else 0
        while left > 0:
            n_steps = min(self.window, left)
            mean = np.mean([float(self._encoder_step(*next(self._batches))) for _ in range(n_steps)])
            if mean >= last:
                break
            last, left = mean, left - n_steps

    def on_epoch_end(self, epoch, logs=None):
        if not self.is_active:
            return
        information = kl_split(*self.model.encode(self.x_val), prior=self.model.prior).mutual_information
        if logs is not None:
            logs["mutual_information"] = information
        self.is_active = information > self._best_information
        self._best_information = max(information, self._best_information)


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
