"""The exact form of the likelihood `DiscretizedLogisticMixture`: the channels of a pixel one after the other."""

import math

import numpy as np

from keras_vae.tasks.compression.exact.categorical_groups import whole_weights_of
from keras_vae.tasks.compression.exact.exact_math import expm1, log, softplus, tanh
from keras_vae.tasks.compression.exact.group import ExactLikelihood, Group
from keras_vae.tasks.compression.exact.logistic_groups import (
    HALF_RANGE,
    LEVELS,
    in_levels,
    levels_per_scale,
    logistic_cdf,
)


class ExactDiscretizedLogisticMixture(ExactLikelihood):
    """Grey values 0 to 255 of pixels with 1 or 3 channels: one group per channel, each given those before it."""

    levels = LEVELS

    def groups(self, x_params):
        n, m = len(x_params), self.config["n_components"]
        channels, n_pixels = self.event_shape[-1], math.prod(self.event_shape[:-1])
        x_params = x_params.reshape(n, n_pixels, x_params.shape[-1])
        ends = np.cumsum([m, channels * m, channels * m])
        logits, locations, raw, coefficients = np.split(x_params, ends, axis=-1)
        per_scale = levels_per_scale(raw, self.config["min_log_scale"], self.config["max_log_scale"])
        pixels = _Pixels(
            logits,
            *(t.reshape(n, n_pixels, t.shape[-1] // m, m) for t in (locations, per_scale, tanh(coefficients))),
        )
        places = np.arange(n_pixels) * channels
        # The channel as a default, which each of the functions keeps for itself.
        return [
            Group(n, places + channel, LEVELS, lambda known, channel=channel: pixels.cdf(channel, known))
            for channel in range(channels)
        ]


class _Pixels:
    """Parameters of the mixtures of n times p pixels.

    Args:
        logits: `(n, p, m)`. Of the components.
        locations: `(n, p, channels, m)`, on the [-1, 1] scale, where the channels before add nothing.
        per_scale: the same shape. 1 / scale in grey levels.
        coefficients: `(n, p, 3, m)`: green on red, blue on red, blue on green; `(n, p, 0, m)` for one channel.
    """

    def __init__(self, logits, locations, per_scale, coefficients):
        self.logits, self.locations = logits, locations
        self.per_scale, self.coefficients = per_scale, coefficients

    def cdf(self, channel, known):
        """The cdf of a channel, a function of k, given the values `(n, p)` of those before."""
        logits = self.logits
        for i, x in enumerate(known[:channel]):
            # The channels so far leave other weights to the components than the decoder gave them.
            logits = logits + _log_mass(x[..., None], self._location(i, known), self.per_scale[:, :, i])
        weights = whole_weights_of(logits)
        total = weights.sum(axis=-1)
        location, per_scale = self._location(channel, known), self.per_scale[:, :, channel]

        def cdf(k):
            masses = weights * logistic_cdf(k[..., None], location, per_scale)
            # From the first component to the last: a sum over an axis may be in another order.
            below = masses[..., 0]
            for i in range(1, masses.shape[-1]):
                below = below + masses[..., i]
            return below / total

        return cdf

    def _location(self, channel, known):
        """Location of a channel in grey levels, `(n, p, m)`."""
        location = self.locations[:, :, channel]
        values = [(x / HALF_RANGE - 1.0)[..., None] for x in known]
        if channel == 1:
            location = location + self.coefficients[:, :, 0] * values[0]
        if channel == 2:
            location = location + self.coefficients[:, :, 1] * values[0] + self.coefficients[:, :, 2] * values[1]
        return in_levels(location)


def _log_mass(x, location, per_scale):
    """Log probability of grey values, as `likelihoods.discretized_logistic.log_mass`."""
    upper, lower = ((x + 0.5) - location) * per_scale, ((x - 0.5) - location) * per_scale
    below = np.where(x < LEVELS - 1, -softplus(-upper), 0.0)
    above = np.where(x > 0, -softplus(lower), 0.0)
    width = np.where((x > 0) & (x < LEVELS - 1), log(-expm1(-per_scale)), 0.0)
    return below + above + width
