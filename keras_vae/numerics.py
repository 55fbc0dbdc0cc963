"""Numerical helpers: careful means and sums, densities and masses of elements, seeds for TensorFlow Probability."""

import math
import numbers

import numpy as np
import tensorflow as tf
from keras import ops

__all__ = [
    "LOG_2_PI",
    "as_tfp_seed",
    "gaussian_log_mass",
    "gaussian_log_prob",
    "log_mean_exp",
    "logistic_log_mass",
    "sparse_log_softmax",
    "sum_event",
    "uniform_of_normal",
]

LOG_2_PI = math.log(2.0 * math.pi)


def log_mean_exp(x: tf.Tensor, axis: int) -> tf.Tensor:
    """Log of the mean of `exp(x)` along an axis, without overflow.

    Args:
        x: Tensor of log values, shape `(..., n, ...)`. Nats.
        axis: int. The axis averaged over.

    Returns:
        Tensor, shape of `x` without `axis`. Nats.

    Examples:
        >>> bool(np.isclose(kv.numerics.log_mean_exp(np.log([1.0, 3.0]), axis=0), np.log(2.0)))
        True

    References:
        The estimator of Burda et al. 2016, eq. 8 is this mean over importance weights. https://arxiv.org/abs/1509.00519
    """
    x = ops.convert_to_tensor(x)
    n = x.shape[axis]
    log_n = math.log(n) if n is not None else ops.log(ops.cast(ops.shape(x)[axis], x.dtype))
    return ops.logsumexp(x, axis=axis) - log_n


def sparse_log_softmax(x: tf.SparseTensor, logits: tf.Tensor) -> tf.Tensor:
    """Sum over a row of `x * log_softmax(logits)`, with no tensor of that shape but the logits and their gradient.

    Args:
        x: SparseTensor, shape `(batch, n)`, float32. Constant: it gets no gradient.
        logits: Tensor, shape `(batch, n)`, float32.

    Returns:
        Tensor, shape `(batch,)`. Nats; the log probability of the counts x, but for the multinomial coefficient.

    Examples:
        >>> x = tf.sparse.from_dense([[2.0, 0.0]])
        >>> value = kv.numerics.sparse_log_softmax(x, tf.zeros((1, 2)))
        >>> bool(np.isclose(value[0], 2.0 * np.log(0.5)))
        True

    References:
        Liang et al. 2018, eq. 2. https://arxiv.org/abs/1802.05814
    """
    rows, n_rows = x.indices[:, 0], x.dense_shape[0]
    total = tf.math.unsorted_segment_sum(x.values, rows, n_rows)

    @tf.custom_gradient
    def of_logits(logits):
        largest = tf.reduce_max(logits, axis=-1, keepdims=True)
        exponentials = tf.exp(logits - largest)
        sums = tf.reduce_sum(exponentials, axis=-1)
        seen = tf.math.unsorted_segment_sum(x.values * tf.gather_nd(logits, x.indices), rows, n_rows)

        def gradient(upstream):
            spread = exponentials * (-upstream * total / sums)[:, None]
            return tf.tensor_scatter_nd_add(spread, x.indices, x.values * tf.gather(upstream, rows))

        return seen - total * (tf.math.log(sums) + largest[:, 0]), gradient

    return of_logits(logits)


def sum_event(x: tf.Tensor) -> tf.Tensor:
    """Sum over every axis but the first: values per element become one number per example.

    Args:
        x: Tensor, shape `(batch, ...)`.

    Returns:
        Tensor, shape `(batch,)`. A tensor of rank 1 comes back as it is.

    Examples:
        >>> kv.numerics.sum_event(tf.ones((2, 3, 4))).numpy()
        array([12., 12.], dtype=float32)
    """
    axes = tuple(range(1, len(x.shape)))
    return ops.sum(x, axis=axes) if axes else x


def gaussian_log_prob(x: tf.Tensor, mean: tf.Tensor, log_var: tf.Tensor) -> tf.Tensor:
    """Log density of a normal distribution, from its log variance.

    The tfp object takes a standard deviation instead of a log variance, which costs an exponential, a logarithm and a
    division more.

    Args:
        x: Tensor of any shape.
        mean: Tensor, broadcastable.
        log_var: Tensor, broadcastable. Log variance, not log stddev.

    Returns:
        Tensor of the common shape. Nats, per element.

    Examples:
        >>> bool(np.isclose(kv.numerics.gaussian_log_prob(0.0, 0.0, 0.0), -0.5 * kv.numerics.LOG_2_PI))
        True
    """
    return -0.5 * (tf.math.squared_difference(x, mean) * tf.exp(-log_var) + log_var + LOG_2_PI)


