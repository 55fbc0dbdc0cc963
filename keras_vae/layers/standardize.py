"""A layer that brings data to about zero mean and unit scale, and back."""

import warnings
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_vae._checks import check_choice, check_int

OVER = ("columns", "all")
# Elements that are summed at a time, in float64: the sums need no second array as large as the data.
CHUNK = 2**20
# The range of a column is at most so many scales: a column that is almost always the same has a standard deviation far
# below its range, by which its few other values would become numbers that no network is made for.
MAX_RANGE = 20.0
# A range that is a larger multiple of the standard deviation belongs to a column that hardly ever varies: one value in
# about 2,500 is another one.
NEARLY_CONSTANT = 50.0
# Relative spacing of float32: values that differ by less than some of it are rounded to a few steps, or to one.
RESOLUTION = 2.0**-23
MAX_NAMED = 5


@keras.saving.register_keras_serializable(package="keras_vae")
class Standardize(keras.layers.Layer):
    """`(x - location) / scale`, with numbers learned from data by `adapt` or given to `assign`; `inverse` undoes it.

    As `preprocessing=` of a model it stands in front of the encoder, and its inverse behind the decoder. The model then
    takes and gives values in the units of the data, and the learned numbers are saved and exported with it. Before
    `adapt` or `assign` it changes nothing; a model learns it from the first data that it is fitted to. It computes in
    float32 under every dtype policy.

    A column that does not vary says nothing that could be learned. It is left out: it counts neither as an input nor in
    a likelihood, and is given back as the constant that it was. A column that hardly ever varies gets a twentieth of
    its range for a scale. Both are named in a warning.

    Attributes:
        location: Weight, shape `(n_columns,)` or `()`. In the units of the data.
        scale: Weight, same shape, > 0. In the units of the data; infinite for a column that is left out.
        value_range: Weight, shape `(2,)`. Smallest and largest value that `adapt` saw; zeros before.

    Args:
        over: "columns" for one location and scale per entry of the last axis, "all" for one of all elements.
        nats_of: str. What the nats of a model with this layer are measured on, in words.
        in_data_units: bool. Whether the likelihood of the model is the density of the data themselves: that of the
            standardised values times the derivative of this layer, in nats `- sum of log scale` of the elements that
            count. False leaves the likelihood of the standardised values.
        columns: sequence of int, or None for all. Numbers of the columns that are brought to a scale, for
            over="columns"; the others stay as they are.

    Raises:
        ValueError: if `over` is neither, or columns are named beside over="all".

    Examples:
        >>> layer = kv.layers.Standardize()
        >>> rows = np.array([[0.0, 10.0], [2.0, 30.0]], "float32")
        >>> layer.adapt(rows)
        >>> layer(rows).numpy()
        array([[-1., -1.],
               [ 1.,  1.]], dtype=float32)
    """

    def __init__(
        self,
        over: str = "columns",
        nats_of: str = "standardised values",
        in_data_units: bool = False,
        columns: Sequence[int] | None = None,
        **kwargs: Any,
    ):
        super().__init__(**{"dtype": "float32", "trainable": False, **kwargs})
        self.over = check_choice("over", over, OVER)
        self.nats_of = "" if in_data_units else nats_of
        self.in_data_units = bool(in_data_units)
        self.columns = None if columns is None else tuple(check_int("columns", j, 0) for j in columns)
        if over == "all" and columns is not None:
            raise ValueError(f"`columns` must be None for over='all'. Received: columns={columns}")

    def build(self, input_shape):
        """Create the weights; "columns" needs a last axis of known size.

        Raises:
            ValueError: if that size is unknown.
        """
        shape = tuple(input_shape[-1:]) if self.over == "columns" else ()
        if shape == (None,):
            raise ValueError(f"`input_shape` must end with a known size. Received: input_shape={tuple(input_shape)}")
        self.location = self.add_weight(name="location", shape=shape, initializer="zeros", trainable=False)
        self.scale = self.add_weight(name="scale", shape=shape, initializer="ones", trainable=False)
        self.value_range = self.add_weight(name="value_range", shape=(2,), initializer="zeros", trainable=False)
        self.built = True

    @property
    def is_adapted(self) -> bool:
        """Whether the layer has learned its numbers, or was given some."""
        if not self.built:
            return False
        weights = (self.location, 0.0), (self.scale, 1.0), (self.value_range, 0.0)
        return any(np.any(weight.numpy() != initial) for weight, initial in weights)

    def adapt(
        self,
        x: np.ndarray,
        names: Sequence[str] | None = None,
        counts: np.ndarray | None = None,
        leaves_out: bool = True,
    ) -> None:
        """Learn mean and standard deviation.

        Args:
            x: array of finite numbers, shape `(n, *event_shape)`, n >= 1.
            names: names of the columns for the warnings, or None for their numbers, counted from 0.
            counts: array `(n, *leading event axes)`, False or 0 for elements that are missing; None for none.
            leaves_out: bool. Whether columns that do not vary are left out. False for the beginning of data in which
                they may vary later: they then get their own size for a scale, or 1.

        Raises:
            ValueError: if the array is empty, has no event axis, holds something else than finite numbers, has another
                number of columns than the layer was built for, or too few for `columns`, or if no value differs from
                another.
        """
        x = _examples(x)
        axes = tuple(range(x.ndim - 1)) if self.over == "columns" else None
        counted = None if counts is None or np.all(counts) else _as_elements(counts, x)
        # As they reach the model: what float32 does not tell apart does not vary.
        lowest, highest = (end.astype(np.float32).astype(np.float64) for end in _extremes(x, axes, counted))
        if not (np.all(np.isfinite(lowest)) and np.all(np.isfinite(highest))):
            raise ValueError(f"`x` must hold finite numbers. Received: NaN or infinity among them, x.shape={x.shape}")
        mean, stddev = _mean_and_stddev(x, axes, counted)
        values_range = highest - lowest
        varies = values_range > 0.0
        is_scaled = self._is_scaled(varies)
        varies = varies | ~is_scaled
        if leaves_out and not np.any(varies):
            raise ValueError(
                f"`x` must vary. Received: x.shape={x.shape}, where {'every column' if axes else 'everything'} is "
                f"one and the same value, such as {np.ravel(lowest)[0]:g}"
            )
        constant_scale = np.inf if leaves_out else np.where(lowest == 0.0, 1.0, np.abs(lowest))
        scale = np.where(varies, np.maximum(stddev, values_range / MAX_RANGE), constant_scale)
        location, scale = np.where(is_scaled, np.where(varies, mean, lowest), 0.0), np.where(is_scaled, scale, 1.0)
        self._set("x", location, scale, (np.min(lowest), np.max(highest)))
        if self.over == "columns":
            _warn_of(mean, stddev, values_range, is_scaled, names, leaves_out)

    def _is_scaled(self, varies):
        """Which columns are brought to a scale, bool array."""
        if self.columns is None:
            return np.ones(np.shape(varies), bool)
        if max(self.columns, default=-1) >= len(varies):
            raise ValueError(
                f"`columns` must be numbers of the {len(varies)} columns. Received: columns={self.columns}"
            )
        return np.isin(np.arange(len(varies)), self.columns)

    def assign(self, location: float | np.ndarray, scale: float | np.ndarray, value_range: tuple[float, float]) -> None:
        """Set the numbers, instead of learning them from data.

        Args:
            location: float; array `(n_columns,)` for over="columns".
            scale: the same, > 0.
            value_range: pair of floats. Smallest and largest value of the data.

        Raises:
            ValueError: for another shape, numbers that are not finite, a scale that is not > 0, or another number of
                columns than the layer was built for.
        """
        shape = np.shape(location) if self.over == "columns" else ()
        location = _finite("location", location, shape, n_axes=1 if self.over == "columns" else 0)
        scale = _finite("scale", scale, shape)
        if np.any(scale <= 0.0):
            raise ValueError(f"`scale` must be > 0. Received: scale={scale}")
        self._set("location", location, scale, _finite("value_range", value_range, (2,)))

    def _set(self, name, location, scale, value_range):
        if not self.built:
            self.build((None, *np.shape(location)))
        if tuple(self.location.shape) != np.shape(location):
            raise ValueError(
                f"`{name}` must have {self.location.shape[0]} columns, as when the layer was built. "
                f"Received: {len(location)}"
            )
        self.location.assign(location)
        self.scale.assign(scale)
        self.value_range.assign(value_range)

    def call(self, x):
        return (tf.cast(x, tf.float32) - self.location) / self.scale

    def inverse(self, x: tf.Tensor) -> tf.Tensor:
        """Standardised values in the units of the data, same shape, float32; a column left out is its constant."""
        scale = tf.convert_to_tensor(self.scale)
        return tf.cast(x, tf.float32) * tf.where(tf.math.is_finite(scale), scale, 0.0) + self.location

    def element_weights(self) -> tf.Tensor | None:
        """1 for columns that count and 0 for those left out, Tensor `(n_columns,)`; None where all elements count."""
        return tf.cast(tf.math.is_finite(self.scale), tf.float32) if self.over == "columns" else None

    def log_scale(self) -> tf.Tensor:
        """Log of the scale, 0 for a column that is left out; Tensor, shape of `scale`."""
        scale = tf.convert_to_tensor(self.scale)
        return tf.math.log(tf.where(tf.math.is_finite(scale), scale, 1.0))

    def left_out(self) -> np.ndarray:
        """Numbers of the columns that are left out, int array."""
        return np.flatnonzero(~np.isfinite(self.scale.numpy()))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        own = {name: getattr(self, name) for name in ("over", "nats_of", "in_data_units", "columns")}
        return {**super().get_config(), **own}


