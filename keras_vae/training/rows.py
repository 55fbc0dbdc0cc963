"""Functions of a batch applied to any number of rows, batch by batch in constant device memory."""

import math
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int
from keras_vae._progress import progress
from keras_vae._sparse import as_csr, as_sparse_tensor, is_sparse
from keras_vae.training.batch import Batch, as_batch, split_condition, weighs_examples
from keras_vae.training.containers import as_array, split_mask, without_brackets
from keras_vae.training.data_checks import check_array, check_can_be_target, check_condition, check_mask, hide
from keras_vae.training.streams import check_ends, is_stream, iterate


class RowSpec(NamedTuple):
    """What one row of the data of a function is.

    Attributes:
        event_shape: tuple. Shape of x without the batch axis.
        target_shape: tuple, or None for a function without a target.
        condition_shape: tuple, dict of tuples, or None for a function without a condition.
        check_condition: Callable `(condition)` that refuses values of a condition, or None.
        check_values: Callable `(array, name)` that refuses values of a target, or None.
        needs_condition: bool. Whether a condition must be there; without need of one it may.
        unseen: Callable without arguments to a number or array `event_shape`: what stands for a masked element.
        takes_holes: bool. Whether NaN stands for an element that was not seen.
        takes_sparse: bool. Whether x, and the target, may be sparse.
    """

    event_shape: tuple
    target_shape: tuple | None = None
    condition_shape: Any = None
    check_condition: Any = None
    check_values: Any = None
    needs_condition: bool = True
    unseen: Any = float
    takes_holes: bool = False
    takes_sparse: bool = False

    @property
    def condition(self):
        """What `check_condition` is told of a condition: its shape, and what refuses its values."""
        return self.condition_shape, self.check_condition


def map_rows(function, x, spec, y=None, mask=None, condition=None, batch_size=256, name="x"):
    """Apply `function` to every batch of `x` and join what comes out.

    A bar appears on stderr when it takes longer than two seconds, see `progress`.

    Args:
        function: Callable. Takes a `Batch` of float32 arrays, or sparse tensors; returns a tensor or a tuple of
            tensors, rows first.
        x: array `(n, *event_shape)`, sparse rows where `spec` takes them, `(x, condition)` or a dict of both, or a
            stream of batches of x, `(x, y)` or `(x, y, sample_weight)`, of which weights of elements count as the mask,
            and weights of examples not at all.
        spec: `RowSpec`.
        y: array `(n, *target_shape)` or None, in which case x is the target.
        mask: array of weights of elements `(n, *leading event axes)`, or None. For an array x with targets.
        condition: array, or dict of arrays, `(n, ...)`; or None for what stands beside x, if anything.
        batch_size: int. Rows per call; a stream comes with its own.
        name: str. Name of `x` in error messages.

    Returns:
        NumPy array `(n, ...)`, or a tuple of them.

    Raises:
        ValueError: for data of the wrong shape or values, or none at all.
    """
    check_int("batch_size", batch_size, 1)
    results = []
    batches, n_batches = _batches(x, Batch(None, y, mask, None, condition), spec, batch_size, name)
    for batch in progress(batches, n_batches, unit="batch"):
        outputs = function(_of_floats(batch, spec))
        results.append(tf.nest.map_structure(lambda t: t.numpy(), outputs))
    if not results:
        raise ValueError(f"`{name}` must hold at least one example. Received: an empty tf.data.Dataset")
    return tf.nest.map_structure(lambda *parts: np.concatenate(parts), *results)


