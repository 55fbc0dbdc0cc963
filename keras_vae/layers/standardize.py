"""A layer that brings data to about zero mean and unit scale, and back."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_vae._checks import check_choice

OVER = ("columns", "all")
# Elements that are summed at a time, in float64: the sums need no second array as large as the data.
CHUNK = 2**20


@keras.saving.register_keras_serializable(package="keras_vae")
class Standardize(keras.layers.Layer):
    """`(x - location) / scale`, with numbers learned from data by `adapt` or given to `assign`; `inverse` undoes it.

    As `preprocessing=` of a model it stands in front of the encoder, and its inverse behind the decoder. The model then
    takes and gives values in the units of the data, and the learned numbers are saved and exported with it. Its
    likelihood is the likelihood of the standardised values. Before `adapt` or `assign` it changes nothing. It computes
    in float32 under every dtype policy.

    Attributes:
        location: Weight, shape `(n_columns,)` or `()`. In the units of the data.
        scale: Weight, same shape, > 0. In the units of the data.
        value_range: Weight, shape `(2,)`. Smallest and largest value that `adapt` saw; zeros before.

    Args:
        over: "columns" for one location and scale per entry of the last axis, "all" for one of all elements.
        nats_of: str. What the nats of a model with this layer are measured on, in words.

    Raises:
        ValueError: if `over` is neither.
    """

    def __init__(self, over: str = "columns", nats_of: str = "standardised values", **kwargs: Any):
        super().__init__(**{"dtype": "float32", "trainable": False, **kwargs})
        self.over = check_choice("over", over, OVER)
        self.nats_of = nats_of

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

    def adapt(self, x: np.ndarray) -> None:
        """Learn mean and standard deviation; a column that does not vary gets scale 1.

        Args:
            x: array of finite numbers, shape `(n, *event_shape)`, n >= 1.

        Raises:
            ValueError: if the array is empty, has no event axis, holds something else than finite numbers, or has
                another number of columns than the layer was built for.
        """
        x = np.asarray(x)
        if x.ndim < 2 or x.size == 0 or x.dtype.kind not in "buif":
            raise ValueError(
                f"`x` must be an array of numbers of shape (n, *event_shape) with at least one example. "
                f"Received: x.shape={x.shape}, dtype={x.dtype}"
            )
        axes = tuple(range(x.ndim - 1)) if self.over == "columns" else None
        lowest, highest = x.min(axis=axes), x.max(axis=axes)
        if not (np.all(np.isfinite(lowest)) and np.all(np.isfinite(highest))):
            raise ValueError(f"`x` must hold finite numbers. Received: NaN or infinity among them, x.shape={x.shape}")
        mean, stddev = _mean_and_stddev(x, axes)
        # Rounding gives some constant columns a standard deviation just above zero.
        varies = (lowest < highest) & (stddev.astype(np.float32) > 0.0)
        self._set("x", mean, np.where(varies, stddev, 1.0), (np.min(lowest), np.max(highest)))

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
        """Standardised values in the units of the data, same shape, float32."""
        return tf.cast(x, tf.float32) * self.scale + self.location

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "over": self.over, "nats_of": self.nats_of}


def _mean_and_stddev(x, axes):
    """Mean and standard deviation of an array over axes that include the first, in float64."""
    chunk = max(1, CHUNK * len(x) // x.size)
    starts = range(0, len(x), chunk)
    n = x.size if axes is None else x.size // x.shape[-1]
    mean = sum(x[i : i + chunk].sum(axis=axes, dtype=np.float64) for i in starts) / n
    squares = sum(np.square(x[i : i + chunk] - mean).sum(axis=axes) for i in starts)
    return mean, np.sqrt(squares / n)


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
