"""Bins of equal mass for the latents of one layer: real numbers that can be coded."""

import functools

import numpy as np

from keras_vae.tasks.compression.exact.exact_math import ndtr, ndtri

# Beyond it lies less than a bin of any number of bits.
WIDEST = 16.0
MAX_BITS = 16


class LatentBins:
    """Cuts each latent dimension of a layer into `2^bits` bins, which a Gaussian fills evenly.

    Bins of equal mass are those of maximum entropy: where the prior is that Gaussian, each costs `bits` bits.

    Args:
        mean, scale: float64 arrays `(d,)`. The Gaussian of each dimension, about the marginal of the model.
        bits: int from 0 to 16. With 0 there is one bin.

    References:
        Townsend et al. 2019, section 2.5.1. https://arxiv.org/abs/1901.04866
    """

    def __init__(self, mean, scale, bits):
        self.mean, self.scale, self.bits = mean, scale, bits
        self.levels = 2**bits

    def with_bits(self, bits):
        """The same Gaussians cut into `2^bits` bins."""
        return LatentBins(self.mean, self.scale, bits)

    def cdf(self, mean, scale):
        """P(bin < k) under Gaussians.

        Args:
            mean, scale: float64 `(n, d)`.

        Returns:
            Function from int64 k `(..., n, d)`, 0 to levels, to float64 of the same shape.
        """
        edges = _edges(self.bits)

        def below(k):
            inner = ndtr((self.mean + self.scale * edges[k] - mean) / scale)
            return np.where(k <= 0, 0.0, np.where(k >= self.levels, 1.0, inner))

        return below

    def even_cdf(self):
        """P(bin < k) under the Gaussian of the bins, as `cdf`: each has the same mass."""
        return lambda k: k / self.levels

    def centers(self, k):
        """The medians of bins, float64 of the shape of k `(n, d)`."""
        return self.mean + self.scale * _edges(self.bits + 1)[2 * k + 1]


@functools.cache
def _edges(bits):
    """The `2^bits + 1` edges of bins of equal mass under the standard normal, with wide but finite ends."""
    levels = 2**bits
    # The upper half mirrors the lower one: it has the same digits.
    lower = ndtri(np.arange(1, levels // 2) / levels)
    middle = np.zeros(min(1, levels - 1))
    edges = np.concatenate([[-WIDEST], lower, middle, -lower[::-1], [WIDEST]])
    edges.flags.writeable = False
    return edges
