"""Class labels as one-hot vectors, for models that are told the class of an example."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int


@keras.saving.register_keras_serializable(package="keras_vae")
class ClassLabels(keras.layers.Layer):
    """One-hot vectors of class labels: whole numbers `(batch,)` from 0 to `n_classes - 1` to `(batch, n_classes)`.

    A label that is none of them becomes NaN, so that nothing is ever computed for a class that does not exist: where
    the layer is in the `condition_network` of a model, `fit` and the verbs refuse such labels, and a server answers NaN
    for that row.

    Args:
        n_classes: int >= 2.

    Raises:
        ValueError: if `n_classes` is not a whole number >= 2.

    Examples:
        >>> kv.layers.ClassLabels(3)(np.array([2, 0])).numpy().tolist()
        [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """

    # What a label may be besides, in words.
    also = ""

    def __init__(self, n_classes: int, *, dtype: str = "float32", **kwargs: Any):
        # float16 rounds labels above 2048 to other labels.
        super().__init__(dtype=dtype, **kwargs)
        self.n_classes = check_int("n_classes", n_classes, 2)

    def call(self, labels):
        one_hot = tf.one_hot(tf.cast(labels, tf.int32), self.n_classes, dtype=self.compute_dtype)
        return tf.where(self._is_none(labels)[..., None], tf.constant(np.nan, one_hot.dtype), one_hot)

    def compute_output_shape(self, input_shape):
        return (*input_shape, self.n_classes)

    def has_others(self, labels: tf.Tensor) -> tf.Tensor:
        """Whether a label is none of the classes, scalar bool Tensor."""
        return tf.reduce_any(self._is_none(labels))

    def check_labels(self, labels: Any, name: str = "labels") -> None:
        """Check that every label is one of the classes.

        Args:
            labels: array of numbers.
            name: str. Name of the argument, for the message.

        Raises:
            ValueError: naming the first label that is not, and its row.
        """
        is_none = self._is_none(labels).numpy()
        if is_none.any():
            row = int(np.flatnonzero(is_none.reshape(len(is_none), -1).any(axis=-1))[0])
            raise ValueError(
                f"`{name}` must hold class labels, whole numbers from 0 to {self.n_classes - 1}{self.also}. Received: "
                f"{name}[{row}]={np.asarray(labels)[row]}, and {int(is_none.sum())} such labels in all"
            )

    def _is_none(self, labels):
        labels = tf.cast(labels, tf.float32)
        is_class = (labels >= 0.0) & (labels < self.n_classes) & tf.equal(labels, tf.floor(labels))
        return ~is_class

    def get_config(self):
        return {**super().get_config(), "n_classes": self.n_classes}
