"""What was not seen of every row, from what was: averages and draws over the posterior, weighted by importance."""

import math

import tensorflow as tf

from keras_vae.models.row_noise import row_noise, row_shifts
from keras_vae.training.batch import repeat_rows

# Noise of the picks, apart from the noise of z.
PICKS, DRAWS = 1, 2


def imputed(model, batch, n_samples, chunk, seed, inferred=None, n_starts=1):
    """Estimate of x given what was seen of it, `(batch, *event_shape)` in the units of the data.

    The mean of `likelihood.expected` over draws of q(z|x), weighted by `p(x seen, z) / q(z|x)`: with many draws the
    mean of p(x | x seen), whatever q is. Memory does not grow with the number of draws.

    Args:
        model: a `VariationalModel` whose likelihood takes holes.
        batch: `Batch`, as `model.prepare` leaves it.
        n_samples: int Tensor. Draws per example.
        chunk: int Tensor of at most 256. Draws made at once; a multiple of `n_starts`.
        seed: Tensor, shape `(2,)`.
        inferred: what stands for `model.infer(batch)`, of `n_starts` times as many rows, start by start: the draws come
            from each in turn. Or None.
        n_starts: int or int Tensor.

    References:
        Mattei & Frellsen 2019 (MIWAE), section 3.3, eq. 12. https://arxiv.org/abs/1812.02633
    """
    n_rows, likelihood = batch.n_rows, model.likelihood
    draws = _Draws(model, batch, n_samples, chunk, seed, inferred, n_starts)
    shape = likelihood.expected(tf.zeros((1, *likelihood.params_shape(model.target_shape)))).shape[1:]

    def add_chunk(i, highest, total, mean):
        z, log_weight = draws(i)
        expected = likelihood.expected(model.x_params(z, draws.repeated))
        expected = tf.reshape(expected, [chunk, n_rows, *shape])
        new_highest = tf.maximum(highest, tf.reduce_max(log_weight, axis=0))
        old, weights = tf.exp(highest - new_highest) * total, tf.exp(log_weight - new_highest)
        new_total = old + tf.reduce_sum(weights, axis=0)
        as_rows = lambda values: tf.reshape(values, [-1, *[1] * len(shape)])  # noqa: E731
        weights = tf.reshape(weights, [chunk, n_rows, *[1] * len(shape)])
        new_mean = as_rows(old / new_total) * mean + tf.reduce_sum(weights * expected, axis=0) / as_rows(new_total)
        return i + 1, new_highest, new_total, new_mean

    start = (0, tf.fill([n_rows], -math.inf), tf.zeros([n_rows]), tf.zeros([n_rows, *shape]))
    *_, mean = tf.while_loop(lambda i, *_: i * chunk < n_samples, add_chunk, start, parallel_iterations=1)
    estimate = likelihood.of_expected(mean)
    return estimate if model.preprocessing is None else model.preprocessing.inverse(estimate)


def drawn_imputations(model, batch, n_samples, chunk, seed, n_draws, inferred=None, n_starts=1, of_means=False):
    """Draws of x given what was seen of it, `(batch, n_draws, *event_shape)` in the units of the data.

    Each is drawn from p(x|z) at one of the draws of z, picked in proportion to its weight: sampling importance
    resampling.

    Args:
        model, batch, n_samples, chunk, seed, inferred, n_starts: as in `imputed`.
        n_draws: int Tensor. Draws of x per example.
        of_means: bool. Take the mean of p(x|z) instead of drawing from it.

    References:
        Mattei & Frellsen 2019 (MIWAE), section 3.4. https://arxiv.org/abs/1812.02633
    """
    n_rows, latent_dim = batch.n_rows, model.latent_dim
    draws = _Draws(model, batch, n_samples, chunk, seed, inferred, n_starts)
    picking = tf.random.experimental.stateless_fold_in(seed, PICKS)

    def add_chunk(i, best, picked):
        z, log_weight = draws(i)
        # The largest of the log weights with Gumbel noise is picked in proportion to the weights.
        fresh = tf.random.experimental.stateless_fold_in(picking, i)
        uniform = tf.random.stateless_uniform([chunk, n_rows, n_draws], fresh, minval=1e-30)
        keys = log_weight[..., None] - tf.math.log(-tf.math.log(uniform))
        first = tf.argmax(keys, axis=0, output_type=tf.int32)
        key = tf.reduce_max(keys, axis=0)
        rows = tf.range(n_rows)[:, None] + tf.zeros_like(first)
        candidate = tf.gather_nd(tf.reshape(z, [chunk, n_rows, latent_dim]), tf.stack([first, rows], axis=-1))
        return i + 1, tf.maximum(best, key), tf.where((key > best)[..., None], candidate, picked)

    start = (0, tf.fill([n_rows, n_draws], -math.inf), tf.zeros([n_rows, n_draws, latent_dim]))
    *_, picked = tf.while_loop(lambda i, *_: i * chunk < n_samples, add_chunk, start, parallel_iterations=1)
    by_draw = tf.reshape(tf.transpose(picked, [1, 0, 2]), [-1, latent_dim])
    told, drawing = draws.given.repeat(n_draws), tf.random.experimental.stateless_fold_in(seed, DRAWS)
    drawn = model.mean(by_draw, told) if of_means else model.draw_data(by_draw, told, drawing)
    drawn = tf.reshape(drawn, [n_draws, n_rows, *model.target_shape])
    return tf.transpose(drawn, [1, 0, *range(2, 2 + len(model.target_shape))])


class _Draws:
    """Draws of q(z|x) of a batch, chunk by chunk, with their log weights; or of each of several q in turn."""

    def __init__(self, model, batch, n_samples, chunk, seed, inferred=None, n_starts=1):
        self.model, self.n_samples, self.chunk, self.seed = model, n_samples, chunk, seed
        self.n_rows = batch.n_rows
        self.shifts = row_shifts(batch.x, model.noise_dim)
        self.given = batch._replace(x=None)
        inferred = model.infer(batch) if inferred is None else inferred
        self.inferred, self.repeated = repeat_rows(inferred, chunk // n_starts), self.given.repeat(chunk)

    def __call__(self, i):
        """z, `(chunk * rows, latent_dim)`, and log weights, `(chunk, rows)`, minus infinity for what is too much."""
        epsilon = row_noise(self.shifts, self.seed, self.model.noise_dim, self.chunk, i * self.chunk)
        pieces = self.model.pieces(self.inferred, epsilon, self.repeated)
        counts = (i * self.chunk + tf.range(self.chunk) < self.n_samples)[:, None]
        return pieces.z, tf.where(counts, tf.reshape(pieces.log_weight, [self.chunk, self.n_rows]), -math.inf)
