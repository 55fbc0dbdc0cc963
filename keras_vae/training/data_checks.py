"""Checks of what is passed to `fit`, `evaluate` and the verbs: refused before the first step, with the reason."""

import keras
import numpy as np
import tensorflow as tf

from keras_vae._checks import shapes_agree
from keras_vae.training.batch import join_condition, split_condition, weighs_examples


def as_array(name, x):
    """`x` as a NumPy array of numbers.

    Raises:
        ValueError: if it is not an array of numbers.
    """
    try:
        array = np.asarray(x)
    except (TypeError, ValueError) as error:
        raise ValueError(f"`{name}` must be an array of numbers. Received: {type(x).__name__} ({error})") from None
    if array.dtype.kind not in "fiub":
        raise ValueError(f"`{name}` must be an array of numbers. Received: {type(x).__name__} of dtype {array.dtype}")
    return array


def check_event_shape(name, shape, event_shape):
    """Check that `shape` is `(batch, *event_shape)`; None stands for any size.

    Raises:
        ValueError: if it is not.
    """
    shape = tuple(shape)
    if shapes_agree(shape[1:], event_shape) and shape:
        return
    wanted = ", ".join(["batch", *("any" if n is None else str(n) for n in event_shape)])
    hint = ""
    if shapes_agree(shape, event_shape):
        hint = f" (one example has no batch axis: {name}[None])"
    elif len(shape) == 1:
        hint = " (one number per row: are these labels? A VAE learns from the data alone)"
    elif len(shape) == len(event_shape) and event_shape[-1] == 1 and shapes_agree(shape[1:], event_shape[:-1]):
        hint = f" (add the channel axis: {name}[..., None])"
    raise ValueError(f"`{name}` must have the shape ({wanted}). Received: {name}.shape={shape}{hint}")


def check_array(name, x, event_shape, check_values=None):
    """Check an array of examples: its shape, that it is not empty, that it is finite and, for targets, its values.

    Args:
        name: str. Name of the argument, for the message.
        x: NumPy array.
        event_shape: tuple. Shape without the batch axis.
        check_values: Callable `(x, name)` that refuses values which no target may have, or None.

    Raises:
        ValueError: if any of it does not hold.
    """
    check_event_shape(name, x.shape, event_shape)
    if x.size == 0:
        raise ValueError(f"`{name}` must hold at least one example. Received: {name}.shape={x.shape}")
    if x.dtype.kind == "f" and not (np.isfinite(x.min()) and np.isfinite(x.max())):
        bad = np.flatnonzero(~np.isfinite(x.reshape(len(x), -1)).all(axis=1))
        raise ValueError(
            f"`{name}` must be finite. Received: NaN or infinity in {len(bad)} of {len(x)} rows, first in row {bad[0]}"
        )
    if check_values is not None:
        check_values(x, name)


def check_condition(condition, n_rows, condition_shape):
    """Check what encoder and decoder are told beside x and z.

    Args:
        condition: array, dict of arrays, or None.
        n_rows: int. Number of examples.
        condition_shape: tuple, dict of tuples, or None for a model without a condition.

    Returns:
        The same as float32 arrays.

    Raises:
        ValueError: if a condition is missing or not wanted, has other keys, another shape or number of rows, or is not
            finite.
    """
    if condition is None and condition_shape is None:
        return None
    if condition_shape is None:
        raise ValueError(
            "`condition` must be None for a model whose encoder and decoder take none. Received: a condition"
        )
    if condition is None:
        raise ValueError(
            f"`condition` must be given, of shape {_in_words(condition_shape)}: write fit((x, condition)), or pass "
            "condition= to a verb. Received: no condition"
        )
    if isinstance(condition, dict) != isinstance(condition_shape, dict) or (
        isinstance(condition, dict) and set(condition) != set(condition_shape)
    ):
        came = f"a dict of {', '.join(condition)}" if isinstance(condition, dict) else "one array"
        raise ValueError(f"`condition` must be {_in_words(condition_shape)}. Received: {came}")
    if isinstance(condition, dict):
        return {
            key: _check_condition_part(f"condition[{key!r}]", condition[key], n_rows, shape)
            for key, shape in condition_shape.items()
        }
    return _check_condition_part("condition", condition, n_rows, condition_shape)


def _in_words(condition_shape):
    if isinstance(condition_shape, dict):
        return "a dict of arrays " + ", ".join(f"{key} (n, *{shape})" for key, shape in condition_shape.items())
    return f"one array (n, *{condition_shape})"


def _check_condition_part(name, value, n_rows, shape):
    value = as_array(name, value)
    check_array(name, value, shape)
    if len(value) != n_rows:
        raise ValueError(
            f"`{name}` must have a row for each of {n_rows} examples. Received: {name}.shape={value.shape}"
        )
    return value.astype(np.float32, copy=False)


def check_can_be_target(event_shape, target_shape):
    """Check that inputs have the shape of targets, as they must where no targets are given.

    Raises:
        ValueError: if they have not.
    """
    if not shapes_agree(event_shape, target_shape):
        raise ValueError(
            f"`y` must be given: the model maps {event_shape} to {target_shape}, so its input cannot be its target. "
            "Received: y=None"
        )


