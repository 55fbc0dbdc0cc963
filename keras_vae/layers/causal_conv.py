"""Convolutions over a grid that see only what comes before in reading order, without multiplying by zeros."""

from typing import Any

import keras
import tensorflow as tf

from keras_vae._checks import check_choice, check_int

SEES = ("rows_to_here", "left", "left_to_here")


@keras.saving.register_keras_serializable(package="keras_vae")
class CausalConv2D(keras.layers.Layer):
    """Convolution whose output at a place depends only on places before it, line by line.

    A masked convolution, from which the part of the kernel that the mask sets to zero is left out.

    Args:
        filters: int >= 1. Channels of the output.
        kernel_size: odd int >= 3. Width, and twice the height less one, of the whole kernel.
        sees: "rows_to_here" (its own row, all columns, and the rows above), "left" (in its own row what is strictly to
            the left) or "left_to_here" (in its own row what is to the left, and itself).
        seed: int or None. Seed of the initial weights.

    Raises:
        ValueError: if an argument is out of bounds.

    Examples:
        >>> layer = kv.layers.CausalConv2D(2, kernel_size=3, sees="left", seed=0)
        >>> before = layer(np.zeros((1, 1, 4, 1), "float32"))
        >>> after = layer(np.float32([0, 0, 1, 0]).reshape(1, 1, 4, 1))
        >>> np.any(before != after, axis=-1)[0, 0]
        array([False, False, False,  True])

    References:
        van den Oord et al. 2016, section 2.1 and figure 1 (the two stacks). https://arxiv.org/abs/1606.05328
    """

    def __init__(
        self, filters: int, kernel_size: int = 3, sees: str = "rows_to_here", seed: int | None = None, **kwargs: Any
    ):
        super().__init__(**kwargs)
        self.filters = check_int("filters", filters, 1)
        self.kernel_size = check_int("kernel_size", kernel_size, 3)
        if self.kernel_size % 2 == 0:
            raise ValueError(f"`kernel_size` must be odd. Received: kernel_size={kernel_size}")
        self.sees = check_choice("sees", sees, SEES)
        self.seed = seed

    def build(self, input_shape):
        reach, channels = self.kernel_size // 2, check_int("channels", input_shape[-1], 1)
        size = {"rows_to_here": (reach + 1, self.kernel_size), "left": (1, reach), "left_to_here": (1, reach + 1)}
        shape = (*size[self.sees], channels, self.filters)
        initializer = keras.initializers.GlorotUniform(seed=self.seed)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer=initializer)
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")
        self.built = True

    def call(self, maps):
        """Maps `(batch, height, width, channels)` to maps `(batch, height, width, filters)`."""
        reach = self.kernel_size // 2
        rows = [[reach, 0], [reach, reach]] if self.sees == "rows_to_here" else [[0, 0], [reach, 0]]
        if self.sees == "left":
            maps = maps[:, :, :-1]
        maps = tf.pad(maps, [[0, 0], *rows, [0, 0]])
        return tf.nn.conv2d(maps, tf.convert_to_tensor(self.kernel), strides=1, padding="VALID") + self.bias

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        names = ("filters", "kernel_size", "sees", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def shifted_down(maps: tf.Tensor) -> tf.Tensor:
    """Maps `(batch, height, width, channels)` moved by one row: every place gets what stood above it, the first 0."""
    return tf.pad(maps[:, :-1], [[0, 0], [1, 0], [0, 0], [0, 0]])
