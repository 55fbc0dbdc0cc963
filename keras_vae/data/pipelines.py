"""Batches as `tf.data`, which depend on the seed and the number of the epoch alone."""

import numpy as np
import tensorflow as tf

from keras_vae._checks import check_choice, check_int
from keras_vae._sparse import as_csr, is_sparse
from keras_vae.data.dataset import PARTS, Dataset
from keras_vae.data.epochs import epoch_numbers, epoch_seeds, host_variable, random_order
from keras_vae.data.images import decode_image

_BINARIZE_CHUNK = 4096
# Fixed: AUTOTUNE may fill half of the memory with large images.
_BATCHES_AHEAD = 2


def binarized(x: np.ndarray | Dataset, batch_size: int = 128, seed: int = 0) -> tf.data.Dataset:
    """Batches of 0 and 1: fresh draws from grey images in every epoch, in a new order.

    Args:
        x: Array, shape `(n, *event)`, uint8 0 to 255 or float in [0, 1], or a `Dataset` (its training part).
        batch_size: int >= 1. The last batch of an epoch may be shorter.
        seed: int >= 0. Seed of the order and the draws.

    Returns:
        `tf.data.Dataset` of float32 `(batch, *event)`, as `batches` makes it with `binarize=True`. The first pass over
            it is epoch 0, the next is epoch 1.

    Raises:
        ValueError: if `x` is empty or its values are outside the ranges above.

    References:
        Salakhutdinov & Murray 2008; as training data Burda et al. 2016, section 5. https://arxiv.org/abs/1509.00519
    """
    return batches(x, batch_size=batch_size, seed=seed, binarize=True)


