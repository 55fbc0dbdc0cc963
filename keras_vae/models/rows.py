"""Functions of a batch applied to any number of rows, batch by batch in constant device memory."""

import math

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from keras_vae._checks import check_int
from keras_vae.models.data_checks import (
    as_array,
    check_array,
    check_can_be_target,
    check_mask,
    is_stream,
    weighs_examples,
)


def map_rows(function, x, event_shape, y=None, target_shape=None, likelihood=None, batch_size=256, name="x", mask=None):
    """Apply `function` to every batch of `x` and join what comes out.

    In a terminal a bar appears on stderr when it takes longer than two seconds.

    Args:
        function: Callable. Takes float32 batches `(x, y, mask or None)`, or `(x,)` without targets; returns a tensor
            or a tuple of tensors with the rows first.
        x: array `(n, *event_shape)`, or a `tf.data.Dataset` of batches of x, `(x, y)` or `(x, y, sample_weight)`, of
            which weights of elements count as the mask, and weights of examples not at all.
        event_shape: tuple. Shape of one row.
        y: array `(n, *target_shape)` or None, in which case x is the target.
        target_shape: tuple or None. None when `function` takes no target.
        likelihood: `Likelihood` that the targets are checked against, or None.
        batch_size: int. Rows per call; a dataset comes with its own.
        name: str. Name of `x` in error messages.
        mask: array of weights of elements `(n, *leading event axes)`, or None. For an array x with targets.

    Returns:
        NumPy array `(n, ...)`, or a tuple of them.

    Raises:
        ValueError: for data of the wrong shape or values, or none at all.
    """
    check_int("batch_size", batch_size, 1)
    results = []
    batches, n_batches = _batches(x, y, mask, batch_size, name)
    for x_batch, y_batch, mask_batch in tqdm(
        batches, total=n_batches, delay=2.0, leave=False, unit="batch", disable=None
    ):
        has_own_target = y_batch is not None and target_shape is not None
        if target_shape is not None and not has_own_target:
            check_can_be_target(event_shape, target_shape)
        check_array(name, x_batch, event_shape, None if has_own_target else likelihood)
        inputs = (x_batch.astype(np.float32, copy=False),)
        if target_shape is not None:
            if has_own_target:
                check_array("y", y_batch, target_shape, likelihood)
            target = y_batch if has_own_target else x_batch
            if mask_batch is not None:
                check_mask(mask_batch, len(x_batch), target_shape)
                mask_batch = mask_batch.astype(np.float32, copy=False)
            inputs += (target.astype(np.float32, copy=False), mask_batch)
        results.append(tf.nest.map_structure(lambda t: t.numpy(), function(*inputs)))
    if not results:
        raise ValueError(f"`{name}` must hold at least one example. Received: an empty tf.data.Dataset")
    return tf.nest.map_structure(lambda *parts: np.concatenate(parts), *results)


def mask_specs(mask):
    """Spec of a mask of any number of rows, in a tuple; an empty one for None."""
    return () if mask is None else (rows_spec(mask.shape[1:]),)


def rows_spec(event_shape):
    """Spec of float32 examples of that shape, any number of them."""
    return tf.TensorSpec((None, *event_shape), tf.float32)


def _batches(x, y, mask, batch_size, name):
    """Iterator over triples of arrays `(x, y or None, mask or None)`, and their number or None."""
    beside = {"y": y, "mask": mask}
    if is_stream(x):
        for part, value in beside.items():
            if value is not None:
                raise ValueError(
                    f"`{part}` must be part of the dataset when `{name}` is one: yield (x, y, sample_weight). "
                    f"Received: {part} beside it"
                )
        n_batches = int(x.cardinality()) if isinstance(x, tf.data.Dataset) else -1
        return _stream_batches(x), n_batches if n_batches >= 0 else None
    x = as_array(name, x)
    y, mask = (None if value is None else as_array(part, value) for part, value in beside.items())
    for part, value in (("y", y), ("mask", mask)):
        if value is not None and len(x) != len(value):
            raise ValueError(
                f"`{name}` and `{part}` must have the same number of rows. Received: {len(x)} and {len(value)}"
            )
    if x.ndim == 0 or len(x) == 0:
        raise ValueError(f"`{name}` must hold at least one example. Received: {name}.shape={x.shape}")
    starts = range(0, len(x), batch_size)
    batches = (tuple(None if a is None else a[i : i + batch_size] for a in (x, y, mask)) for i in starts)
    return batches, math.ceil(len(x) / batch_size)


def _stream_batches(stream):
    for batch in stream:
        parts = keras.utils.unpack_x_y_sample_weight(batch)
        x, y, weight = (None if part is None else np.asarray(part) for part in parts)
        yield x, y, None if weight is None or weighs_examples(weight) else weight