def check_sample_weight(weight, n_rows, target_shape):
    """Check weights of examples `(batch,)` or of elements `(batch, *leading event axes)`.

    Raises:
        ValueError: if the shape does not fit, a weight is negative or not finite, or all are zero.
    """
    fits = weighs_examples(weight) or shapes_agree(weight.shape[1:], target_shape[: weight.ndim - 1])
    if weight.ndim == 0 or len(weight) != n_rows or not fits:
        raise ValueError(
            "`sample_weight` must have the shape (batch,) to weigh examples, or (batch, *leading event axes) to weigh "
            f"elements of {target_shape}. Received: sample_weight.shape={weight.shape} for {n_rows} examples"
        )
    if not np.isfinite(weight.sum()) or weight.min() < 0 or weight.max() == 0:
        raise ValueError(
            "`sample_weight` must be finite, >= 0 and not all zero. "
            f"Received: values from {weight.min()} to {weight.max()}"
        )


def check_mask(mask, n_rows, target_shape):
    """Check weights of elements, `(batch, *leading event axes)`.

    Raises:
        ValueError: if the shape does not fit, or a weight is negative or not finite.
    """
    rest = mask.shape[1:]
    if not rest or len(mask) != n_rows or not shapes_agree(rest, target_shape[: len(rest)]):
        raise ValueError(
            f"`mask` must have the shape (batch, *leading event axes) to weigh elements of {target_shape}. "
            f"Received: mask.shape={mask.shape} for {n_rows} examples"
        )
    if not np.isfinite(mask.sum()) or mask.min() < 0:
        raise ValueError(f"`mask` must be finite and >= 0. Received: values from {mask.min()} to {mask.max()}")


def first_batch(data):
    """The first element of a stream as `(x, y, sample_weight)`, or None for data that cannot be seen twice.

    Raises:
        ValueError: if the dataset is empty.
    """
    if isinstance(data, tf.data.Dataset):
        batch = next(iter(data.take(1)), None)
        if batch is None:
            raise ValueError("`x` must hold at least one example. Received: an empty tf.data.Dataset")
    elif isinstance(data, keras.utils.PyDataset):
        batch = data[0]
    else:
        return None
    return keras.utils.unpack_x_y_sample_weight(batch)


def is_stream(x):
    """Whether `x` gives batches by itself (tf.data, `PyDataset`, generator); `y` must then be in it."""
    return isinstance(x, (tf.data.Dataset, tf.distribute.DistributedDataset, keras.utils.PyDataset)) or (
        hasattr(x, "__next__") and not hasattr(x, "shape")
    )


def check_training_data(model, x, y=None, sample_weight=None):
    """Check the arguments of `fit` and `evaluate` of a model; streams are judged by their first batch.

    Args:
        model: a `Trainer`.
        x: array of inputs, `(x, condition)`, a dict of both, or a stream of batches.
        y: array of targets, or None when the inputs are the targets.
        sample_weight: array of weights or None.

    Returns:
        `(x, y, sample_weight)` as Keras takes them: streams as they came, everything else as arrays.

    Raises:
        ValueError: naming the argument, what was wanted and what came.
    """
    if x is None:
        raise ValueError("`x` must be an array or a tf.data.Dataset. Received: x=None")
    if is_stream(x):
        if y is not None:
            raise ValueError("`y` must be part of the dataset when `x` is one: yield (x, y). Received: y beside it")
        batch = first_batch(x)
        if batch is not None:
            _check_arrays(model, *batch)
        return x, None, sample_weight
    return _check_arrays(model, x, y, sample_weight)


def _check_arrays(model, x, y, sample_weight):
    x, condition = split_condition(x)
    x = as_array("x", x)
    if condition is not None:
        condition = tf.nest.map_structure(lambda part: as_array("condition", part), condition)
    if not model.built and x.ndim > 1:
        with model.distribute_strategy.scope():
            model.build(_batch_shapes(x, condition))
    spec = model.row_spec
    if y is None:
        check_can_be_target(spec.event_shape, spec.target_shape)
        check_array("x", x, spec.event_shape, spec.check_values)
        # Keras silently drops the weights of inputs that come without targets.
        y = None if sample_weight is None else x
    else:
        check_array("x", x, spec.event_shape)
        y = as_array("y", y)
        check_array("y", y, spec.target_shape, spec.check_values)
        if len(x) != len(y):
            raise ValueError(f"`x` and `y` must have the same number of rows. Received: {len(x)} and {len(y)}")
    condition = check_condition(condition, len(x), spec.condition_shape)
    if sample_weight is not None:
        sample_weight = as_array("sample_weight", sample_weight)
        check_sample_weight(sample_weight, len(x), spec.target_shape)
    return join_condition(x, condition), y, sample_weight


def _batch_shapes(x, condition):
    """The shapes of one batch as `build` takes them."""
    shape_of = lambda rows: (None, *rows.shape[1:])  # noqa: E731
    if isinstance(condition, dict):
        return shape_of(x), {key: shape_of(rows) for key, rows in condition.items()}
    return join_condition(shape_of(x), None if condition is None else shape_of(condition))