def gaussian_log_mass(x: tf.Tensor, scale: tf.Tensor) -> tf.Tensor:
    """Log of the mass that a normal distribution around 0 has within half a unit of x.

    It is the density of a draw of that distribution with uniform noise of width one added, and for whole numbers the
    probability of x after rounding.

    Args:
        x: Tensor of any shape.
        scale: Tensor, broadcastable. Standard deviation.

    Returns:
        Tensor of the common shape. Nats, per element; finite however far x is from 0.

    Examples:
        >>> mass = tf.exp(kv.numerics.gaussian_log_mass(tf.range(-50.0, 51.0), 7.0))
        >>> bool(np.isclose(tf.reduce_sum(mass), 1.0, atol=1e-5))
        True

    References:
        Balle et al. 2018, eq. 6. https://arxiv.org/abs/1802.01436
    """
    from tensorflow_probability import distributions as tfd
    from tensorflow_probability import math as tfp_math

    # On the side where both ends of the interval are in a small tail, which float32 knows better than one near 1.
    standard, far = tfd.Normal(0.0, 1.0), -tf.abs(x)
    upper, lower = (standard.log_cdf((far + half) / scale) for half in (0.5, -0.5))
    return upper + tfp_math.log1mexp(upper - lower)


def logistic_log_mass(x: tf.Tensor, loc: tf.Tensor, log_scale: tf.Tensor) -> tf.Tensor:
    """Log of the mass that a logistic distribution has within half a unit of x; see `gaussian_log_mass`.

    Args:
        x: Tensor of any shape.
        loc, log_scale: Tensors, broadcastable.

    Returns:
        Tensor of the common shape. Nats, per element.

    Examples:
        >>> mass = tf.exp(kv.numerics.logistic_log_mass(tf.range(-50.0, 51.0), 3.5, 0.5))
        >>> bool(np.isclose(tf.reduce_sum(mass), 1.0, atol=1e-5))
        True
    """
    width = tf.exp(-log_scale)
    upper, lower = ((x - loc + half) * width for half in (0.5, -0.5))
    # sigmoid(b) - sigmoid(a) = sigmoid(b) sigmoid(-a) (1 - e^(a - b)), where nothing near 1 is subtracted.
    return tf.math.log_sigmoid(upper) + tf.math.log_sigmoid(-lower) + tf.math.log(-tf.math.expm1(-width))


def uniform_of_normal(epsilon: tf.Tensor) -> tf.Tensor:
    """Standard normal noise as uniform noise between 0 and 1, by the distribution function.

    Args:
        epsilon: Tensor of any shape.

    Returns:
        Tensor of that shape.

    Examples:
        >>> kv.numerics.uniform_of_normal(tf.constant([0.0])).numpy()
        array([0.5], dtype=float32)
    """
    return 0.5 * tf.math.erfc(-math.sqrt(0.5) * epsilon)


def as_tfp_seed(seed: int | np.ndarray | tf.Tensor | None) -> tf.Tensor | None:
    """A seed in the form TensorFlow Probability takes: two int32 numbers made of all the bits given.

    Args:
        seed: int of 64 bits, or integer array or tensor of shape `(2,)`; None stays None.

    Returns:
        int32 Tensor of shape `(2,)`, or None.

    Raises:
        ValueError: if `seed` is none of these.

    Examples:
        >>> seed = kv.numerics.as_tfp_seed(2**40)
        >>> seed.shape, seed.dtype.name
        (TensorShape([2]), 'int32')
    """
    if seed is None:
        return None
    pair = (0, seed) if isinstance(seed, numbers.Integral) and not isinstance(seed, bool) else seed
    pair = pair if tf.is_tensor(pair) else np.asarray(pair)
    # `as_numpy_dtype` of a tensor and `dtype` of an array: "iu" are the signed and unsigned whole numbers.
    kind = np.dtype(pair.dtype.as_numpy_dtype if tf.is_tensor(pair) else pair.dtype).kind
    if kind not in "iu" or not tf.TensorShape(pair.shape).is_compatible_with((2,)):
        raise ValueError(
            f"`seed` must be None, a 64-bit int or an integer tensor of shape (2,). Received: seed={seed!r}"
        )
    # Hashing keeps all 128 bits in play; a cast to int32 would drop half of them.
    pair = tf.cast(pair, tf.int64)
    return tf.random.stateless_uniform((2,), pair, minval=None, maxval=None, dtype=tf.int32, alg="philox")


def __dir__():
    return __all__
