"""Batches of data of which few rows have a label: some of these rows are in every batch."""

from typing import Any

import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int
from keras_vae.layers.partial_labels import UNLABELLED


def semi_supervised_batches(
    x: Any, labels: Any, batch_size: int = 128, n_labelled: int = 32, seed: int = 0
) -> tf.data.Dataset:
    """Batches with a fixed number of labelled rows, weighted so that the mean loss is that of all rows.

    An epoch is one pass over the rows without a label, in a new order; those with a label come round as often as it
    takes. The weighted mean of the bounds is the same as that of plain batches of all rows, with less noise, and every
    step learns from labels.

    Args:
        x: array `(n, *event)`, uint8 or float; values stay as they are, but in float32.
        labels: array `(n,)`, whole numbers, -1 for a row without a label.
        batch_size: int >= 2. The last batch of an epoch may have fewer rows without a label.
        n_labelled: int, 1 to `batch_size - 1`. Rows with a label in a batch.
        seed: int >= 0. Of the orders.

    Returns:
        `tf.data.Dataset` of `((x, labels), x, weight)`, float32, as `fit` of a `SemiSupervisedVAE` takes it.

    Raises:
        ValueError: if the lengths differ, labels are no whole numbers >= -1, no row has a label or none is without one,
            or a number is out of bounds.

    Examples:
        >>> labels = np.where(np.arange(len(x)) < 10, data.y_test, -1)
        >>> dataset = kv.data.semi_supervised_batches(x, labels, batch_size=16, n_labelled=4)
        >>> (_, told), _, weight = next(iter(dataset))
        >>> int((told.numpy() >= 0).sum()), weight.shape
        (4, TensorShape([16]))
    """
    x, labels = np.asarray(x), _checked_labels(labels, len(x))
    batch_size, n_labelled = check_int("batch_size", batch_size, 2), check_int("n_labelled", n_labelled, 1)
    if n_labelled >= batch_size:
        raise ValueError(f"`n_labelled` must be below `batch_size`. Received: {n_labelled} and {batch_size}")
    seed = check_int("seed", seed, 0)
    known, unknown = np.flatnonzero(labels != UNLABELLED), np.flatnonzero(labels == UNLABELLED)
    # Share of a kind of rows in the data over its share in a batch.
    weights = [
        len(rows) / len(x) * batch_size / n for rows, n in ((known, n_labelled), (unknown, batch_size - n_labelled))
    ]
    of_known = tf.data.Dataset.from_tensor_slices(known).shuffle(len(known), seed).repeat().batch(n_labelled)
    of_unknown = tf.data.Dataset.from_tensor_slices(unknown).shuffle(len(unknown), seed + 1)
    numbers = tf.data.Dataset.zip((of_known, of_unknown.batch(batch_size - n_labelled)))
    return numbers.map(_rows(x, labels, weights), tf.data.AUTOTUNE).prefetch(2)


def _rows(x, labels, weights):
    """Function of the numbers of rows of two kinds, to one batch of these rows."""
    x, labels = tf.constant(x), tf.constant(labels)

    def rows(*of_kinds):
        kinds = [tf.fill(tf.shape(numbers), np.float32(w)) for numbers, w in zip(of_kinds, weights, strict=True)]
        numbers = tf.concat(of_kinds, axis=0)
        values = tf.cast(tf.gather(x, numbers), tf.float32)
        return (values, tf.gather(labels, numbers)), values, tf.concat(kinds, axis=0)

    return rows


def _checked_labels(labels, n_rows):
    labels = np.asarray(labels)
    if labels.shape != (n_rows,):
        raise ValueError(
            f"`labels` must have the shape (n,), one for each of {n_rows} rows. Received: labels.shape={labels.shape}"
        )
    if labels.dtype.kind not in "iuf" or not np.array_equal(labels, np.rint(labels)) or labels.min() < UNLABELLED:
        raise ValueError(
            f"`labels` must be whole numbers >= {UNLABELLED}, which stands for a row without a label. Received: "
            f"{labels.dtype} such as {labels[:5].tolist()}"
        )
    n_known = int((labels != UNLABELLED).sum())
    if n_known in (0, n_rows):
        raise ValueError(
            f"`labels` must have rows with a label and rows with {UNLABELLED}, without one. Received: {n_known} of "
            f"{n_rows} rows with a label"
        )
    return labels.astype(np.float32)