class RowFunction:
    """A function of a batch, and of further tensors, as graphs: one for each kind of batch, whatever its rows are.

    Args:
        function: Callable `(batch, *tensors)`.
        spec: `RowSpec` of its batches.
    """

    def __init__(self, function, spec):
        self.function = function
        self.spec = spec
        self._graphs = {}

    def __call__(self, batch, *tensors):
        given = batch.given()
        tensors = [tf.convert_to_tensor(tensor) for tensor in tensors]
        mask_shape = None if batch.mask is None else tuple(batch.mask.shape[1:])
        sparse = tuple(name for name, part in given.items() if isinstance(part, tf.SparseTensor))
        key = (*given, mask_shape, sparse)
        if key not in self._graphs:
            specs = [tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in tensors]
            signature = (self._specs_of(given, mask_shape, sparse), *specs)
            self._graphs[key] = tf.function(_OfParts(self.function), input_signature=signature, autograph=False)
        return self._graphs[key](given, *tensors)

    def _specs_of(self, given, mask_shape, sparse):
        shapes = {"x": self.spec.event_shape, "target": self.spec.target_shape, "mask": mask_shape}
        specs = {name: rows_spec(shapes[name], name in sparse) for name in given if name != "condition"}
        if "condition" in given:
            specs["condition"] = condition_specs(self.spec.condition_shape)
        return specs


class _OfParts:
    """A function of a `Batch` as one of its parts.

    An object and no function: TensorFlow counts traces by line of code, and would warn of graphs that are not the same.
    """

    def __init__(self, function):
        self.function = function

    def __call__(self, parts, *tensors):
        return self.function(Batch(**parts), *tensors)


def rows_spec(event_shape, is_sparse=False):
    """Spec of float32 examples of that shape, any number of them."""
    return (tf.SparseTensorSpec if is_sparse else tf.TensorSpec)((None, *event_shape), tf.float32)


def condition_specs(condition_shape):
    """`rows_spec` of a condition: one, or a dict of them."""
    if isinstance(condition_shape, dict):
        return {name: rows_spec(shape) for name, shape in condition_shape.items()}
    return rows_spec(condition_shape)


def head(x, n):
    """The first `n` rows of an array, of `(x, condition)`, of a dict of both, or of a stream of batches."""
    if isinstance(x, tf.data.Dataset):
        return x.unbatch().take(n).batch(min(n, 256))
    return tf.nest.map_structure(lambda rows: rows[:n], x)


def first_rows(stream, n):
    """The first `n` rows of a stream of batches, without weights, as a `Batch` of arrays; an empty one of no rows."""
    parts, n_rows = [], 0
    for data in stream:
        given = as_batch(data)._replace(mask=None, weight=None).given()
        parts.append(tf.nest.map_structure(_as_rows, given))
        n_rows += parts[-1]["x"].shape[0]
        if n_rows >= n:
            break
    return Batch(**tf.nest.map_structure(lambda *rows: _joined(rows)[:n], *parts)) if parts else Batch()


def _as_rows(part):
    """Rows as NumPy or SciPy keep them."""
    return as_csr("x", part) if is_sparse(part) else np.asarray(part)


def _joined(parts):
    if not is_sparse(parts[0]):
        return np.concatenate(parts)
    from scipy import sparse

    return sparse.vstack(parts, format="csr")


def _checked(batch, spec, name):
    """The batch, of any number of rows, if it is what `spec` says, without the values of masked elements."""
    has_target = spec.target_shape is not None
    has_own_target = has_target and batch.target is not None
    if has_target and not has_own_target:
        check_can_be_target(spec.event_shape, spec.target_shape)
    batch = _hidden(batch, spec) if has_target and batch.mask is not None else batch
    if has_own_target:
        check_array("y", batch.target, spec.target_shape, spec.check_values, spec.takes_holes)
    check_values = spec.check_values if has_target and not has_own_target else None
    check_array(name, batch.x, spec.event_shape, check_values, spec.takes_holes)
    is_left_out = batch.condition is None and not spec.needs_condition
    condition = None if is_left_out else check_condition(batch.condition, batch.x.shape[0], *spec.condition)
    return batch._replace(condition=condition)


def _of_floats(batch, spec):
    """The batch in float32, with x as target where one is wanted and none came."""
    x, target, mask = (None if a is None else a.astype(np.float32, copy=False) for a in batch[:3])
    x, target = (as_sparse_tensor(rows) if is_sparse(rows) else rows for rows in (x, target))
    if spec.target_shape is None:
        return Batch(x, condition=batch.condition)
    return Batch(x, x if target is None else target, mask, condition=batch.condition)


