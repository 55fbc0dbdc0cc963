"""The training that the fitted samplers share: on codes, until those held out no longer gain."""

import keras
import numpy as np

from keras_vae._checks import check_int, check_number
from keras_vae._progress import progress
from keras_vae.data.pipelines import batches
from keras_vae.schedules import linear

# Steps and not epochs: the time of a training does not grow with the data.
STEPS_PER_LOOK = 100
MAX_STEPS = 20_000
# Fewer examples leave nothing to hold out.
MIN_EXAMPLES = 20


def fit_with_early_stopping(
    model,
    codes: np.ndarray,
    seed: int,
    max_steps: int = MAX_STEPS,
    patience: int = 2_000,
    batch_size: int = 256,
    held_out: float = 0.1,
    with_target: bool = False,
    warm_up: int = 0,
):
    """Train a compiled model on codes until `val_loss` stops falling, and leave it with the weights that had the best.

    In a terminal a bar appears on stderr.

    Args:
        model: compiled Keras model.
        codes: array `(n_draws, n, latent_dim)`.
        seed: int. Decides the order of the rows and the split.
        max_steps: int >= 1. No more are made.
        patience: int >= 1. Steps without a better `val_loss`, looked at every `STEPS_PER_LOOK`, before the end.
        batch_size: int >= 1.
        held_out: float > 0 and <= 0.5. Share of the examples, with all their draws, that `val_loss` is measured on.
        with_target: bool. Whether the model wants the rows as targets too.
        warm_up: int >= 0. Steps in which the model's `beta` rises to 1. The best weights come from after them.

    Raises:
        ValueError: for fewer than `MIN_EXAMPLES` examples or an argument out of bounds.
    """
    n_looks = -(-check_int("max_steps", max_steps, 1) // STEPS_PER_LOOK)
    n_patient = -(-check_int("patience", patience, 1) // STEPS_PER_LOOK)
    train, validation = _split(codes, seed, batch_size, held_out, with_target)
    stop = keras.callbacks.EarlyStopping(
        "val_loss", patience=n_patient, restore_best_weights=True, start_from_epoch=warm_up // STEPS_PER_LOOK
    )
    callbacks = [stop, _Bar(n_looks), _StopAfter(max_steps), *([WarmUp(warm_up)] if warm_up else [])]
    model.fit(
        train,
        validation_data=validation,
        epochs=n_looks,
        steps_per_epoch=min(STEPS_PER_LOOK, max_steps),
        shuffle=False,
        callbacks=callbacks,
        verbose=0,
    )


def _split(codes, seed, batch_size, held_out, with_target):
    """Endless batches of the draws of some examples, and batches of the draws of the others."""
    check_number("held_out", held_out, minimum=0.0, maximum=0.5, exclusive=True)
    n, latent_dim = codes.shape[1:]
    if n < MIN_EXAMPLES:
        raise ValueError(f"`x` must hold at least {MIN_EXAMPLES} examples for this sampler. Received: {n}")
    order = np.random.default_rng(seed).permutation(n)
    n_held_out = max(1, round(held_out * n))
    parts = [codes[:, order[n_held_out:]], codes[:, order[:n_held_out]]]
    datasets = [
        batches(part.reshape(-1, latent_dim).astype("float32"), batch_size, seed, shuffle=i == 0, repeat=i == 0)
        for i, part in enumerate(parts)
    ]
    return [dataset.map(lambda z: (z, z)) for dataset in datasets] if with_target else datasets


class WarmUp(keras.callbacks.Callback):
    """Let `model.beta` rise from 0 to 1 over the first steps, for every look at the held-out codes as well.

    Args:
        n_steps: int >= 1.
    """

    def __init__(self, n_steps: int):
        super().__init__()
        self.schedule = linear(n_steps=n_steps)

    looks_at_batches = False

    def on_train_batch_begin(self, batch, logs=None):
        self.model.beta = self.schedule(int(self.model.optimizer.iterations.numpy()))

    def on_test_begin(self, logs=None):
        # Several steps may share one call, and a beta: the look has its own.
        self.on_train_batch_begin(0)


class _StopAfter(keras.callbacks.Callback):
    """Stop after a number of steps that is no multiple of those between two looks."""

    def __init__(self, n_steps):
        super().__init__()
        self.n_steps = n_steps
        # Several steps may share a call, where they all fit in.
        self.looks_at_batches = bool(n_steps % STEPS_PER_LOOK)

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.optimizer.iterations.numpy()) >= self.n_steps:
            self.model.stop_training = True


class _Bar(keras.callbacks.Callback):
    """A bar with the held-out loss, in a terminal."""

    def __init__(self, n_looks):
        super().__init__()
        self.n_looks = n_looks

    def on_train_begin(self, logs=None):
        self.bar = progress(total=self.n_looks, desc="sampler", unit=f"{STEPS_PER_LOOK} steps")

    def on_epoch_end(self, epoch, logs=None):
        self.bar.set_postfix(val_loss=f"{logs['val_loss']:.3f}")
        self.bar.update()

    def on_train_end(self, logs=None):
        self.bar.close()


def clipped_adam(learning_rate: float) -> keras.optimizers.Adam:
    """Adam with a bound on the whole gradient.

    Raises:
        ValueError: for a learning rate that is not > 0.
    """
    learning_rate = check_number("learning_rate", learning_rate, minimum=0.0, exclusive=True)
    # Bounds the step of a batch with an outlier: in the tails a density is steep.
    return keras.optimizers.Adam(learning_rate, global_clipnorm=5.0)


def standardise(sampler, codes: np.ndarray):
    """Give a sampler mean and standard deviation of the codes, by dimension.

    Args:
        sampler: built prior with the weights `location` and `scale`, each `(latent_dim,)`.
        codes: array `(n_draws, n, latent_dim)`.
    """
    rows = codes.reshape(-1, codes.shape[-1]).astype("float64")
    sampler.location.assign(rows.mean(axis=0))
    # A dimension that does not vary at all is left as it is.
    stddev = rows.std(axis=0)
    sampler.scale.assign(np.where(stddev > 0.0, stddev, 1.0))
