"""The rows that the health of a model is measured on, as arrays."""

import numpy as np
import tensorflow as tf

from keras_vae._sparse import as_csr, is_sparse
from keras_vae.training.batch import Batch, split_condition
from keras_vae.training.containers import as_array
from keras_vae.training.data_checks import check_array, check_can_be_target, check_condition
from keras_vae.training.rows import first_rows
from keras_vae.training.streams import is_stream

# Fewer say nothing about a share of one in twenty.
MIN_ROWS = 20
# Numbers of an array that is made of sparse rows.
NUMBERS = 2**25


def some_rows(name: str, x, y, n_rows: int, rng: np.random.Generator) -> Batch:
    """At most `n_rows` rows: random ones of arrays, the first ones of a stream.

    Args:
        name: str. Name of `x`, for the messages.
        x: array, sparse rows, `(x, condition)`, a dict of both, or a stream of batches.
        y: array of targets or None.
        n_rows: int. How many at most.
        rng: NumPy generator, for the choice.

    Returns:
        `Batch` of arrays.

    Raises:
        ValueError: for fewer than 20 rows, targets beside a stream, or parts with unlike numbers of rows.
    """
    if is_stream(x):
        if y is not None:
            raise ValueError(
                f"`y` must be part of the stream when `{name}` is one: yield (x, y). Received: y beside it"
            )
        rows = first_rows(x, n_rows)
    else:
        x, condition = split_condition(x)
        rows = Batch(x, y, condition=condition)
    if rows.target is None and is_sparse(rows.x):
        rows = rows._replace(x=_dense(as_csr(name, rows.x), n_rows, rng))
    x = as_array(name, np.zeros(0) if rows.x is None else rows.x)
    y = None if rows.target is None else as_array("y", rows.target)
    condition = None if rows.condition is None else tf.nest.map_structure(np.asarray, rows.condition)
    if x.ndim == 0 or len(x) < MIN_ROWS:
        raise ValueError(f"`{name}` must hold at least {MIN_ROWS} examples. Received: {name}.shape={x.shape}")
    for what, part in (("targets", y), *(("condition", part) for part in tf.nest.flatten(condition))):
        if part is not None and len(x) != len(part):
            raise ValueError(
                f"`{name}` and its {what} must have the same number of rows. Received: {len(x)} and {len(part)}"
            )
    rows = Batch(x, y, condition=condition)
    if len(x) <= n_rows:
        return rows
    chosen = np.sort(rng.choice(len(x), n_rows, replace=False))
    return Batch(**tf.nest.map_structure(lambda part: part[chosen], rows.given()))


def _dense(x, n_rows, rng):
    """Random rows of a sparse matrix as an array, fewer of very long ones."""
    n = min(n_rows, max(MIN_ROWS, NUMBERS // x.shape[1]), x.shape[0])
    return x[np.sort(rng.choice(x.shape[0], n, replace=False))].toarray()


def check_rows(vae, part: str, rows: Batch) -> Batch:
    """The rows, if the model can take them; refused before anything is computed.

    Args:
        vae: a built model.
        part: "test" or "train", for the messages.
        rows: `Batch` of arrays.

    Raises:
        ValueError: for rows of another shape, or with values that the likelihood gives no probability.
    """
    check_values, takes_holes = vae.row_spec.check_values, vae.row_spec.takes_holes
    if rows.target is None:
        check_can_be_target(vae.event_shape, vae.target_shape)
    else:
        check_array(f"y_{part}", rows.target, vae.target_shape, check_values, takes_holes)
    of_x = check_values if rows.target is None else None
    check_array(f"x_{part}", rows.x, vae.event_shape, of_x, takes_holes)
    return rows._replace(condition=check_condition(rows.condition, len(rows.x), *vae.row_spec.condition))
