"""Images of any size through networks of one size: tiles that overlap by all that a pixel depends on."""

import functools
import math

import numpy as np
import tensorflow as tf

from keras_vae.tasks.images.restoration.build_model import make_networks, margin_of, stride_of
from keras_vae.tasks.images.restoration.networks import LATENT_STRIDE, latent_shape

# Sides of the inner part of a tile, and how many pixels go through the networks at once.
TILE, PIXELS_AT_ONCE = 512, 512 * 512
# Sizes of tiles are multiples of this: few sizes mean few graphs.
_ROUND = 32
_N_GRAPHS = 8


class TiledNetworks:
    """The networks of a trained restorer, for images of any size.

    An image of the size of the training goes through as a whole. Others are continued by their mirror image and go
    through in tiles, each with a margin as wide as what its pixels depend on: the result is that of one large tile, up
    to rounding, in a memory that does not grow with the image. Draws have their noise from one field over the image.

    Args:
        model: trained `VAE` with a condition network.
        settings, degradation: as in `build_model`.
        tile: int. Sides of the inner part of a tile.
    """

    def __init__(self, model, settings, degradation, tile=TILE):
        self.model, self.settings, self.degradation = model, settings, degradation
        self.event_shape = tuple(model.event_shape)
        self.stride = int(np.lcm(stride_of(settings, degradation), _ROUND))
        self.margin, self.tile = margin_of(settings, degradation), -(-tile // self.stride) * self.stride
        self._graphs = functools.lru_cache(_N_GRAPHS)(self._make_graphs)

    def size_of(self, told):
        """Height and width of the images of conditions `(n, height, width, channels)`."""
        return tuple(n * self.degradation.factor for n in told.shape[1:3])

    def estimate(self, told):
        """The best estimates, `(n, height, width, channels)` float32, not cut to 0..1.

        Args:
            told: float32 array `(n, ...)`, what the model is told of each image.
        """
        out = np.empty((len(told), *self.size_of(told), self.event_shape[-1]), np.float32)
        for rows, tile in self._pieces(told):
            estimate, *_ = self._graphs(tile.shape)
            out[rows, tile.rows, tile.columns] = tile.inner(estimate(tf.constant(tile.cut(told[rows]))).numpy())
        return out

    def draws(self, told, n, rng, spread):
        """Draws of each image, `(n_images, n, height, width, channels)` float32, not cut to 0..1.

        Args:
            told: as in `estimate`.
            n: int. Draws of each image.
            rng: NumPy generator.
            spread: float. What the deviations from the best estimate are multiplied by.
        """
        height, width = self.size_of(told)
        around = 0 if self._is_whole((height, width)) else 2 * self.margin
        cells = latent_shape((height + around, width + around), self.settings["latent_channels"])
        z = rng.standard_normal((len(told), n, *cells), np.float32)
        out = rng.standard_normal((len(told), n, height, width, self.event_shape[-1]), np.float32)
        for rows, tile in self._pieces(told):
            _, features, spread_of = self._graphs(tile.shape)
            of_image = features(tf.constant(tile.cut(told[rows])))
            mean = tile.inner(of_image["mean"].numpy())
            for k in range(n):
                deviation, stddev = (
                    tile.inner(t.numpy()) for t in spread_of(of_image, tf.constant(tile.latents(z[rows, k])))
                )
                noise = out[rows, k, tile.rows, tile.columns]
                out[rows, k, tile.rows, tile.columns] = mean + spread * (deviation + stddev * noise)
        return out

    def _is_whole(self, size):
        return tuple(size) == self.event_shape[:2]

    def _pieces(self, told):
        """Pairs of a slice of the images and a `Tile`."""
        size = self.size_of(told)
        for tile in self._tiles(size):
            n = max(1, PIXELS_AT_ONCE // (tile.shape[0] * tile.shape[1]))
            for start in range(0, len(told), n):
                yield slice(start, min(start + n, len(told))), tile

    def _tiles(self, size):
        if self._is_whole(size):
            yield Tile((0, 0), size, size, 0, self.degradation.factor)
            return
        # Tiles of one size, no larger than the image needs.
        counts = [-(-n // self.tile) for n in size]
        inner = [-(-n // (count * self.stride)) * self.stride for n, count in zip(size, counts, strict=True)]
        for top in range(0, size[0], inner[0]):
            for left in range(0, size[1], inner[1]):
                yield Tile((top, left), inner, size, self.margin, self.degradation.factor)

    def _make_graphs(self, size):
        """Functions for tiles of this size: from what is told to the estimate, and to all that the decoder is told;
        from that and z to the mean deviation of draws from the estimate and their standard deviation."""
        event_shape = (*size, self.event_shape[-1])
        told_network, _, decoder = make_networks(self.settings, event_shape, self.degradation)
        told_network.set_weights(self.model.condition_network.get_weights())
        decoder.set_weights(self.model.decoder.get_weights())
        likelihood, cells = self.model.likelihood, latent_shape(event_shape, self.settings["latent_channels"])

        def rows(shape):
            return tf.TensorSpec((None, *shape))

        of_told, of_image = (
            tf.nest.map_structure(lambda tensor: rows(tensor.shape[1:]), end)
            for end in (told_network.input, dict(told_network.output))
        )

        def estimate(told):
            return told_network(told)["mean"]

        def features(told):
            return dict(told_network(told))

        def spread(of_image, z):
            p = likelihood.distribution(decoder([tf.reshape(z, (-1, math.prod(cells))), of_image]))
            return p.mean() - of_image["mean"], p.stddev()

        # Concrete: TensorFlow would warn of functions that are made again for every size.
        return (
            tf.function(estimate, autograph=False).get_concrete_function(of_told),
            tf.function(features, autograph=False).get_concrete_function(of_told),
            tf.function(spread, autograph=False).get_concrete_function(of_image, rows(cells)),
        )


class Tile:
    """A rectangle of an image with a margin around it.

    Args:
        start: (top, left) of the inner part.
        inner: (height, width) of the inner part, which may reach beyond the image.
        size: (height, width) of the image.
        margin: int.
        factor: int. How many times larger the image is than what the model is told.
    """

    def __init__(self, start, inner, size, margin, factor):
        self.start, self.margin, self.factor, self.size = start, margin, factor, tuple(size)
        self.shape = tuple(n + 2 * margin for n in inner)
        self.ends = [min(at + n, whole) for at, n, whole in zip(start, inner, size, strict=True)]
        self.rows, self.columns = (slice(at, end) for at, end in zip(start, self.ends, strict=True))

    def cut(self, told):
        """What is told of the tile, mirrored where it reaches beyond the image."""
        for axis in (0, 1):
            n = told.shape[axis + 1]
            begin = (self.start[axis] - self.margin) // self.factor
            at = np.arange(begin, begin + self.shape[axis] // self.factor)
            told = np.take(told, mirrored(at, n), axis=axis + 1)
        return told

    def latents(self, z):
        """The latents of the tile out of those of the whole image with its margin; zeros beyond them."""
        cells = [-(-n // LATENT_STRIDE) for n in self.shape]
        begins = [at // LATENT_STRIDE for at in self.start]
        z = z[:, begins[0] : begins[0] + cells[0], begins[1] : begins[1] + cells[1]]
        missing = [(0, n - found) for n, found in zip(cells, z.shape[1:3], strict=True)]
        return np.pad(z, [(0, 0), *missing, (0, 0)])

    def inner(self, tiles):
        """The inner part of tiles, as far as the image goes."""
        height, width = (end - at for at, end in zip(self.start, self.ends, strict=True))
        return tiles[:, self.margin : self.margin + height, self.margin : self.margin + width]


def mirrored(at, n):
    """Places on an axis of `n` pixels that goes on as its own mirror image, the last pixel twice."""
    at = np.mod(at, 2 * n)
    return np.minimum(at, 2 * n - 1 - at)
