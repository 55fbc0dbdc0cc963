"""Checks of what is passed to `fit`, `evaluate` and the verbs: refused before the first step, with the reason."""

import numpy as np

from keras_vae._checks import shapes_agree
from keras_vae._sparse import is_sparse
from keras_vae.training.batch import weighs_examples
from keras_vae.training.containers import as_array

FLOAT32_MAX = float(np.finfo(np.float32).max)


def is_finite(x, takes_holes=False):
    """Whether all numbers of an array are finite, also once they are float32; with holes, whether the others are."""
    if takes_holes and np.isnan(x.min()):
        x = x[~np.isnan(x)]
        return not x.size or is_finite(x)
    return float(x.min()) >= -FLOAT32_MAX and float(x.max()) <= FLOAT32_MAX


def hide(x, counts, fill):
    """The array with `fill` in place of the elements that do not count; the array itself where all count.

    Args:
        x: array `(n, *event_shape)`.
        counts: array `(n, *leading event axes)`, 0 or False for what does not count; or None.
        fill: Callable without arguments to a number or array `event_shape`.

    Raises:
        ValueError: for sparse rows of which some elements do not count.
    """
    if counts is None or np.all(counts):
        return x
    if is_sparse(x):
        raise ValueError("weights of elements must be None for sparse rows, in which most elements are not there")
    counts = np.asarray(counts).astype(bool)
    return np.where(counts.reshape(*counts.shape, *(1,) * (x.ndim - counts.ndim)), x, fill())


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


def check_array(name, x, event_shape, check_values=None, takes_holes=False):
    """Check an array of examples: its shape, that it is not empty, that it is finite and, for targets, its values.

    Args:
        name: str. Name of the argument, for the message.
        x: NumPy array, or a SciPy matrix of sparse rows, whose zeros are as good as any values.
        event_shape: tuple. Shape without the batch axis.
        check_values: Callable `(x, name)` that refuses values which no target may have, or None.
        takes_holes: bool. Whether NaN may stand in it, for what was not seen.

    Raises:
        ValueError: if any of it does not hold.
    """
    check_event_shape(name, x.shape, event_shape)
    if is_sparse(x):
        check_sparse(name, x, check_values)
        return
    if x.size == 0:
        raise ValueError(f"`{name}` must hold at least one example. Received: {name}.shape={x.shape}")
    if x.dtype.kind == "f" and not is_finite(x, takes_holes):
        with np.errstate(over="ignore"):
            is_bad = ~np.isfinite(x.astype(np.float32)) & ~(takes_holes & np.isnan(x))
        rows = np.flatnonzero(is_bad.reshape(len(x), -1).any(axis=1))
        first = np.argwhere(is_bad)[0]
        raise ValueError(
            f"`{name}` must be finite, in float32{', or NaN for a hole' if takes_holes else ''}. "
            f"Received: {'' if takes_holes else 'NaN, '}infinity or a value beyond {FLOAT32_MAX:.2g} in "
            f"{len(rows)} of {len(x)} rows, first {name}[{', '.join(map(str, first))}]={x[tuple(first)]}"
        )
    if check_values is not None:
        check_values(x, name)


def check_sparse(name, x, check_values=None):
    """Check the values of sparse rows, as `check_array` checks those of an array.

    Args:
        name: str. Name of the argument, for the message.
        x: SciPy matrix by rows.
        check_values: as in `check_array`.

    Raises:
        ValueError: if there is no row, a value is not finite, or no target may have it; with its place.
    """
    if not x.shape[0]:
        raise ValueError(f"`{name}` must hold at least one example. Received: {name}.shape={x.shape}")
    if not x.nnz:
        return
    if x.dtype.kind == "f" and not is_finite(x.data):
        first = int(np.flatnonzero(~np.isfinite(x.data.astype(np.float32)))[0])
        row, column = int(np.searchsorted(x.indptr, first, side="right")) - 1, int(x.indices[first])
        raise ValueError(
            f"`{name}` must be finite, in float32. Received: NaN, infinity or a value beyond {FLOAT32_MAX:.2g}, first "
            f"{name}[{row}, {column}]={x.data[first]}"
        )
    if check_values is not None:
        check_values(x.data[:, None], name)


def check_condition(condition, n_rows, condition_shape, check_values=None):
    """Check what encoder and decoder are told beside x and z.

    Args:
        condition: array, dict of arrays, or None.
        n_rows: int. Number of examples.
        condition_shape: tuple, dict of tuples, or None for a model without a condition.
        check_values: Callable `(condition)` that refuses values which it may not have, or None.

    Returns:
        The same as float32 arrays.

    Raises:
        ValueError: if a condition is missing or not wanted, has other keys, another shape or number of rows, is not
            finite, or has values that it may not have.
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
        checked = {
            key: _check_condition_part(f"condition[{key!r}]", condition[key], n_rows, shape)
            for key, shape in condition_shape.items()
        }
    else:
        checked = _check_condition_part("condition", condition, n_rows, condition_shape)
    if check_values is not None:
        check_values(checked)
    return checked


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


def check_sample_weight(weight, n_rows, target_shape, may_be_zero=False):
    """Check weights of examples `(batch,)` or of elements `(batch, *leading event axes)`.

    Raises:
        ValueError: if the shape does not fit, a weight is negative or not finite, or all are zero, unless they may be.
    """
    fits = weighs_examples(weight) or shapes_agree(weight.shape[1:], target_shape[: weight.ndim - 1])
    if weight.ndim == 0 or len(weight) != n_rows or not fits:
        raise ValueError(
            "`sample_weight` must have the shape (batch,) to weigh examples, or (batch, *leading event axes) to weigh "
            f"elements of {target_shape}. Received: sample_weight.shape={weight.shape} for {n_rows} examples"
        )
    if not np.isfinite(weight.sum()) or weight.min() < 0 or (weight.max() == 0 and not may_be_zero):
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