def _hidden(batch, spec):
    """The batch without the values of elements whose mask is 0: they are in no target, nor in an x that is one."""
    rows = batch.x if batch.target is None else batch.target
    check_mask(batch.mask, len(rows), spec.target_shape)
    if batch.target is None:
        return batch._replace(x=hide(batch.x, batch.mask, spec.unseen))
    return batch._replace(target=hide(batch.target, batch.mask, spec.unseen))


def _batches(x, beside, spec, batch_size, name):
    """Iterator over `Batch` of arrays, and their number or None; `beside` holds what was passed beside x."""
    if is_stream(x):
        for part, value in {"y": beside.target, "mask": beside.mask, "condition": beside.condition}.items():
            if value is not None:
                raise ValueError(
                    f"`{part}` must be part of the dataset when `{name}` is one: yield (x, y, sample_weight), with "
                    f"(x, condition) for x where there is a condition. Received: {part} beside it"
                )
        check_ends(name, x)
        n_batches = int(x.cardinality()) if isinstance(x, tf.data.Dataset) else -1
        return _stream_batches(x, spec, name), n_batches if n_batches >= 0 else None
    parts = _checked(_whole(x, beside, spec, name), spec, name)
    n_rows = parts.x.shape[0]
    starts = range(0, n_rows, batch_size)
    rows = (tf.nest.map_structure(lambda a, i=i: a[i : i + batch_size], parts.given()) for i in starts)
    return (Batch(**given) for given in rows), math.ceil(n_rows / batch_size)


def _whole(x, beside, spec, name):
    """All rows as one `Batch` of arrays with the same number of rows."""
    x, condition = split_condition(without_brackets(x, len(spec.event_shape) + 1))
    if condition is not None and beside.condition is not None:
        raise ValueError(f"`condition` must be given once. Received: one beside `{name}` and one in it")
    condition = beside.condition if condition is None else condition
    x, x_counts = split_mask(name, x, spec.takes_sparse)
    y, y_counts = (None, x_counts) if beside.target is None else split_mask("y", beside.target, spec.takes_sparse)
    mask = y_counts if beside.mask is None else as_array("mask", beside.mask)
    condition = _as_arrays("condition", condition)
    for part, value in {"y": y, "mask": mask, **_named("condition", condition)}.items():
        if value is not None and (value.ndim == 0 or x.shape[0] != value.shape[0]):
            raise ValueError(
                f"`{name}` and `{part}` must have the same number of rows. "
                f"Received: {x.shape[0]} and {value.shape[0] if value.ndim else 'none'}"
            )
    if x.ndim == 0 or x.shape[0] == 0:
        raise ValueError(f"`{name}` must hold at least one example. Received: {name}.shape={x.shape}")
    if beside.mask is not None and y_counts is not None:
        mask = mask * y_counts.reshape(*y_counts.shape[: mask.ndim], -1).all(axis=-1)
    return Batch(hide(x, x_counts, spec.unseen), y, mask, None, condition)


def _as_arrays(name, value):
    if isinstance(value, dict):
        return {key: as_array(f"{name}[{key!r}]", part) for key, part in value.items()}
    return None if value is None else as_array(name, value)


def _named(name, value):
    return {f"{name}[{key!r}]": part for key, part in value.items()} if isinstance(value, dict) else {name: value}


def _stream_batches(stream, spec, name):
    for number, data in enumerate(iterate(stream), 1):
        x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
        x, condition = split_condition(x)
        x, y, weight = (None if part is None else _as_rows(part) for part in (x, y, weight))
        condition = None if condition is None else tf.nest.map_structure(np.asarray, condition)
        mask = None if weight is None or weighs_examples(weight) else weight
        try:
            yield _checked(Batch(x, y, mask, None, condition), spec, name)
        except ValueError as error:
            raise ValueError(f"batch {number} of the stream: {error}") from None
