"""What users keep their data in, as NumPy arrays of numbers: frames, tensors, masked arrays, lists."""

import numbers
from typing import Any

import numpy as np

from keras_vae._sparse import as_csr, is_sparse


def as_array(name: str, x: Any) -> np.ndarray:
    """`x` as a NumPy array of numbers; a masked array without its mask.

    Args:
        name: str. Name of the argument, for the message.
        x: array, tensor of TensorFlow or PyTorch, frame or series of pandas or polars, or nested lists of numbers.

    Raises:
        ValueError: if it is something else.
    """
    if hasattr(x, "tocsr") and hasattr(x, "nnz"):
        raise ValueError(
            f"`{name}` must be a dense array. Received: a SciPy sparse {type(x).__name__}: pass x.toarray()"
        )
    if hasattr(x, "values") and hasattr(x, "indices") and hasattr(x, "dense_shape"):
        raise ValueError(f"`{name}` must be a dense tensor. Received: a SparseTensor: pass tf.sparse.to_dense(x)")
    if is_frame(x):
        return _of_frame(name, x)
    if hasattr(x, "detach"):  # A PyTorch tensor may be part of a graph, or on another device.
        x = x.detach().cpu()
        x = x.float() if "float" in str(x.dtype) else x
    try:
        array = np.asarray(x)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"`{name}` must be an array of numbers. Received: {type(x).__name__} ({error})") from None
    if array.dtype.kind == "V" and array.dtype.name in ("bfloat16", "float8_e4m3fn", "float8_e5m2"):
        array = array.astype(np.float32)
    if array.dtype.kind == "O" and array.size and _is_all_numbers(array):
        array = array.astype(np.float64)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"`{name}` must be an array of numbers. Received: {type(x).__name__} of dtype {array.dtype}")
    return array


def split_mask(name: str, x: Any, takes_sparse: bool = False) -> tuple[np.ndarray, np.ndarray | None]:
    """`x` as an array of numbers, and which of its elements count.

    Args:
        name: str. Name of the argument, for the message.
        x: as in `as_array`, or a `numpy.ma.MaskedArray`.
        takes_sparse: bool. Whether sparse rows stay as they are.

    Returns:
        `(array, counts)`: `counts` has the shape of the array and is False where an element is masked; None for data
        without a mask. The array is a SciPy matrix where x is sparse.

    Raises:
        ValueError: as `as_array`.
    """
    if takes_sparse and is_sparse(x):
        return as_csr(name, x), None
    array = as_array(name, x)
    if not isinstance(x, np.ma.MaskedArray) or not np.ma.is_masked(x):
        return array, None
    return array, ~np.ma.getmaskarray(x)


def is_frame(x: Any) -> bool:
    """Whether `x` is a table with named columns, as of pandas and polars."""
    return hasattr(x, "columns") and hasattr(x, "to_numpy") and hasattr(x, "dtypes")


def is_array_like(x: Any) -> bool:
    """Whether `x` holds all of its rows: it has a shape, or is a list, tuple or dict."""
    return hasattr(x, "shape") or hasattr(x, "__array__") or isinstance(x, (list, tuple, dict)) or is_frame(x)


def without_brackets(x: Any, n_axes: int | None) -> Any:
    """`[x]` and `[x, condition]`, as Keras takes the inputs of a model, as tuples; all else as it is.

    Args:
        x: anything.
        n_axes: int or None. Axes of an array of examples, the batch axis included; None where it is not known.
    """
    is_list = isinstance(x, list) and len(x) in (1, 2) and all(hasattr(part, "shape") for part in x[:1])
    if not is_list or not (n_axes is None or len(x[0].shape) == n_axes):
        return x
    return tuple(x)


def _of_frame(name, frame):
    if not len(frame.columns):
        raise ValueError(f"`{name}` must have at least one column. Received: a frame without columns")
    columns = [_of_column(f"{name}[{str(column)!r}]", frame[column]) for column in frame.columns]
    return np.stack(columns, axis=1).astype(np.result_type(*columns), copy=False)


def _of_column(name, column):
    """A column as numbers; what is missing in it becomes NaN, which is refused where values are checked."""
    kind = str(column.dtype)
    if kind.startswith(("date", "Date", "time", "Time", "Duration", "period")):
        raise ValueError(f"`{name}` must hold numbers. Received: {kind}: pass a number, such as days since a date")
    array = np.asarray(column.to_numpy())
    if type(column).__module__.startswith("pandas") and array.dtype == object:
        missing = column.isna().to_numpy()
        array = np.where(missing, np.nan, array)
    if array.dtype == object and _is_all_numbers(array):
        array = array.astype(np.float64)
    if array.dtype.kind not in "fiub":
        raise ValueError(
            f"`{name}` must hold numbers. Received: a column of type {kind}: drop it, or turn it into numbers "
            "(one column of 0 and 1 for each of its values, for one)"
        )
    return array


def _is_all_numbers(array):
    """Whether an array of objects holds nothing but numbers, booleans and None; text is none, also "1.5"."""
    return all(part is None or isinstance(part, (numbers.Number, np.bool_)) for part in array.ravel())
