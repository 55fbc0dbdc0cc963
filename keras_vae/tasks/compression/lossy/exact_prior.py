"""What a `ScaleHyperprior` says of whole numbers, in arithmetic that is the same everywhere."""

import hashlib

import numpy as np

from keras_vae.priors.scale_hyperprior import MIN_SCALE
from keras_vae.tasks.compression.exact.exact_math import exp, softplus
from keras_vae.tasks.compression.exact.exact_network import ExactNetwork
from keras_vae.tasks.compression.lossy.tables import gaussian_table, logistic_mixture_table, scales_of

# Before exponents are taken: beyond, the prior is of no use anyway.
MAX_LOG = 20.0


class ExactPrior:
    """Tables for the whole numbers of a code z = [y, w]: of w by channel, of y by the scale that w gives.

    Args:
        prior: built `ScaleHyperprior`.

    Attributes:
        tables_of_w: list of `Table`, one per channel.
        tables_of_y: list of `Table`, one per level of the scale.
    """

    def __init__(self, prior):
        self.n_scaled, self.n_hyper, self.n_channels = prior.n_scaled, prior.n_hyper, prior.n_channels
        self._network = ExactNetwork.of(prior.hyper_decoder)
        logits, locs, log_scales = (w.numpy().astype(np.float64) for w in (prior.logits, prior.locs, prior.log_scales))
        weights = exp(logits - logits.max(axis=-1, keepdims=True))
        # Not by a logarithm of the least scale, which another library may round in another way.
        scales = np.maximum(exp(np.minimum(log_scales, MAX_LOG)), MIN_SCALE)
        self.tables_of_w = [logistic_mixture_table(*rows) for rows in zip(weights, locs, scales, strict=True)]
        self._scales = scales_of(MIN_SCALE)
        self.tables_of_y = [gaussian_table(scale) for scale in self._scales.tolist()]
        # From one scale to the next half way, as a ratio.
        self._limits = np.sqrt(self._scales[:-1] * self._scales[1:])

    def levels(self, w):
        """Number of the table for each element of y.

        Args:
            w: integer array `(n, n_hyper)`.

        Returns:
            int array `(n, n_scaled)`.
        """
        return np.searchsorted(self._limits, MIN_SCALE + softplus(self._network(w)))

    def update_digest(self, digest):
        """Feed a hash with all that the coder sees, and with numbers that the network computes."""
        for table in [*self.tables_of_w, *self.tables_of_y]:
            digest.update(str(table.low).encode() + table.probabilities.astype("<f8").tobytes())
        for weights in self._network.arrays.values():
            digest.update(hashlib.sha256(weights.astype("<f4").tobytes()).digest())
        probe = np.arange(2 * self.n_hyper).reshape(2, -1) % 5 - 2
        digest.update(softplus(self._network(probe)).astype("<f8").tobytes())