def _examples(x):
    x = np.asarray(x)
    if x.ndim < 2 or x.size == 0 or x.dtype.kind not in "buif":
        raise ValueError(
            f"`x` must be an array of numbers of shape (n, *event_shape) with at least one example. "
            f"Received: x.shape={x.shape}, dtype={x.dtype}"
        )
    return x


def _warn_of(mean, stddev, values_range, is_scaled, names, leaves_out):
    """Name the columns that nothing can be learned from, or little."""
    # Their values, rounded to float32, take a handful of steps.
    coarse = (values_range > 0.0) & (stddev < 4.0 * RESOLUTION * np.abs(mean))
    constant = values_range == 0.0
    nearly = ~constant & ~coarse & (values_range > NEARLY_CONSTANT * stddev)
    what_of_constant = "do not vary: they are left out, of the likelihood too, and given back as they were"
    if not leaves_out:
        what_of_constant = "do not vary in the rows looked at: if others do, call `preprocessing.adapt` on more before"
    found = {
        what_of_constant: constant,
        "hardly ever vary: a twentieth of their range is their scale, and rare values in them weigh much in every "
        "figure": nearly,
        "differ by less than float32 tells apart: subtract a constant, such as their minimum, before": coarse,
    }
    for what, columns in found.items():
        columns = columns & is_scaled
        if columns.any():
            warnings.warn(f"Columns {_listed(np.flatnonzero(columns), names)} {what}.", stacklevel=4)


