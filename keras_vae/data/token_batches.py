"""Batches of sentences of about the same length, as `tf.data`."""

from typing import Any

import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int
from keras_vae.data.epochs import epoch_numbers, epoch_seeds, host_variable, random_order
from keras_vae.data.token_rows import flat_ids, without_padding

# Batches among which sentences are sorted by length: more of them leave less padding and less chance.
POOL = 100
_BATCHES_AHEAD = 2


def token_batches(
    rows: Any, batch_size: int = 128, seed: int | None = None, start_epoch: int = 0, repeat: bool = False,
    pool: int = POOL,
) -> tf.data.Dataset:  # fmt: skip
    """Batches of rows of about the same length, each as wide as its longest row. Every epoch has every row once.

    With a seed every epoch has a new order, which depends on the seed and the number of the epoch alone: rows are
    shuffled, sorted by length among those of `pool` batches, and the batches are shuffled. Without a seed they come
    sorted by length, the same way in each epoch.

    Args:
        rows: list of arrays of tokens, as `Tokenizer.ids` gives them, or array `(n, steps)`, padded with 0.
        batch_size: int >= 1. One batch of an epoch may be smaller.
        seed: int >= 0 or None, for rows that are only to be judged.
        start_epoch: int >= 0. Number of the first epoch.
        repeat: bool. Whether epochs follow each other without end, for `fit(steps_per_epoch=...)` of a run that may be
            resumed. Otherwise every pass is the next epoch.
        pool: int >= 1.

    Returns:
        `tf.data.Dataset` of int32 `(batch, steps)`, padded with 0, both sizes unknown before; its cardinality is known.

    Raises:
        ValueError: if `rows` are no rows of tokens, there are none, or a number is out of range.

    Examples:
        >>> tokenizer = kv.data.Tokenizer.learn(["a", "a b", "a b c", "c"])
        >>> for batch in kv.data.token_batches(tokenizer.ids(["a b c", "a", "c", "a b"]), batch_size=2):
        ...     print(batch.numpy().tolist())
        [[4, 3], [6, 3]]
        [[4, 5, 3, 0], [4, 5, 6, 3]]
    """
    batch_size, pool = check_int("batch_size", batch_size, 1), check_int("pool", pool, 1)
    seed = None if seed is None else check_int("seed", seed, 0)
    epochs = epoch_numbers(check_int("start_epoch", start_epoch, 0), seed is not None, repeat)
    flat, lengths = _checked(rows)
    n_batches = -(-len(lengths) // batch_size)
    return (
        epochs.flat_map(_batches_of_epochs(lengths, batch_size, seed, pool))
        .map(_padded(flat, lengths), num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        .apply(tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY if repeat else n_batches))
        .prefetch(_BATCHES_AHEAD)
    )


def _checked(rows):
    flat, lengths = without_padding(*flat_ids(rows, name="rows"))
    if not len(lengths):
        raise ValueError("`rows` must hold at least one. Received: none")
    return flat, lengths


def _batches_of_epochs(lengths, batch_size, seed, pool):
    """Function from an epoch to a data set of its batches, as the numbers of their rows."""
    n, n_batches, held = len(lengths), -(-len(lengths) // batch_size), host_variable(lengths)

    def one_epoch(epoch):
        if seed is None:
            rows, turns = tf.argsort(held, stable=True), tf.range(n_batches, dtype=tf.int64)
        else:
            order = random_order(n, epoch_seeds(seed, epoch, 0))
            # Sorts by pool, then by length, then by chance: a pool holds whole batches.
            pools = tf.range(n, dtype=tf.int64) // (pool * batch_size)
            rows = tf.gather(order, tf.argsort(pools * (int(lengths.max()) + 1) + tf.gather(held, order), stable=True))
            turns = random_order(n_batches, epoch_seeds(seed, epoch, 1))

        def one_batch(turn):
            return rows[turn * batch_size : (turn + 1) * batch_size]

        return tf.data.Dataset.from_tensor_slices(turns).map(one_batch)

    return one_epoch


def _padded(flat, lengths):
    """Function from the numbers of rows to their tokens, padded with 0."""
    tokens, ends = host_variable(flat), host_variable(np.concatenate([[0], np.cumsum(lengths)]))

    def fetch(rows):
        places = tf.ragged.range(tf.gather(ends, rows), tf.gather(ends, rows + 1))
        found = places.with_flat_values(tf.gather(tokens, places.flat_values)).to_tensor()
        return tf.ensure_shape(found, (None, None))

    return fetch
