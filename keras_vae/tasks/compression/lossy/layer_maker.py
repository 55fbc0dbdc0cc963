"""The layers of the networks of lossy compression."""

import keras
from keras import layers

from keras_vae.tasks.compression.lossy.cosines import patch_kernel

ACTIVATION = "leaky_relu"


class LayerMaker:
    """Makes layers, each with a seed of its own.

    Args:
        seed: int or None.
    """

    def __init__(self, seed):
        self._seeds = keras.random.SeedGenerator(seed)

    def _initial(self):
        return keras.initializers.HeNormal(int(self._seeds.next()[0]) % 2**31)

    def conv(self, x, n, size=3, strides=1):
        """A convolution with an activation."""
        layer = layers.Conv2D(n, size, strides, "same", activation=ACTIVATION, kernel_initializer=self._initial())
        return layer(x)

    def last(self, x, n, bias=0.0):
        """A convolution that begins with nothing but a bias."""
        start = keras.initializers.Constant(bias)
        return layers.Conv2D(n, 3, padding="same", kernel_initializer="zeros", bias_initializer=start)(x)

    def dense(self, x, n, activation=ACTIVATION):
        """A dense layer."""
        return layers.Dense(n, activation=activation, kernel_initializer=self._initial())(x)

    def residual(self, x):
        """x plus two convolutions of it."""
        return layers.Add()([x, self.last(self.conv(x, x.shape[-1]), x.shape[-1])])

    def up(self, x, n, size):
        """A map of twice the size, cut to `size`."""
        layer = layers.Conv2DTranspose(n, 5, 2, "same", activation=ACTIVATION, kernel_initializer=self._initial())
        return self.cut(layer(x), size)

    def repeated(self, x, size):
        """A map of twice the size, each place four times, cut to `size`."""
        return self.cut(layers.UpSampling2D()(x), size)

    def cut(self, x, size):
        """A map without the last rows and columns beyond `size`."""
        extra = [have - want for have, want in zip(x.shape[1:3], size, strict=True)]
        return layers.Cropping2D(tuple((0, n) for n in extra))(x) if any(extra) else x

    def cosines(self, x, side, n):
        """Cosines of patches of the map, of which the last are filled with zeros."""
        extra = tuple((0, -size % side) for size in x.shape[1:3])
        layer = layers.Conv2D(n, side, side, use_bias=False, name="cosines")
        y = layer(layers.ZeroPadding2D(extra)(x) if any(map(sum, extra)) else x)
        layer.kernel.assign(patch_kernel(side, x.shape[-1], n))
        return y

    def of_cosines(self, y, side, n_channels, size):
        """The inverse of `cosines`, cut to `size`."""
        layer = layers.Conv2DTranspose(n_channels, side, side, use_bias=False, name="of_cosines")
        x = layer(y)
        layer.kernel.assign(patch_kernel(side, n_channels, y.shape[-1]))
        return self.cut(x, size)