def batches(
    x: np.ndarray | Dataset, batch_size: int = 128, seed: int = 0, shuffle: bool = True, binarize: bool = False,
    scale: bool = True, start_epoch: int = 0, repeat: bool = False, part: str = "train", takes_holes: bool = False,
    condition: np.ndarray | None = None,
) -> tf.data.Dataset:  # fmt: skip
    """Batches of a data set, a pure function of the seed and the number of the epoch.

    Args:
        x: Array, shape `(n, *event)`; sparse rows, as a SciPy matrix; or a `Dataset`, in memory or a folder of images.
        batch_size: int >= 1. The last batch of an epoch may be shorter.
        seed: int >= 0. With the number of the epoch it fixes order and draws, in every process.
        shuffle: bool. Whether every epoch has a new order. Without it, every pass has the draws of `start_epoch`.
        binarize: bool. Whether to draw 0 or 1 with the grey value as probability (for uint8 exact to 1 / 65,536).
        scale: bool. Whether to divide uint8 values by 255. Arrays of other types keep their values.
        start_epoch: int >= 0. Number of the first epoch.
        repeat: bool. Whether epochs follow each other without end, for `fit(steps_per_epoch=...)` of a run that may be
            resumed. Otherwise every pass is the next epoch, also after a pass that was broken off (under a
            `tf.distribute` strategy Keras begins one to build the model).
        part: `"train"` or `"test"`, for a `Dataset`.
        takes_holes: bool. Whether NaN may stand for what was not seen.
        condition: array `(n, ...)` or None. What a model is told of every row, such as the number of its class.

    Returns:
        `tf.data.Dataset` of float32 `(batch, *event)`, with known cardinality; of `tf.SparseTensor` for sparse rows, of
            `((x, condition),)` with a condition.

    Raises:
        ValueError: if an argument is out of range, the part is empty, the condition has another number of rows, values
            are not finite numbers, sparse rows are to be binarized, or values to be binarized are outside 0 to 255
            (uint8) or [0, 1] (float).
    """
    batch_size, seed = check_int("batch_size", batch_size, 1), check_int("seed", seed, 0)
    epochs = epoch_numbers(check_int("start_epoch", start_epoch, 0), shuffle, repeat)
    fetch, n = _source(x, part, binarize, scale, takes_holes)
    told, n_batches = _told(condition, n), -(-n // batch_size)
    return (
        epochs.flat_map(_rows_of_epochs(n, batch_size, seed, shuffle))
        .map(_values(fetch, seed, binarize, scale, told), num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        .apply(tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY if repeat else n_batches))
        .prefetch(_BATCHES_AHEAD)
    )


def binarize_once(x: np.ndarray, seed: int = 0) -> np.ndarray:
    """One fixed draw of 0 or 1 with the grey value as probability, for a test set.

    Args:
        x: Array, shape `(n, *event)`, uint8 0 to 255 or float in [0, 1].
        seed: int >= 0.

    Returns:
        Array, shape of `x`, float32, of 0 and 1.

    Raises:
        ValueError: if `x` is empty or its values are outside the ranges above.
    """
    rng = np.random.default_rng(check_int("seed", seed, 0))
    x = _check_values(x, binarize=True, scale=True)
    drawn = np.empty(x.shape, dtype=np.float32)
    for start in range(0, len(x), _BINARIZE_CHUNK):
        grey = x[start : start + _BINARIZE_CHUNK]
        grey = grey / np.float32(255) if grey.dtype == np.uint8 else grey
        drawn[start : start + _BINARIZE_CHUNK] = rng.random(grey.shape, dtype=np.float32) < grey
    return drawn


def _told(condition, n):
    """The rows of a condition as a variable, if there are `n` of them; None without one."""
    if condition is not None and len(condition) != n:
        raise ValueError(f"`condition` must have a row for each of {n} examples. Received: {len(condition)}")
    return None if condition is None else host_variable(condition)


def _rows_of_epochs(n, batch_size, seed, shuffle):
    """Function from an epoch to a data set of its batches as `(epoch, number of the batch, numbers of the rows)`."""

    def one_epoch(epoch):
        order = random_order(n, epoch_seeds(seed, epoch, 0)) if shuffle else tf.range(n, dtype=tf.int64)

        def one_batch(step):
            return epoch, step, order[step * batch_size : (step + 1) * batch_size]

        return tf.data.Dataset.range(-(-n // batch_size)).map(one_batch)

    return one_epoch


def _values(fetch, seed, binarize, scale, told):
    """Function from a batch of row numbers to the float32 values of the rows, beside what is told of them."""

    def with_told(epoch, step, rows):
        values = values_of(epoch, step, rows)
        return values if told is None else ((values, tf.gather(told, rows)),)

    def values_of(epoch, step, rows):
        values = fetch(rows)
        if binarize:
            # Place 0 of the epoch holds the seed of its order.
            return _draw(values, epoch_seeds(seed, epoch, step + 1))
        floats = tf.cast(values, tf.float32)
        return floats / 255.0 if scale and values.dtype == tf.uint8 else floats

    return with_told


def _source(x, part, binarize, scale, takes_holes):
    """The function that fetches rows by their numbers, and the number of rows."""
    check_choice("part", part, PARTS)
    if is_sparse(x):
        if binarize:
            raise ValueError("`binarize` must be False for sparse rows. Received: binarize=True")
        return _sparse_source(as_csr("x", x))
    if not isinstance(x, Dataset):
        return _array_source(_check_values(x, binarize, scale, takes_holes))
    if not x.size(part):
        raise ValueError(f"the data set {x.name!r} must have a {part} part. Received: none")
    files = getattr(x, f"{part}_files")
    if files is not None:
        return _file_source(files, x.event_shape, getattr(x, "fit", "stretch"))
    return _array_source(_check_values(getattr(x, f"x_{part}"), binarize, scale, takes_holes))


def _array_source(x):
    held = host_variable(x)
    return lambda rows: tf.gather(held, rows), len(x)


def _sparse_source(x):
    """Rows of a matrix that stays as SciPy keeps it: where each row begins, the columns, the values."""
    begins, columns, values = host_variable(x.indptr.astype(np.int64)), host_variable(x.indices), host_variable(x.data)

    def fetch(rows):
        places = tf.ragged.range(tf.gather(begins, rows), tf.gather(begins, rows + 1))
        column = tf.cast(tf.gather(columns, places.flat_values), tf.int64)
        indices = tf.stack([places.value_rowids(), column], axis=1)
        shape = tf.stack([tf.size(rows, tf.int64), x.shape[1]])
        found = tf.SparseTensor(indices, tf.gather(values, places.flat_values), shape)
        found.set_shape((None, x.shape[1]))
        return found

    return fetch, x.shape[0]


def _file_source(files, event_shape, fit):
    def decode(rows):
        return np.stack([decode_image(files[row], event_shape, fit) for row in rows])

    def fetch(rows):
        return tf.ensure_shape(tf.numpy_function(decode, [rows], tf.uint8, stateful=False), (None, *event_shape))

    return fetch, len(files)


def _draw(grey, seeds):
    """Float32 zeros and ones with the grey values, uint8 or float in [0, 1], as probabilities."""
    if grey.dtype != tf.uint8:
        uniform = tf.random.stateless_uniform(tf.shape(grey), seeds, alg="philox")
        return tf.cast(uniform < grey, tf.float32)
    # 16 random bits per pixel take half the time of a float32 draw. Draws are at most 65534, and 255 * 257 = 65535: so
    # grey value 255 always gives 1, value 0 never, and the others are exact to 1 / 65536.
    n_pairs = (tf.size(grey) + 1) // 2
    bits = tf.random.stateless_uniform([n_pairs], seeds, minval=None, maxval=None, dtype=tf.uint32, alg="philox")
    bits = tf.reshape(tf.reshape(tf.bitcast(bits, tf.uint16), [-1])[: tf.size(grey)], tf.shape(grey))
    drawn = tf.cast(tf.minimum(bits, 65534) < tf.cast(grey, tf.uint16) * 257, tf.float32)
    return tf.ensure_shape(drawn, grey.shape)


def _check_values(x, binarize, scale, takes_holes=False):
    """`x` as uint8 or float32, after a check of its values."""
    x = np.asarray(x)
    if x.dtype.kind not in "buif":
        raise ValueError(f"`x` must be an array of numbers or a Dataset. Received: dtype {x.dtype}")
    if x.ndim < 2 or x.size == 0:
        raise ValueError(f"`x` must have shape (n, *event) and at least one example. Received: shape {x.shape}")
    smallest, largest = (np.fmin, np.fmax) if takes_holes and not np.isnan(x).all() else (np.minimum, np.maximum)
    lowest, highest = smallest.reduce(x, axis=None), largest.reduce(x, axis=None)
    if x.dtype == np.uint8:
        if (binarize or scale) and highest == 1:
            raise ValueError(
                "`x` of type uint8 must hold grey values 0 to 255. Received: only 0 and 1, which are binary already; "
                "pass x.astype('float32')"
            )
        return x
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        raise ValueError("`x` must hold finite numbers. Received: NaN or inf")
    if binarize and (lowest < 0 or highest > 1):
        advice = "; divide by 255" if lowest >= 0 and highest <= 255 else ""
        raise ValueError(
            f"`x` must be uint8 in 0 to 255 or float in [0, 1] to be binarized{advice}. "
            f"Received: {x.dtype} values {lowest:.6g} to {highest:.6g}"
        )
    return x.astype(np.float32, copy=False)
