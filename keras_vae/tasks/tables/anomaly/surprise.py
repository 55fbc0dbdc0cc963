"""How surprising a value is among those of the training: terms of any unit on one scale."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

# Values by which a term is calibrated, at most.
MAX_VALUES = 2500
# What the logarithm of the distance beyond all training rows adds: it orders them, and hardly moves a mean of terms.
BEYOND = 0.05
TOP = 0.9


class Surprise(NamedTuple):
    """`-log` of the share of training rows whose value is as large, in nats: 0 for the smallest of all.

    Between two training rows it is interpolated. Beyond the largest it grows slowly, with the logarithm of the distance
    in mean distances of the top tenth.

    Attributes:
        values: increasing float array `(n,)`.
        nats: float array `(n,)`. Surprise at each of them.
        unit: float > 0. Mean distance of the top tenth from where it begins.
    """

    values: np.ndarray
    nats: np.ndarray
    unit: float

    @classmethod
    def learn(cls, values, rng):
        """From values of training rows `(n,)`."""
        n = len(values)
        values = np.sort(values if n <= MAX_VALUES else rng.choice(values, MAX_VALUES, replace=False))
        n = len(values)
        as_large = n - np.searchsorted(values, values, side="left")
        nats = -np.log((as_large + 0.5) / (n + 1.0))
        different, last = np.unique(values, return_index=True)
        top = values[int(TOP * n) :]
        return cls(different.astype(np.float32), nats[last].astype(np.float32), float((top - top[0]).mean() + 1e-9))

    def __call__(self, value):
        """Nats, Tensor of the shape `(n,)` of the values."""
        right = tf.searchsorted(self.values, value, side="left")
        left = tf.maximum(right - 1, 0)
        right = tf.minimum(right, len(self.values) - 1)
        low, high = tf.gather(self.values, left), tf.gather(self.values, right)
        share = tf.math.divide_no_nan(value - low, high - low)
        at_left, at_right = tf.gather(self.nats, left), tf.gather(self.nats, right)
        between = at_left + tf.clip_by_value(share, 0.0, 1.0) * (at_right - at_left)
        return between + BEYOND * tf.math.log1p(tf.maximum(value - self.values[-1], 0.0) / self.unit)
