"""Bins of equal mass for the latents of one layer: real numbers that can be coded."""

import functools

import numpy as np

from keras_vae.tasks.compression.exact.exact_math import ndtr, ndtri

# Beyond it lies less than a bin of any number of bits.
WIDEST = 16.0
MAX_BITS = 16
# Latents of data may lie far outside of what the model draws, and be known there as exactly as elsewhere; bins of equal
# mass under the Gaussian itself are wide there. With eight times its width they are of about one width up to eight
# standard deviations. Of 24 images of CIFAR-10, whose top latents lie beyond four in 1.7 % of the cases, bins of 1 and
# of 8 times the width, 2^14 of them, take 5.24 and 4.35 bits/dim by their distributions; -ELBO is 4.36.
SPREAD = 8


class LatentBins:
    """Cuts each latent dimension of a layer into `2^bits` bins, which a Gaussian fills evenly.

    Bins of equal mass are those of maximum entropy: where the prior is that Gaussian, each costs `bits` bits.

    Args:
        mean, scale: float64 arrays `(d,)`. A Gaussian of each dimension, about the marginal of the model.
        bits: int from 0 to 16. With 0 there is one bin.
        spread: int >= 1. The Gaussian that fills the bins is so many times as wide.

    References:
        Townsend et al. 2019, section 2.5.1. https://arxiv.org/abs/1901.04866
    """

    def __init__(self, mean, scale, bits, spread=1):
        self.mean, self.scale, self.bits, self.spread = mean, scale, bits, spread
        self.levels, self._width = 2**bits, scale * spread

    @property
    def n_bits(self):
        """Bits that a latent of the marginal takes, about, int: the bins that it can be in are a part of all."""
        return max(0, self.bits - (self.spread - 1).bit_length())

    def with_bits(self, bits):
        """The same marginals cut into `2^bits` bins: other ones have no spread, as few are to lie near the mean."""
        return self if bits == self.bits else LatentBins(self.mean, self.scale, bits)

    def cdf(self, mean, scale):
        """P(bin < k) under Gaussians.

        Args:
            mean, scale: float64 `(n, d)`.

        Returns:
            Function from int64 k `(..., n, d)`, 0 to levels, to float64 of the same shape.
        """
        edges = _edges(self.bits)

        def below(k):
            inner = ndtr((self.mean + self._width * edges[k] - mean) / scale)
            return np.where(k <= 0, 0.0, np.where(k >= self.levels, 1.0, inner))

        return below

    def marginal_cdf(self):
        """P(bin < k) under the marginal, as `cdf`; without a spread each bin has the same mass."""
        return self.cdf(self.mean, self.scale) if self.spread > 1 else lambda k: k / self.levels

    def centers(self, k):
        """The medians of bins, float64 of the shape of k `(n, d)`."""
        return self.mean + self._width * _edges(self.bits + 1)[2 * k + 1]


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
