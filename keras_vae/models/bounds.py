"""Bounds on log p(x) of any number of rows from any number of draws, streamed in constant memory."""

import math
from typing import NamedTuple

import tensorflow as tf

from keras_vae._checks import check_int
from keras_vae.models.row_noise import BLOCK, row_noise, row_shifts
from keras_vae.training.batch import repeat_rows

# Rows decoded at once while a bound averages over draws: enough to fill the cores, small enough for any decoder.
ROWS_PER_DECODE = 2048


class RowBounds(NamedTuple):
    """What is known of every row, Tensors or arrays `(n,)`.

    Attributes:
        elbo: nats, averaged over draws.
        log_prob: nats, importance-weighted; minus infinity for a prior without a density.
        kl: nats, averaged over the same draws; the reconstruction loss is `- elbo - kl`.
    """

    elbo: tf.Tensor
    log_prob: tf.Tensor
    kl: tf.Tensor


def bounds_of_batch(model, batch, n_samples, chunk, seed):
    """ELBO and importance-weighted bound of a batch, from `n_samples` draws made `chunk` at a time.

    Memory does not grow with `n_samples`: a running sum and a running log-sum-exp are all that is kept. The noise is
    that of the rows, so that the bound of a row depends neither on its batch nor on its place.

    Args:
        model: a `GenerativeModel`.
        batch: `Batch`, as `model.prepare` leaves it.
        n_samples: int Tensor. Draws per example.
        chunk: int Tensor of at most 256. Draws made at once.
        seed: Tensor, shape `(2,)`.

    Returns:
        `RowBounds`.
    """
    n_rows = batch.n_rows
    shifts = row_shifts(batch.x, model.noise_dim)
    inferred = repeat_rows(model.infer(batch), chunk)
    repeated = batch._replace(x=None).repeat(chunk)

    def add_chunk(i, elbo_sum, kl_sum, log_weight_sum):
        epsilon = row_noise(shifts, seed, model.noise_dim, chunk, i * chunk)
        pieces = model.pieces(inferred, epsilon, repeated)
        terms = model.assemble(pieces)
        # The last chunk may be longer than what is left to draw.
        counts = (i * chunk + tf.range(chunk) < n_samples)[:, None]
        elbo, kl = (tf.where(counts, tf.reshape(terms[n], [chunk, n_rows]), 0.0) for n in ("elbo", "kl_loss"))
        if model.has_density:
            log_weight = tf.where(counts, tf.reshape(pieces.log_weight, [chunk, n_rows]), -math.inf)
            log_weight_sum = tf.reduce_logsumexp(tf.concat([log_weight_sum[None], log_weight], axis=0), axis=0)
        return i + 1, elbo_sum + tf.reduce_sum(elbo, axis=0), kl_sum + tf.reduce_sum(kl, axis=0), log_weight_sum

    _, elbo_sum, kl_sum, log_weight_sum = tf.while_loop(
        lambda i, *_: i * chunk < n_samples,
        add_chunk,
        (0, tf.zeros([n_rows]), tf.zeros([n_rows]), tf.fill([n_rows], -math.inf)),
        parallel_iterations=1,
    )
    n = tf.cast(n_samples, tf.float32)
    return RowBounds(elbo_sum / n, log_weight_sum - tf.math.log(n), kl_sum / n)


def share_of_mask(batch):
    """Share of its elements that counts in every example of a batch, `(batch,)`."""
    if batch.mask is None:
        return tf.ones([batch.n_rows])
    return tf.reduce_mean(tf.reshape(batch.mask, [batch.n_rows, -1]), axis=1)


def bound_tensors(n_samples, seed, rows_per_decode=ROWS_PER_DECODE):
    """What a streamed bound is passed beside a batch: a function from its number of rows to tensors.

    Args:
        n_samples: int >= 1. Draws per example.
        seed: int >= 0. The same seed gives the same numbers.
        rows_per_decode: int >= 1. Rows decoded at once while the bound averages over draws.

    Raises:
        ValueError: for a number out of bounds.
    """
    n = tf.constant(check_int("n_samples", n_samples, 1))
    pair = tf.constant([check_int("seed", seed, 0), 0], tf.int64)
    # A stream comes in batches of its own size.
    return lambda n_rows: (n, tf.constant(max(1, min(n_samples, BLOCK, rows_per_decode // n_rows))), pair)
