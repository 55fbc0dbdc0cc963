"""A dense layer for rows that are mostly zero: it reads only the weights of what is there."""

from typing import Any

import keras
import tensorflow as tf

from keras_vae._checks import check_int


@keras.saving.register_keras_serializable(package="keras_vae")
class SparseDense(keras.layers.Layer):
    """`activation(x @ kernel + bias)` for a `tf.SparseTensor` x, or for a dense one, with the same numbers.

    Of a sparse x the layer gathers the rows of the kernel that belong to what is there and adds them up: the cost is
    that of the entries, not of `n_inputs`.

    Args:
        units: int >= 1.
        activation: name or function, as in `keras.layers.Dense`.
        use_bias: bool.
        gradient: "dense", or "rows" for a gradient of the kernel that holds the rows seen alone (`tf.IndexedSlices`):
            with `keras_vae.optimizers.RowAdam` a step then costs nothing for the others. For a sparse x.
        kernel_initializer: as in `keras.layers.Dense`.

    Raises:
        ValueError: for an argument out of bounds.

    Examples:
        >>> layer = kv.layers.SparseDense(3)
        >>> clicks = tf.sparse.from_dense([[0.0, 1.0, 0.0, 2.0]])
        >>> of_sparse, of_dense = layer(clicks), layer(tf.sparse.to_dense(clicks))
        >>> bool(np.allclose(of_sparse, of_dense, atol=1e-6))
        True
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        gradient: str = "dense",
        kernel_initializer: Any = "glorot_uniform",
        **kwargs: Any,
    ):
        # Keras would try to cast a sparse input by itself.
        super().__init__(**{"dtype": "float32", **kwargs})
        if gradient not in ("dense", "rows"):
            raise ValueError(f"`gradient` must be 'dense' or 'rows'. Received: gradient={gradient!r}")
        self.units = check_int("units", units, 1)
        self.activation = keras.activations.get(activation)
        self.use_bias = use_bias
        self.gradient = gradient
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        shape = (input_shape[-1], self.units)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer=self.kernel_initializer)
        self.bias = self.add_weight(name="bias", shape=(self.units,), initializer="zeros") if self.use_bias else None
        self.built = True

    def call(self, x):
        kernel = tf.convert_to_tensor(self.kernel)
        if not isinstance(x, tf.SparseTensor):
            h = tf.matmul(tf.cast(x, kernel.dtype), kernel)
        elif self.gradient == "dense":
            h = tf.sparse.sparse_dense_matmul(tf.cast(x, kernel.dtype), kernel)
        else:
            h = self._gathered(x)
        return self.activation(h if self.bias is None else h + self.bias)

    def _gathered(self, x):
        # Of the variable: a gradient of rows does not pass through a tensor that was read from it.
        rows = tf.gather(self.kernel.value, x.indices[:, 1]) * tf.cast(x.values, self.kernel.dtype)[:, None]
        h = tf.math.unsorted_segment_sum(rows, x.indices[:, 0], x.dense_shape[0])
        return tf.ensure_shape(h, (None, self.units))

    def compute_output_spec(self, x):
        if not self.built:
            self.build(x.shape)
        return keras.KerasTensor((*x.shape[:-1], self.units), self.compute_dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "activation": keras.activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "gradient": self.gradient,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
