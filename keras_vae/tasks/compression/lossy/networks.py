"""The networks of lossy compression: images to maps of latents, a few more latents that describe these, and back.

Before training they are the transform of JPEG: cosines over patches, and their inverse. Networks of convolutions beside
them begin with nothing and learn the rest. Without that start an image that is to come back all but exactly would have
to be learned first; the scales of the latents have to be learned all the same.

The model is told how exact that shall be, by the logarithm of a standard deviation in grey levels. Latents are rounded
to whole numbers: what they are divided by before is the step of the rounding, and it grows with that number.
"""

import math

import keras
from keras import layers

from keras_vae.tasks.compression.lossy.cosines import patch_kernel

# Channels of the maps, the finest first; each stage halves height and width. An image of so many pixels a side or more
# gets three stages.
CHANNELS, LARGE = (32, 64, 64), 56
# Latents of each place of the smallest map per channel of the image, at least: a patch of two stages has 16 values. And
# latents of each place of the map that describes it.
LATENTS_PER_CHANNEL, N_HYPER = 32, 12
ACTIVATION = "leaky_relu"
GREY = 127.5
# A step as large makes a root mean square error of one grey level: that of uniform noise of width one is 1 / sqrt(12).
STEP = math.sqrt(12.0) / GREY


def stages_of(event_shape):
    """Channels of the stages, tuple of int, for images of a shape."""
    return CHANNELS if min(event_shape[:2]) >= LARGE else CHANNELS[:2]


def make_networks(event_shape, seed=None):
    """Encoder, decoder and hyper-decoder.

    Args:
        event_shape: tuple, `(height, width, channels)`.
        seed: int or None. Of the weights.

    Returns:
        `(encoder, decoder, hyper_decoder)`: `[x, log_stddev] -> [y, w]` side by side, `[z, log_stddev] -> [mean, raw
        log variance]` of a Gaussian in grey levels, and `w -> raw scales of y`.
    """
    make, stages = _Maker(seed), stages_of(event_shape)
    n_latents = event_shape[-1] * max(LATENTS_PER_CHANNEL, 4 ** len(stages))
    sides = [tuple(event_shape[:2])]
    for _ in range(len(stages) + 1):
        sides.append(tuple(-(-side // 2) for side in sides[-1]))
    y_shape, w_shape = (*sides[-2], n_latents), (*sides[-1], N_HYPER)
    encoder = _encoder(make, event_shape, stages, n_latents)
    decoder = _decoder(make, event_shape, stages, sides, y_shape, math.prod(w_shape))
    return encoder, decoder, _hyper_decoder(make, y_shape, w_shape)


class _Maker:
    """Makes layers, each with a seed of its own."""

    def __init__(self, seed):
        self._seeds = keras.random.SeedGenerator(seed)

    def _initial(self):
        return keras.initializers.HeNormal(int(self._seeds.next()[0]) % 2**31)

    def conv(self, x, n, size=3, strides=1):
        layer = layers.Conv2D(n, size, strides, "same", activation=ACTIVATION, kernel_initializer=self._initial())
        return layer(x)

    def last(self, x, n, start="zeros"):
        """A convolution that begins with nothing, or as another initializer says."""
        return layers.Conv2D(n, 3, padding="same", kernel_initializer=start)(x)

    def described(self, x):
        """A map of `N_HYPER` channels without an activation."""
        return self.last(x, N_HYPER, self._initial())

    def residual(self, x):
        """x plus two convolutions of it."""
        return layers.Add()([x, self.last(self.conv(x, x.shape[-1]), x.shape[-1])])

    def up(self, x, n, size):
        """A map of twice the size, cut to `size`."""
        layer = layers.Conv2DTranspose(n, 5, 2, "same", activation=ACTIVATION, kernel_initializer=self._initial())
        return self.cut(layer(x), size)

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

    def factor(self, log_stddev, n, sign, name):
        """What each channel is multiplied by: straight in the standard deviation, or in its inverse, at the start."""
        log_step = layers.Dense(n, kernel_initializer=keras.initializers.Constant(sign), name=name)(log_stddev)
        return layers.Reshape((1, 1, n))(keras.ops.exp(log_step)) * STEP**sign


def _encoder(make, event_shape, stages, n_latents):
    x, log_stddev = keras.Input(event_shape, name="x"), keras.Input((1,), name="log_stddev")
    h = scaled = layers.Rescaling(1.0 / GREY, -1.0)(x)
    for n in stages:
        h = make.residual(make.conv(h, n, 5, 2))
    y = layers.Add()([make.cosines(scaled, 2 ** len(stages), n_latents), make.last(h, n_latents)])
    y = y * make.factor(log_stddev, n_latents, -1.0, "log_gain")
    # The latents that describe others need to know how large they are, not more.
    h = make.conv(keras.ops.log1p(keras.ops.abs(y)), stages[-1])
    w = make.described(make.conv(h, stages[-1], 5, 2))
    z = layers.Concatenate()([layers.Flatten()(y), layers.Flatten()(w)])
    return keras.Model([x, log_stddev], z, name="encoder")


def _decoder(make, event_shape, stages, sides, y_shape, n_hyper):
    n_scaled = math.prod(y_shape)
    z, log_stddev = keras.Input((n_scaled + n_hyper,), name="z"), keras.Input((1,), name="log_stddev")
    y = layers.Reshape(y_shape)(z[:, :n_scaled]) * make.factor(log_stddev, y_shape[-1], 1.0, "log_step")
    h = make.residual(make.conv(y, stages[-1]))
    for n, size in zip([*stages[-2::-1], None], sides[-3::-1], strict=True):
        h = make.up(h, n or stages[0], size)
        h = make.residual(h) if n else h
    n_channels = event_shape[-1]
    rough = make.of_cosines(y, 2 ** len(stages), n_channels, event_shape[:2])
    mean = layers.Rescaling(GREY, GREY)(layers.Add()([rough, make.last(h, n_channels)]))
    # The variance is given, not learned: it says how much an error weighs against a bit.
    log_var = keras.ops.zeros_like(mean) + 2.0 * layers.Reshape((1, 1, 1))(log_stddev)
    return keras.Model([z, log_stddev], layers.Concatenate()([mean, log_var]), name="decoder")


def _hyper_decoder(make, y_shape, w_shape):
    w = keras.Input((math.prod(w_shape),), name="w")
    h = make.conv(layers.Reshape(w_shape)(w), 2 * N_HYPER)
    h = make.cut(layers.UpSampling2D()(h), y_shape[:2])
    return keras.Model(w, layers.Flatten()(make.last(make.conv(h, 2 * N_HYPER), y_shape[-1])), name="hyper_decoder")
