"""The last layer of a recommender: a number for every item, from the vectors of the items."""

from typing import Any

import keras
import tensorflow as tf

from keras_vae._checks import check_int


@keras.saving.register_keras_serializable(package="keras_vae")
class ItemScores(keras.layers.Layer):
    """`h @ vectors.T + bias`: logits of all items, or of some of them.

    The vectors stand by item, so that those of a few items are read without the others.

    Args:
        n_items: int >= 1.

    Raises:
        ValueError: for a number out of bounds.
    """

    def __init__(self, n_items: int, **kwargs: Any):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.n_items = check_int("n_items", n_items, 1)

    def build(self, input_shape):
        self.vectors = self.add_weight(name="vectors", shape=(self.n_items, input_shape[-1]))
        self.bias = self.add_weight(name="bias", shape=(self.n_items,), initializer="zeros")
        self.built = True

    def call(self, h):
        vectors, bias = tf.convert_to_tensor(self.vectors), tf.convert_to_tensor(self.bias)
        return tf.matmul(h, vectors, transpose_b=True) + bias

    def of_items(self, h: tf.Tensor, items: tf.Tensor) -> tf.Tensor:
        """Logits of some items, `(batch, n)`; the gradient holds the rows of these items alone.

        Args:
            h: Tensor, shape `(batch, units)`.
            items: int64 Tensor, shape `(n,)`.
        """
        vectors, bias = tf.gather(self.vectors.value, items), tf.gather(self.bias.value, items)
        return tf.matmul(h, vectors, transpose_b=True) + bias

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.n_items)

    def get_config(self):
        return {**super().get_config(), "n_items": self.n_items}
