"""Rows that are mostly zero, as SciPy and TensorFlow keep them: by the places and values of the others."""

from typing import Any

import numpy as np
import tensorflow as tf


def is_sparse(x: Any) -> bool:
    """Whether `x` is a matrix or array of SciPy that keeps only what is not zero, or a `tf.SparseTensor`."""
    return isinstance(x, tf.SparseTensor) or (hasattr(x, "tocsr") and hasattr(x, "nnz"))


def as_csr(name: str, x: Any) -> Any:
    """Sparse rows as a SciPy matrix by rows, with the columns of each in order and none of them twice.

    Args:
        name: str. Name of the argument, for the message.
        x: what `is_sparse` holds for. Entries at the same place are added up.

    Returns:
        `scipy.sparse.csr_matrix`, of the type of `x`; `x` itself where it is one already.

    Raises:
        ValueError: if it does not have two axes, or holds something else than numbers.
    """
    from scipy import sparse

    if len(x.shape) != 2:
        raise ValueError(f"`{name}` must have two axes where it is sparse. Received: {name}.shape={tuple(x.shape)}")
    if isinstance(x, tf.SparseTensor):
        indices = x.indices.numpy()
        x = sparse.csr_matrix((x.values.numpy(), (indices[:, 0], indices[:, 1])), shape=x.dense_shape.numpy())
    x = x.tocsr()
    if x.dtype.kind not in "fiub":
        raise ValueError(f"`{name}` must hold numbers. Received: {type(x).__name__} of dtype {x.dtype}")
    if x.has_canonical_format:
        return x
    x = x.copy()
    x.sum_duplicates()
    return x


def as_sparse_tensor(rows: Any) -> tf.SparseTensor:
    """The rows of a SciPy matrix, as `as_csr` gives it, as a float32 tensor."""
    numbers = np.repeat(np.arange(rows.shape[0], dtype=np.int64), np.diff(rows.indptr))
    indices = np.stack([numbers, rows.indices.astype(np.int64)], axis=1)
    return tf.SparseTensor(indices, rows.data.astype(np.float32, copy=False), rows.shape)


def as_tensors(structure: Any) -> Any:
    """A structure of arrays with every SciPy matrix in it as a tensor."""
    return tf.nest.map_structure(lambda part: as_sparse_tensor(part) if hasattr(part, "tocsr") else part, structure)


def values_of(part: Any) -> Any:
    """The values of a tensor: of a sparse one those that it keeps."""
    return part.values if isinstance(part, tf.SparseTensor) else part


def repeat_sparse(rows: tf.SparseTensor, n: int | tf.Tensor) -> tf.SparseTensor:
    """The rows `n` times below themselves, draw by draw: `(batch, columns)` -> `(n * batch, columns)`."""
    n = tf.cast(n, tf.int64)
    n_rows, n_columns = rows.dense_shape[0], rows.dense_shape[1]
    shifts = tf.stack([tf.range(n) * n_rows, tf.zeros([n], tf.int64)], axis=1)
    indices = tf.reshape(shifts[:, None] + rows.indices[None], [-1, 2])
    repeated = tf.SparseTensor(indices, tf.tile(rows.values, n[None]), tf.stack([n * n_rows, n_columns]))
    repeated.set_shape((None, rows.shape[1]))
    return repeated
