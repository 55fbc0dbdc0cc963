"""Training in several processes: what `fit` does differently under `MultiWorkerMirroredStrategy`."""

import math

import keras
import tensorflow as tf


def spans_processes(strategy):
    """Whether a `tf.distribute` strategy works in more than one process."""
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return False
    cluster = strategy.cluster_resolver.cluster_spec()
    return sum(cluster.num_tasks(job) for job in cluster.jobs if job in ("chief", "worker")) > 1


def shuffled_alike(strategy, x, y, sample_weight, batch_size):
    """Arrays as endless shuffled batches, in the same order in every process of the strategy.

    Left to itself Keras shuffles anew in each process, and every process takes its share of another order: some rows
    of an epoch would be trained on twice, others not at all.

    Args:
        strategy: `tf.distribute.Strategy`. To be called in all of its processes.
        x: array `(n, ...)`, or `(x, condition)`.
        y: array `(n, ...)` or None.
        sample_weight: array `(n, ...)` or None; with y only.
        batch_size: int. Rows of the global batch; the last one of an epoch may be shorter.

    Returns:
        `(stream, n)`: a `tf.data.Dataset` of tuples of batches, and the number of batches of an epoch.
    """
    with strategy.scope():
        # A variable begins in every process with the value that the chief has drawn.
        seed = tf.constant(keras.random.SeedGenerator().state.numpy().astype("int64"))
    n_rows = len(tf.nest.flatten(x)[0])
    n_batches = math.ceil(n_rows / batch_size)

    def one_epoch(epoch):
        keys = tf.random.stateless_uniform([n_rows], seed + epoch, minval=None, maxval=None, dtype=tf.int32)
        order = tf.argsort(keys, stable=True)
        return tf.data.Dataset.range(n_batches).map(lambda i: order[i * batch_size : (i + 1) * batch_size])

    orders = tf.data.Dataset.counter().flat_map(one_epoch)
    # Held by the dataset: arrays captured by a function would be copied into its graph.
    held = tf.data.Dataset.from_tensors(tuple(part for part in (x, y, sample_weight) if part is not None)).repeat()

    def take(rows, parts):
        return tf.nest.map_structure(lambda part: tf.gather(part, rows), parts)

    return tf.data.Dataset.zip((orders, held)).map(take).prefetch(2), n_batches
