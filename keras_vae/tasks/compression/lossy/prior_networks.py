"""The networks that describe the latents of an image: by a vector for the whole of it, and by the latents before.

They are made of layers that have an exact form: what they say feeds the coder.
"""

import math
from typing import NamedTuple

import keras
from keras import layers

# Latents that describe the whole image.
N_HYPER = 48
# A map this small is made from a vector at once.
SMALL_SIDE = 4
# Of the way between that vector and maps, here and in encoder and decoder; and of what sees the latents before.
DENSE_UNITS, MAP_CHANNELS, CHANNELS = 256, 24, 48
# Latents are several steps wide; networks want numbers around one.
SCALE_OF_LATENTS = 0.1
# At the start most latents are all but 0: this is a scale of 0.4.
RAW_SCALE = -1.0


class SmallMap(NamedTuple):
    """How a map of latents is halved until it is small.

    Attributes:
        full: `(height, width)`.
        sizes: list of `(height, width)`, one for each time that it is halved.
    """

    full: tuple
    sizes: list

    def from_vector(self, make, w, n_channels):
        """A map of the full size from a vector."""
        h = make.dense(w, math.prod(self.sizes[-1]) * n_channels)
        h = layers.Reshape((*self.sizes[-1], n_channels))(h)
        for size in [*self.sizes[-2::-1], self.full]:
            h = make.conv(make.repeated(h, size), n_channels)
        return h


def small_map(size):
    """The `SmallMap` of maps `(height, width)`: halved once at least, until no side is longer than 4."""
    sizes = []
    while not sizes or max(sizes[-1]) > SMALL_SIDE:
        sizes.append(tuple(-(-side // 2) for side in (sizes[-1] if sizes else size)))
    return SmallMap(tuple(size), sizes)


def make_prior_networks(make, y_shapes):
    """Networks for `keras_vae.priors.Hyperprior`.

    Args:
        make: `LayerMaker`.
        y_shapes: list of `(height, width, channels)`, one for each part of the latents.

    Returns:
        list of Keras models.
    """
    networks, seen = [], None
    for i, shape in enumerate(y_shapes):
        last = i == len(y_shapes) - 1
        network = _first(make, shape, last) if i == 0 else _next(make, seen, y_shapes[i - 1], shape, last)
        networks.append(network)
        seen = None if last else network.output_shape[0][1:]
    return networks


def _first(make, shape, last):
    w = keras.Input((N_HYPER,), name="w")
    h = small_map(shape[:2]).from_vector(make, make.dense(w, DENSE_UNITS), MAP_CHANNELS)
    return keras.Model(w, _outputs(make, h, make.conv(h, CHANNELS), shape, last), name="prior_1")


def _next(make, features_shape, given_shape, shape, last):
    features, given = keras.Input(features_shape, name="features"), keras.Input((math.prod(given_shape),), name="y")
    y = layers.Rescaling(SCALE_OF_LATENTS)(layers.Reshape(given_shape)(given))
    h = layers.Concatenate()([features, y])
    outputs = _outputs(make, h, make.conv(make.conv(h, CHANNELS), CHANNELS), shape, last)
    return keras.Model([features, given], outputs, name="prior")


def _outputs(make, features, h, shape, last):
    raw_scale, mean = make.last(h, shape[-1], RAW_SCALE), make.last(h, shape[-1])
    outputs = [layers.Flatten()(raw_scale), layers.Flatten()(mean)]
    return outputs if last else [features, *outputs]
