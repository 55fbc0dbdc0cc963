"""Layers in front of an encoder that turn tokens and counts into well-scaled numbers."""

from typing import Any

import keras
from keras import ops

from keras_vae._checks import check_int


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
