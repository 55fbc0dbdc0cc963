"""Inputs of a request, checked against the signature before anything is sent."""

import numpy as np


def as_input(name, value, tensor, signature):
    """Array that goes to the server.

    Args:
        name: str. Name of the input.
        value: array, number or nested lists; byte strings for an input of byte strings.
        tensor: `Tensor`, what the signature says.
        signature: str. Its name, for the message.

    Returns:
        NumPy array of the signature's type.

    Raises:
        ValueError: if the shape is another, there are no rows, an element is not finite or does not fit the type.
        TypeError: if the elements are not numbers, or not byte strings where those are wanted.
    """
    array = _byte_strings(name, value) if tensor.dtype == "object" else _numbers(name, value)
    wanted = tensor.shape
    if wanted is not None and not _fits(array.shape, wanted):
        hint = f". A single example needs a first axis: {name}[None]" if _fits((1, *array.shape), wanted) else ""
        raise ValueError(
            f"`{name}` must have the shape {shape_text(wanted)} of the signature {signature!r}. "
            f"Received: {name}.shape={array.shape}{hint}"
        )
    if tensor.has_rows and len(array) == 0:
        raise ValueError(f"`{name}` must hold at least one row. Received: {name}.shape={array.shape}")
    return array if tensor.dtype == "object" else _cast(name, array, tensor.dtype)


def shape_text(shape):
    """Shape as a message shows it: n for the rows, ? for another unknown size."""
    sizes = [("n" if i == 0 else "?") if size is None else str(size) for i, size in enumerate(shape)]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


def _fits(shape, wanted):
    return len(shape) == len(wanted) and all(b is None or a == b for a, b in zip(shape, wanted, strict=True))


def _numbers(name, value):
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"`{name}` must be an array. Received: {error}") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"`{name}` must hold numbers. Received: an array of {array.dtype}")
    return array


def _byte_strings(name, value):
    # NumPy's own byte strings would lose the zero bytes that a file may end with.
    rows = [value] if isinstance(value, bytes) else list(np.ravel(value) if isinstance(value, np.ndarray) else value)
    if not all(isinstance(each, bytes) for each in rows):
        wrong = next(type(each).__name__ for each in rows if not isinstance(each, bytes))
        raise TypeError(f"`{name}` must hold byte strings, such as the contents of files. Received: {wrong}")
    array = np.empty(len(rows), object)
    array[:] = rows
    return array.reshape(np.shape(value) if isinstance(value, np.ndarray) else () if isinstance(value, bytes) else -1)


def _cast(name, array, dtype):
    """Cast that keeps every number: a float may lose digits, but not its size or, to a whole number, its fraction."""
    if not np.isfinite(array).all():
        raise ValueError(f"`{name}` must be finite. Received: NaN or infinity in it")
    try:
        kind = np.dtype(dtype).kind
    except TypeError:
        raise TypeError(f"`{name}` must be {dtype} for this server, which NumPy does not have") from None
    with np.errstate(over="ignore", invalid="ignore"):
        cast = array.astype(dtype)
    if kind == "f" and not np.isfinite(cast).all():
        raise ValueError(f"`{name}` must fit {dtype}. Received: values up to {np.abs(array).max():g}")
    if kind in "biu" and not np.array_equal(cast, array):
        wanted = "0 and 1" if kind == "b" else f"whole numbers from {np.iinfo(dtype).min} to {np.iinfo(dtype).max}"
        raise ValueError(f"`{name}` must hold {wanted}. Received: values from {array.min()} to {array.max()}")
    return cast
