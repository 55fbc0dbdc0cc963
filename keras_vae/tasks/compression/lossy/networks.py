"""The networks of lossy compression: images to maps of latents, a few more latents that describe these, and back.

Before training they are the transform of JPEG: cosines over patches, and their inverse. Networks of convolutions beside
them begin with nothing and learn the rest. Without that start an image that is to come back all but exactly would have
to be learned first; the scales of the latents have to be learned all the same.

The model is told how exact that shall be, by the logarithm of a standard deviation in grey levels. Latents are rounded
to whole numbers: what they are divided by before is the step of the rounding, and it grows with that number.
"""

import itertools
import math

import keras
from keras import layers

from keras_vae.tasks.compression.lossy.layer_maker import LayerMaker
from keras_vae.tasks.compression.lossy.prior_networks import (
    DENSE_UNITS,
    MAP_CHANNELS,
    N_HYPER,
    make_prior_networks,
    small_map,
)

# Channels of the maps, the finest first; each stage halves height and width. An image of so many pixels a side or more
# gets three stages.
CHANNELS, LARGE = (32, 64, 64), 56
# Latents of each place of the smallest map per channel of the image, at least: a patch of two stages has 16 values.
LATENTS_PER_CHANNEL = 32
# Of these channels of latents, slowest cosine first, per channel of the image: where the second and third part begin,
# each of which is described by those before. The first part is the averages of patches.
SECOND, THIRD = 1, 6
GREY = 127.5
# A step as large makes a root mean square error of one grey level: that of uniform noise of width one is 1 / sqrt(12).
STEP = math.sqrt(12.0) / GREY


def stages_of(event_shape):
    """Channels of the stages, tuple of int, for images of a shape."""
    return CHANNELS if min(event_shape[:2]) >= LARGE else CHANNELS[:2]


def make_networks(event_shape, seed=None):
    """Encoder, decoder and the networks of the prior.

    Args:
        event_shape: tuple, `(height, width, channels)`.
        seed: int or None. Of the weights.

    Returns:
        `(encoder, decoder, networks)`: `[x, log_stddev] -> [w, y_1, y_2, y_3]` side by side, `[z, log_stddev] -> [mean,
        raw log variance]` of a Gaussian in grey levels, and what `keras_vae.priors.Hyperprior` takes.
    """
    make, stages = LayerMaker(seed), stages_of(event_shape)
    n_latents = event_shape[-1] * max(LATENTS_PER_CHANNEL, 4 ** len(stages))
    sizes = [tuple(event_shape[:2])]
    for _ in stages:
        sizes.append(tuple(-(-side // 2) for side in sizes[-1]))
    part_channels = _part_channels(event_shape[-1], n_latents)
    y_shapes = [(*sizes[-1], n) for n in part_channels]
    encoder = _encoder(make, event_shape, stages, part_channels)
    decoder = _decoder(make, event_shape, stages, sizes, y_shapes)
    return encoder, decoder, make_prior_networks(make, y_shapes)


def _part_channels(n_channels, n_latents):
    ends = (0, SECOND * n_channels, THIRD * n_channels, n_latents)
    return [end - start for start, end in itertools.pairwise(ends)]


def _factor(log_stddev, n, sign, name):
    """What each channel is multiplied by: straight in the standard deviation, or in its inverse, at the start."""
    log_step = layers.Dense(n, kernel_initializer=keras.initializers.Constant(sign), name=name)(log_stddev)
    return layers.Reshape((1, 1, n))(keras.ops.exp(log_step)) * STEP**sign


def _encoder(make, event_shape, stages, part_channels):
    x, log_stddev = keras.Input(event_shape, name="x"), keras.Input((1,), name="log_stddev")
    n_latents = sum(part_channels)
    h = scaled = layers.Rescaling(1.0 / GREY, -1.0)(x)
    for n in stages:
        h = make.residual(make.conv(h, n, 5, 2))
    y = layers.Add()([make.cosines(scaled, 2 ** len(stages), n_latents), make.last(h, n_latents)])
    y = y * _factor(log_stddev, n_latents, -1.0, "log_gain")
    # The latents that describe others need to know how large they are, not more.
    h = make.conv(keras.ops.log1p(keras.ops.abs(y)), stages[-1])
    for _ in small_map(y.shape[1:3]).sizes:
        h = make.conv(h, stages[-1], 5, 2)
    w = make.dense(make.dense(layers.Flatten()(h), DENSE_UNITS), N_HYPER, None)
    ends = [0, *itertools.accumulate(part_channels)]
    parts = [layers.Flatten()(y[..., start:end]) for start, end in itertools.pairwise(ends)]
    return keras.Model([x, log_stddev], layers.Concatenate()([w, *parts]), name="encoder")


def _decoder(make, event_shape, stages, sizes, y_shapes):
    dims = [N_HYPER, *map(math.prod, y_shapes)]
    z, log_stddev = keras.Input((sum(dims),), name="z"), keras.Input((1,), name="log_stddev")
    w, *parts = keras.ops.split(z, list(itertools.accumulate(dims))[:-1], axis=-1)
    y = layers.Concatenate()([layers.Reshape(shape)(part) for part, shape in zip(parts, y_shapes, strict=True)])
    y = y * _factor(log_stddev, y.shape[-1], 1.0, "log_step")
    h = layers.Concatenate()([y, small_map(sizes[-1]).from_vector(make, w, MAP_CHANNELS)])
    h = make.residual(make.conv(h, stages[-1]))
    for n, size in zip([*stages[-2::-1], None], sizes[-2::-1], strict=True):
        h = make.up(h, n or stages[0], size)
        h = make.residual(h) if n else h
    n_channels = event_shape[-1]
    rough = make.of_cosines(y, 2 ** len(stages), n_channels, event_shape[:2])
    mean = layers.Rescaling(GREY, GREY)(layers.Add()([rough, make.last(h, n_channels)]))
    # The variance is given, not learned: it says how much an error weighs against a bit.
    log_var = keras.ops.zeros_like(mean) + 2.0 * layers.Reshape((1, 1, 1))(log_stddev)
    return keras.Model([z, log_stddev], layers.Concatenate()([mean, log_var]), name="decoder")
