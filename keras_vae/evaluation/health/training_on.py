"""What a model would gain by training on: read off its history, or tried out for some steps."""

import keras
import numpy as np
import tensorflow as tf

from keras_vae.evaluation.estimate import Estimate
from keras_vae.training.batch import Batch
from keras_vae.training.trainer import batch_mean

# Epochs that a history must have to be quartered.
MIN_EPOCHS = 8
# Steps that are tried, rows of each, and the rates of Adam: its default, and a slower one for a model that needs it.
N_STEPS, BATCH_SIZE, RATES = 150, 64, (1e-3, 1e-4)
# Draws of q(z|x) that the bound of an example is averaged over.
N_DRAWS = 10


def gain_of_last_quarter(history) -> Estimate | None:
    """Nats per example by which the bound of held-out data rose from the third quarter of a training to the last.

    Args:
        history: dict of lists by name, as `fit(...).history`, or None.

    Returns:
        `Estimate`; None without at least eight epochs of `val_elbo`, or where one of them is not finite.
    """
    values = np.asarray((history or {}).get("val_elbo", ()), np.float64)
    n = len(values) // 4
    if len(values) < MIN_EPOCHS or not np.isfinite(values).all():
        return None
    last, before = values[-n:], values[-2 * n : -n]
    # What a straight line does not explain of three epochs in a row: six times the variance of one.
    noise = float(np.sqrt(np.mean(np.diff(values[-2 * n - 2 :], n=2) ** 2) / 6.0))
    return Estimate(float(last.mean() - before.mean()), noise * (2.0 / n) ** 0.5, kind="gain of the last quarter")


def gain_of_more_steps(vae, rows: Batch, held_out: Batch, seed: int = 0) -> Estimate | None:
    """Nats per example by which some more steps of training raise the bound of held-out data.

    More steps than these few could gain more. The model is trained on its own objective, and put back as it was: every
    weight and every random state.

    Args:
        vae: `VariationalModel`.
        rows: `Batch` of arrays to train on.
        held_out: `Batch` of arrays whose bound is looked at: other rows.
        seed: int. Of the order of the rows, and of the draws.

    Returns:
        `Estimate` of the rate of Adam that gained most; None for a model without trainable weights, or where the bound
        is not finite.
    """
    if not vae.trainable_variables:
        return None
    before = _bounds(vae, held_out, seed)
    optimizer = keras.optimizers.Adam(RATES[0])
    optimizer.build(vae.trainable_variables)
    step = _step_of(vae, optimizer)
    variables = [*vae.variables, *optimizer.variables]
    kept = [variable.numpy() for variable in variables]
    gains = []
    try:
        for rate in RATES:
            _put_back(variables, kept)
            optimizer.learning_rate = rate
            _train(step, rows, seed)
            gains.append(Estimate.of_rows(_bounds(vae, held_out, seed) - before, kind="gain of more steps"))
    finally:
        _put_back(variables, kept)
    gains = [gain for gain in gains if np.isfinite(gain.mean)]
    return max(gains, key=lambda gain: gain.mean) if gains else None


def _put_back(variables, values):
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _bounds(vae, rows, seed):
    bound = vae.elbo(rows.x, n_samples=N_DRAWS, y=rows.target, seed=seed, condition=rows.condition)
    return bound.astype(np.float64)


def _step_of(vae, optimizer):
    """One step on the parts of a batch, as a graph."""
    weights = list(vae.trainable_variables)

    @tf.function(reduce_retracing=True, autograph=False)
    def step(parts):
        with tf.GradientTape() as tape:
            loss = batch_mean(vae.terms(vae.prepare(Batch(**parts), training=True), training=True)["loss"])
            loss += tf.add_n(vae.losses) if vae.losses else 0.0
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))

    return step


def _train(step, rows, seed):
    given = tf.nest.map_structure(lambda part: np.asarray(part, np.float32), rows.given())
    # The target stands for itself: x, where none was given.
    given.setdefault("target", given["x"])
    rng = np.random.default_rng(seed)
    n = len(given["x"])

    def some(chosen):
        return tf.nest.map_structure(lambda part: tf.constant(part[chosen]), given)

    for _ in range(N_STEPS):
        step(some(rng.choice(n, min(BATCH_SIZE, n), replace=False)))
