"""The posterior of a row with holes, found by gradient steps: what any VAE needs to fill rows it never saw."""

import math

import tensorflow as tf

from keras_vae.models.imputing import drawn_imputations, imputed
from keras_vae.models.preprocessed import as_elements
from keras_vae.models.row_noise import row_noise, row_shifts
from keras_vae.training.batch import repeat_rows

# How often the holes get the reconstruction of the row that was filled before: then little changes.
N_PASSES = 10
# Steps of Adam in units of a prior of variance one; with a cosine down to 0 they end where the noise averages out.
LEARNING_RATE, MEAN_DECAY, SQUARE_DECAY, MIN_STEP_SCALE = 0.1, 0.9, 0.99, 1e-8
# Noise of the starts, apart from the noise of the steps and of the draws.
STARTS, STEPS = 11, 12


def filled(model, batch, n_steps, n_starts, n_samples, chunk, seed):
    """Estimate of x given what was seen of it, `(batch, *event_shape)` in the units of the data: see `imputed`.

    Args:
        model: a `VariationalModel` whose prior has a density.
        batch: `Batch`, as `model.prepare` leaves it, with a mask that is 0 in the holes.
        n_steps: int Tensor >= 0. Gradient steps.
        n_starts: int Tensor of at most 256. Searches per row, each from another start.
        n_samples, chunk, seed: as in `imputed`.
    """
    inferred = searched(model, batch, n_steps, n_starts, seed)
    return imputed(model, batch, n_samples, chunk, seed, inferred, n_starts)


def drawn_fills(model, batch, n_steps, n_starts, n_samples, chunk, seed, picking, n_draws, of_means):
    """Draws of x given what was seen of it, `(batch, n_draws, *event_shape)`: see `drawn_imputations`.

    Args:
        model, batch, n_steps, n_starts, n_samples, chunk, seed: as in `filled`.
        picking: Tensor, shape `(2,)`. Seed of what is drawn, which differs from batch to batch.
        n_draws, of_means: as in `drawn_imputations`.
    """
    inferred = searched(model, batch, n_steps, n_starts, seed)
    return drawn_imputations(model, batch, n_samples, chunk, picking, n_draws, inferred, n_starts, of_means)


def searched(model, batch, n_steps, n_starts, seed):
    """What stands for `model.infer(batch)`, found for every row by ascent of the bound on log p(what was seen).

    The encoder never saw a row with holes, so that its q(z|x) is wrong for one. But it is a start, and q itself, two
    numbers per latent of a `VAE`, can be found by gradient steps on the ELBO of the elements that were seen. All rows
    take their steps at once; none knows of the others.

    Args:
        model, batch, n_steps, n_starts, seed: as in `filled`.

    Returns:
        The structure of `model.infer(batch)`, of `n_starts` times as many rows, start by start.

    References:
        Cremer et al. 2018, section 3 (q of every example by gradient steps). https://arxiv.org/abs/1801.03558
        Kingma & Ba 2015, algorithm 1 (Adam). https://arxiv.org/abs/1412.6980
    """
    shifts, given = row_shifts(batch.x, model.noise_dim), batch._replace(x=None).repeat(n_starts)
    fold = tf.random.experimental.stateless_fold_in
    noise = lambda i, of: row_noise(shifts, fold(seed, of), model.noise_dim, n_starts, i * n_starts)  # noqa: E731
    # Every second step takes the noise of the one before with the other sign: where the bound is a parabola in z, what
    # the noise does to the mean of q cancels.
    in_turns = lambda i: tf.cast(1 - 2 * (i % 2), tf.float32) * noise(i // 2, STEPS)  # noqa: E731
    inferred = _starts(guessed(model, batch), n_starts, noise(0, STARTS))

    def step(i, inferred, mean, square):
        with tf.GradientTape() as tape:
            tape.watch(inferred)
            pieces = model.pieces(inferred, in_turns(i), given)
            loss = tf.reduce_sum(pieces.reconstruction_loss + pieces.kl)
        return i + 1, *_adam(i, n_steps, inferred, tape.gradient(loss, inferred), mean, square)

    zeros = tf.nest.map_structure(tf.zeros_like, inferred)
    state = (0, inferred, zeros, zeros)
    return tf.while_loop(lambda i, *_: i < n_steps, step, state, parallel_iterations=1)[1]


def guessed(model, batch):
    """What stands for `model.infer(batch)`, from an encoder that takes no holes.

    The holes get the reconstruction of the row, which is encoded again, and so on. Far from the data an encoder may
    lead away from them: what counts is the pass whose code has the largest bound.

    Args:
        model, batch: as in `filled`.

    Returns:
        The structure of `model.infer(batch)`.

    References:
        Rezende et al. 2014, appendix F. https://arxiv.org/abs/1401.4082
    """
    likelihood = model.likelihood
    if likelihood.takes_holes:
        return model.infer(batch)
    was_seen = as_elements(batch.mask, batch.x) > 0.0

    def again(i, x, best, highest):
        inferred = model.infer(batch._replace(x=x))
        pieces = model.pieces(inferred, None, batch)
        loss = pieces.reconstruction_loss + pieces.kl
        is_better = loss < highest
        best = tf.nest.map_structure(lambda new, old: tf.where(is_better[:, None], new, old), inferred, best)
        x_params = model.x_params(model.code(inferred), batch)
        x = tf.where(was_seen, x, likelihood.of_expected(likelihood.expected(x_params)))
        return i + 1, x, best, tf.minimum(loss, highest)

    state = (0, batch.x, model.infer(batch), tf.fill([batch.n_rows], math.inf))
    return tf.while_loop(lambda i, *_: i < N_PASSES, again, state)[2]


def _starts(inferred, n_starts, noise):
    """The guess of every row, and the same with noise of the width of the prior for every further start."""
    mean, *rest = tf.nest.flatten(repeat_rows(inferred, n_starts))
    is_further = tf.cast(tf.range(tf.shape(mean)[0]) >= tf.shape(mean)[0] // n_starts, tf.float32)
    return tf.nest.pack_sequence_as(inferred, [mean + is_further[:, None] * noise, *rest])


def _adam(i, n_steps, values, gradients, mean, square):
    """Values, means and mean squares of the gradients after step `i` of Adam; structures of tensors."""
    done = tf.cast(i + 1, tf.float32)
    rate = 0.5 * LEARNING_RATE * (1.0 + tf.cos(math.pi * (done - 1.0) / tf.cast(n_steps, tf.float32)))
    each = tf.nest.map_structure
    # A step out of what a network can compute is not taken: the next ones lead on from where the row was.
    gradients = each(lambda g: tf.where(tf.math.is_finite(g), g, 0.0), gradients)
    mean = each(lambda m, g: MEAN_DECAY * m + (1.0 - MEAN_DECAY) * g, mean, gradients)
    square = each(lambda s, g: SQUARE_DECAY * s + (1.0 - SQUARE_DECAY) * tf.square(g), square, gradients)

    def moved(value, m, s):
        m, s = m / (1.0 - MEAN_DECAY**done), s / (1.0 - SQUARE_DECAY**done)
        return value - rate * m / (tf.sqrt(s) + MIN_STEP_SCALE)

    return each(moved, values, mean, square), mean, square