def _listed(columns, names):
    """Some columns in words: the first few by name or number, and how many more."""
    words = [str(j) if names is None else f"{names[j]!r}" for j in columns[:MAX_NAMED]]
    return ", ".join(words) + (f" and {len(columns) - MAX_NAMED} more" if len(columns) > MAX_NAMED else "")


def _extremes(x, axes, counted):
    """Smallest and largest of the elements that count; 0 where there are none."""
    if counted is None:
        return x.min(axis=axes), x.max(axis=axes)
    lowest, highest = (np.where(counted, x, end) for end in (np.inf, -np.inf))
    lowest, highest = lowest.min(axis=axes), highest.max(axis=axes)
    return np.where(lowest > highest, 0.0, lowest), np.where(lowest > highest, 0.0, highest)


def _mean_and_stddev(x, axes, counted):
    """Mean and standard deviation of an array over axes that include the first, in float64."""
    chunk = max(1, CHUNK * len(x) // x.size)
    pieces = [slice(i, i + chunk) for i in range(0, len(x), chunk)]
    if counted is None:
        n = x.size if axes is None else x.size // x.shape[-1]
        mean = sum(x[piece].sum(axis=axes, dtype=np.float64) for piece in pieces) / n
        squares = sum(np.square(x[piece] - mean).sum(axis=axes) for piece in pieces)
    else:
        n = np.maximum(counted.sum(axis=axes), 1)
        mean = sum(np.where(counted[piece], x[piece], 0.0).sum(axis=axes) for piece in pieces) / n
        squares = sum(np.square(np.where(counted[piece], x[piece] - mean, 0.0)).sum(axis=axes) for piece in pieces)
    return mean, np.sqrt(squares / n)


def _as_elements(counts, x):
    """Whether each element counts, bool array of the shape of `x`, from an array of its leading axes."""
    counts = np.asarray(counts).astype(bool)
    return np.broadcast_to(counts.reshape(*counts.shape, *(1,) * (x.ndim - counts.ndim)), x.shape)


def _finite(name, value, shape, n_axes=None):
    try:
        numbers = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        numbers = np.array(np.nan)
    if numbers.shape != shape or not np.all(np.isfinite(numbers)) or n_axes not in (None, numbers.ndim):
        wanted = "a finite number" if not shape and not n_axes else "a row of finite numbers"
        raise ValueError(
            f"`{name}` must be {wanted}{f' of shape {shape}' if shape else ''}. Received: {name}={value!r}"
        )
    return numbers
