"""Layers in front of an encoder that turn tokens, counts and columns with holes into well-scaled numbers."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from keras_vae._checks import check_choice, check_int

KINDS = ("real", "binary", "count")


@keras.saving.register_keras_serializable(package="keras_vae")
class OneHot(keras.layers.Layer):
    """One-hot vectors of tokens: `(batch, *event)` whole numbers to `(batch, *event, n_classes)`.

    It always appends an axis; `keras.layers.CategoryEncoding` removes a last axis of size 1 instead.

    Args:
        n_classes: int >= 2.

    Raises:
        ValueError: if `n_classes` is not a whole number >= 2.
    """

    def __init__(self, n_classes: int, *, dtype: str = "float32", **kwargs: Any):
        # float16 rounds tokens above 2048 to other tokens.
        super().__init__(dtype=dtype, **kwargs)
        self.n_classes = check_int("n_classes", n_classes, 2)

    def call(self, x):
        return ops.one_hot(ops.cast(x, "int32"), self.n_classes, dtype=self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return (*input_shape, self.n_classes)

    def get_config(self):
        return {**super().get_config(), "n_classes": self.n_classes}


@keras.saving.register_keras_serializable(package="keras_vae")
class Log1p(keras.layers.Layer):
    """`log(1 + x)` of counts, any shape."""

    def __init__(self, *, dtype: str = "float32", **kwargs: Any):
        # In float16 a count above 65504 is infinite.
        super().__init__(dtype=dtype, **kwargs)

    def call(self, x):
        return ops.log1p(ops.cast(x, self.compute_dtype))

    def compute_output_shape(self, input_shape):
        return input_shape


@keras.saving.register_keras_serializable(package="keras_vae")
class EncodedColumns(keras.layers.Layer):
    """Columns of a table as numbers of about 1, and which of them are holes, `(batch, columns)` to `(batch, width)`.

    Real numbers stay as they are, 0 and 1 become -1 and 1, counts their `log(1 + x)`, and class numbers one-hot
    vectors. A hole, which is NaN, is 0 in all of them.

    Args:
        kinds: one entry per column: "real", "binary", "count", or the number of classes of a category.
        holes: numbers of the columns whose holes are told, by a 1 in a column behind the others.

    Raises:
        ValueError: for an entry of `kinds` that is none of these.
    """

    def __init__(self, kinds: Sequence[str | int], holes: Sequence[int] = (), *, dtype: str = "float32", **kwargs: Any):
        super().__init__(dtype=dtype, **kwargs)
        self.kinds = tuple(
            check_int("kinds", k, 2) if not isinstance(k, str) else check_choice("kinds", k, KINDS) for k in kinds
        )
        self.holes = tuple(holes)
        self._places = {kind: [j for j, other in enumerate(self.kinds) if other == kind] for kind in self.kinds}

    @property
    def places(self) -> list[range]:
        """Where the numbers of each column stand in the output."""
        found, start = {}, 0
        for kind, columns in self._places.items():
            width = kind if isinstance(kind, int) else 1
            for j in columns:
                found[j] = range(start, start + width)
                start += width
        return [found[j] for j in range(len(self.kinds))]

    @property
    def width(self) -> int:
        """Numbers of all columns together, without what is told of holes."""
        return sum(kind if isinstance(kind, int) else 1 for kind in self.kinds)

    def call(self, x):
        x = ops.cast(x, "float32")
        is_hole = tf.math.is_nan(x)
        known = tf.where(is_hole, 0.0, x)
        told = 1.0 - tf.cast(is_hole, tf.float32)
        pieces = [
            self._encoded(kind, tf.gather(known, j, axis=1), tf.gather(told, j, axis=1))
            for kind, j in self._places.items()
        ]
        if self.holes:
            pieces.append(1.0 - tf.gather(told, self.holes, axis=1))
        return ops.cast(tf.concat(pieces, axis=1), self.compute_dtype)

    def _encoded(self, kind, x, told):
        if kind == "real":
            return x
        if kind == "binary":
            return (2.0 * x - 1.0) * told
        if kind == "count":
            return tf.math.log1p(x)
        one_hot = tf.one_hot(tf.cast(x, tf.int32), kind) * told[..., None]
        return tf.reshape(one_hot, [-1, x.shape[1] * kind])

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.width + len(self.holes))

    def get_config(self):
        return {**super().get_config(), "kinds": self.kinds, "holes": self.holes}
