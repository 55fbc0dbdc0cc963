"""A layer that brings rows to length one and leaves out some of their entries in training, sparse or not."""

from typing import Any

import keras
import tensorflow as tf

from keras_vae._checks import check_number


@keras.saving.register_keras_serializable(package="keras_vae")
class UnitRows(keras.layers.Layer):
    """Rows of Euclidean length one, with dropout of their entries in training; a row of zeros stays one.

    The output is sparse where the input is.

    Args:
        dropout: float in [0, 1). Share of the entries left out in training; the others grow by `1 / (1 - dropout)`.
        seed: int or None. Start of the random state.

    Raises:
        ValueError: for a share out of bounds.

    Examples:
        >>> kv.layers.UnitRows()(tf.constant([[3.0, 4.0], [0.0, 0.0]])).numpy().round(2)
        array([[0.6, 0.8],
               [0. , 0. ]], dtype=float32)

    References:
        Liang et al. 2018, section 2.4 and the code published with it. https://arxiv.org/abs/1802.05814
    """

    def __init__(self, dropout: float = 0.0, seed: int | None = None, **kwargs: Any):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.dropout = check_number("dropout", dropout, minimum=0.0)
        if self.dropout >= 1.0:
            raise ValueError(f"`dropout` must be in [0, 1). Received: dropout={dropout}")
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, x, training=False):
        x = tf.cast(x, tf.float32)
        if not isinstance(x, tf.SparseTensor):
            return self._dropped(tf.math.l2_normalize(x, axis=-1), training)
        squares = tf.math.unsorted_segment_sum(tf.square(x.values), x.indices[:, 0], x.dense_shape[0])
        # As `l2_normalize` guards a row of zeros.
        scale = tf.math.rsqrt(tf.maximum(squares, 1e-12))
        return x.with_values(self._dropped(x.values * tf.gather(scale, x.indices[:, 0]), training))

    def _dropped(self, values, training):
        return (
            keras.random.dropout(values, self.dropout, seed=self.seed_generator)
            if training and self.dropout
            else values
        )

    def compute_output_spec(self, x, training=False):
        return keras.KerasTensor(x.shape, "float32", sparse=getattr(x, "sparse", False))

    def get_config(self):
        return {**super().get_config(), "dropout": self.dropout, "seed": self.seed}
