"""The convolution whose kernel has spectral norm one."""

from typing import Any

import keras
import tensorflow as tf

from keras_vae._checks import check_int

# Guards the norms of vectors that may be zero.
MIN_NORM = 1e-12


@keras.saving.register_keras_serializable(package="keras_vae")
class SpectralConv2D(keras.layers.Layer):
    """Convolution whose kernel, a matrix `(places * channels, filters)`, has the largest singular value 1; and a bias.

    The value is estimated by one step of power iteration at every training step, from where the last one ended. A
    discriminator of such layers cannot become steeper and steeper, which is how the training of a GAN breaks down.

    Args:
        filters: int >= 1. Channels of the output.
        kernel_size: int >= 1.
        strides: int >= 1.
        seed: int or None. Seed of the initial weights and of the first vector of the iteration.

    Raises:
        ValueError: if an argument is out of bounds.

    Examples:
        >>> layer = kv.layers.SpectralConv2D(4, kernel_size=3, strides=2, seed=0)
        >>> layer(np.ones((2, 8, 8, 1), "float32")).shape
        TensorShape([2, 4, 4, 4])

    References:
        Miyato et al. 2018, algorithm 1. https://arxiv.org/abs/1802.05957
    """

    def __init__(self, filters: int, kernel_size: int = 3, strides: int = 1, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.filters = check_int("filters", filters, 1)
        self.kernel_size = check_int("kernel_size", kernel_size, 1)
        self.strides = check_int("strides", strides, 1)
        self.seed = seed

    def build(self, input_shape):
        shape = (self.kernel_size, self.kernel_size, check_int("channels", input_shape[-1], 1), self.filters)
        start = keras.initializers.GlorotUniform(seed=self.seed)
        direction = keras.initializers.RandomNormal(stddev=1.0, seed=self.seed)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer=start)
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")
        # Replicas update their own copies, which stay the same, as their kernels are.
        options = {"trainable": False, "dtype": "float32", "autocast": False}
        self.direction = self.add_weight(name="direction", shape=(self.filters,), initializer=direction, **options)
        self.built = True

    def call(self, maps, training=False):
        """Maps `(batch, height, width, channels)` to maps of `filters` channels, smaller by the strides."""
        kernel = tf.convert_to_tensor(self.kernel)
        kernel = kernel / tf.cast(self._norm(tf.cast(kernel, tf.float32), training), kernel.dtype)
        return tf.nn.conv2d(maps, kernel, self.strides, "SAME") + tf.cast(self.bias, kernel.dtype)

    def _norm(self, kernel, training):
        matrix = tf.reshape(kernel, [-1, self.filters])
        right = _unit(tf.convert_to_tensor(self.direction))
        left = _unit(tf.linalg.matvec(tf.stop_gradient(matrix), right))
        right = _unit(tf.linalg.matvec(tf.stop_gradient(matrix), left, transpose_a=True))
        if training:
            self.direction.assign(right)
        return tf.maximum(tf.tensordot(left, tf.linalg.matvec(matrix, right), 1), MIN_NORM)

    def compute_output_shape(self, input_shape):
        sizes = [None if n is None else -(-n // self.strides) for n in input_shape[1:3]]
        return (input_shape[0], *sizes, self.filters)

    def get_config(self):
        names = ("filters", "kernel_size", "strides", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def _unit(vector):
    return vector / tf.maximum(tf.norm(vector), MIN_NORM)
