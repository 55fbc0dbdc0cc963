"""Rows of data on stacks of bits: bits back with asymmetric numeral systems, over one layer of latents or several."""

import numpy as np

from keras_vae.tasks.compression.bisection import bisect, questions_of


class RowCoder:
    """Puts rows of whole numbers on stacks of bits, and takes them off again.

    The sender of a row x

    1. takes z_1, ..., z_L off the stack, the top first, each by q(z_l given x and the layers above): bits that lie
       there choose the latents, and the receiver gets them back;
    2. puts x on it by p(x given z);
    3. puts z_L, ..., z_1 on it by p(z_l given the layers above).

    So the stack grows by `-log2 p(x, z) + log2 q(z given x)`, which is -ELBO on average. The receiver does all of it in
    reverse: takes off z and x, and puts back what had chosen z.

    Bit-Swap takes one layer off and puts one on by turns, so that the first row needs the bits of one layer only. That
    needs a posterior in which a layer depends on the one below it. Here each depends on those above, which the data of
    the last layer would need before they may be put on the stack: the receiver has to know z_1 before it can take off
    z_2, so z_1 is put on last, and x first. The bits that the first row of a stack needs are instead lent by another
    stack, see `block_coder`.

    Args:
        exact: model with exact arithmetic, as `exact.ExactModel`.
        bins: list of `LatentBins` for each layer, the top first, whose are those of the standard normal.

    References:
        Townsend et al. 2019 (bits back with ANS). https://arxiv.org/abs/1901.04866
        Kingma et al. 2019 (Bit-Swap). https://arxiv.org/abs/1905.06845
    """

    def __init__(self, exact, bins):
        self.exact, self.bins = exact, list(bins)

    @property
    def bits(self):
        """Bits of the bins of each latent."""
        return self.bins[0].bits

    @property
    def n_needed(self):
        """Bits that a row takes off its stack, about: as many as the latents of a row have where they are even."""
        return sum(len(b.mean) * b.n_bits for b in self.bins) + 64

    def with_bits(self, bits):
        """The same coder with `2^bits` bins per latent."""
        return RowCoder(self.exact, [b.with_bits(bits) for b in self.bins])

    def encode(self, streams, x):
        """Put rows on the first n stacks.

        Args:
            streams: `Streams`, at least n.
            x: array of whole numbers `(n, *event_shape)`, of any type.
        """
        evidence, way, asked = self.exact.evidence(x), self.exact.way(len(x)), []
        for layer, bins in enumerate(self.bins):
            shape = (len(x), len(bins.mean))
            prior = self._prior(way, layer)
            k = _pop(streams, bins.cdf(*way.posterior(layer, evidence)), bins.levels, shape)
            asked += questions_of(prior, bins.levels, k)
            way.take(layer, bins.centers(k))
        known = []
        for group in self.exact.likelihood.groups(way.x_params()):
            values = group.take(x)
            asked += questions_of(group.given(known), group.levels, values)
            known.append(values)
        streams.push(asked)

    def decode(self, streams, n):
        """Take n rows off the first n stacks, int64 `(n, *event_shape)`: they are then as before `encode`."""
        way, chosen = self.exact.way(n), []
        for layer, bins in enumerate(self.bins):
            chosen.append(_pop(streams, self._prior(way, layer), bins.levels, (n, len(bins.mean))))
            way.take(layer, bins.centers(chosen[-1]))
        x, known = np.zeros((n, *self.exact.event_shape), np.int64), []
        for group in self.exact.likelihood.groups(way.x_params()):
            known.append(_pop(streams, group.given(known), group.levels, group.shape))
            group.place(known[-1], x)
        evidence, asked = self.exact.evidence(x), []
        for layer, (bins, k) in enumerate(zip(self.bins, chosen, strict=True)):
            asked += questions_of(bins.cdf(*way.posterior(layer, evidence)), bins.levels, k)
        streams.push(asked)
        return x

    def _prior(self, way, layer):
        # The marginal of the top is its prior.
        return self.bins[layer].cdf(*way.prior(layer)) if layer else self.bins[0].marginal_cdf()


def _pop(streams, cdf, levels, shape):
    """Values by a distribution function from the first n stacks, int64 `(n, m)`."""
    return bisect(cdf, levels, shape, lambda mid, question: streams.pop(question))
