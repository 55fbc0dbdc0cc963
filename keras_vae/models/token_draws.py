"""Draws of one token for every row: by temperature, among the likeliest tokens, with noise that belongs to the row."""

from typing import Any

import tensorflow as tf

# Weights that are summed up together. The sums of blocks say which block a draw lies in, and only that one is gone
# through weight by weight, where the running sum over ten thousand words would cost as much as the words themselves.
BLOCK = 128
# Guards the division by a temperature of zero, where the likeliest token is taken.
MIN_TEMPERATURE = 1e-6
BELOW_ONE = 1.0 - 2.0**-52


def seeds_of_rows(pair: Any, n: int | tf.Tensor) -> tf.Tensor:
    """Seeds of `n` rows, int64 `(n, 2)`, from one of all, `(2,)`: that of a row depends on its number alone."""
    pair = tf.cast(pair, tf.int64)
    return tf.stack([tf.fill([n], pair[0]), pair[1] + tf.range(tf.cast(n, tf.int64))], axis=1)


def uniforms_of_rows(seeds: Any, n_draws: int | tf.Tensor) -> tf.Tensor:
    """Uniform numbers of every row, float64 `(n, n_draws)`, from its own seed: they do not depend on other rows.

    Args:
        seeds: integer Tensor, shape `(n, 2)`.
        n_draws: int or scalar int Tensor. A row with more draws begins with the same numbers.
    """

    def of_row(seed):
        return tf.random.stateless_uniform([n_draws], seed, dtype=tf.float64)

    # One row too many: no rows at all would have no number of draws.
    seeds = tf.pad(tf.convert_to_tensor(seeds), [[0, 1], [0, 0]])
    return tf.map_fn(of_row, seeds, fn_output_signature=tf.TensorSpec((None,), tf.float64))[:-1]


def drawn_tokens(log_probs: Any, uniform: Any, temperature: Any = 1.0, top_p: Any = 1.0) -> tf.Tensor:
    """One token for every row, by the inverse of the distribution function.

    Args:
        log_probs: Tensor, shape `(n, n_tokens)`, nats, up to a constant; minus infinity where a token must not come.
        uniform: float64 Tensor, shape `(n,)`, in [0, 1). Noise.
        temperature: float, scalar Tensor or Tensor `(n,)` >= 0. Log probabilities are divided by it; 0 takes the
            likeliest token.
        top_p: float or scalar Tensor in (0, 1]. Draws are from the fewest tokens that have this probability together,
            and from those that are as likely as the last of them.

    Returns:
        int32 Tensor, shape `(n,)`.

    References:
        Holtzman et al. 2020, section 3.1 (`top_p`). https://arxiv.org/abs/1904.09751
    """
    log_probs = tf.cast(log_probs, tf.float32)
    temperature, top_p = tf.cast(temperature, tf.float32), tf.cast(top_p, tf.float32)
    scaled = log_probs - tf.reduce_max(log_probs, axis=-1, keepdims=True)
    divisor = tf.maximum(temperature, MIN_TEMPERATURE)
    weights = tf.exp(scaled / (divisor[:, None] if divisor.shape.rank else divisor))
    weights = tf.cond(top_p < 1.0, lambda: _likeliest(weights, top_p), lambda: weights)
    return tf.where(temperature > 0.0, _place(weights, uniform), tf.argmax(log_probs, axis=-1, output_type=tf.int32))


def _likeliest(weights, top_p):
    """The weights of the likeliest tokens; those of the others become zero."""
    falling = tf.sort(weights, axis=-1, direction="DESCENDING")
    before = tf.cumsum(tf.cast(falling, tf.float64), axis=-1, exclusive=True)
    wanted = tf.cast(top_p, tf.float64) * tf.cast(tf.reduce_sum(weights, axis=-1, keepdims=True), tf.float64)
    n_kept = tf.reduce_sum(tf.cast(before < wanted, tf.int32), axis=-1)
    smallest = tf.gather(falling, n_kept - 1, batch_dims=1)
    return tf.where(weights >= smallest[:, None], weights, 0.0)


def _place(weights, uniform):
    """The token in whose part of the running sum of the weights, scaled to one, the uniform number lies."""
    n_tokens = tf.shape(weights)[1]
    blocks = tf.reshape(tf.pad(weights, [[0, 0], [0, -n_tokens % BLOCK]]), [-1, (n_tokens - 1) // BLOCK + 1, BLOCK])
    block, share = _part(tf.reduce_sum(blocks, axis=-1), uniform)
    place, _ = _part(tf.gather(blocks, block, batch_dims=1), share)
    return block * BLOCK + place


def _part(sizes, share):
    """Which of some parts, laid one after the other, a share of their length lies in, and at which share of it."""
    sizes = tf.cast(sizes, tf.float64)
    ends = tf.cumsum(sizes, axis=-1)
    wanted = tf.cast(share, tf.float64) * ends[:, -1]
    # The first part that ends beyond is never empty, and exists, as the share is below one.
    part = tf.reduce_sum(tf.cast(ends <= wanted[:, None], tf.int32), axis=-1)
    size = tf.gather(sizes, part, batch_dims=1)
    of_part = (wanted - tf.gather(ends, part, batch_dims=1) + size) / size
    return part, tf.clip_by_value(of_part, 0.0, BELOW_ONE)
