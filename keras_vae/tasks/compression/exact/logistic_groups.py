"""The exact form of the likelihood `DiscretizedLogistic`, and what its mixture needs too."""

import math

import numpy as np

from keras_vae.tasks.compression.exact.exact_math import exp, sigmoid, softplus
from keras_vae.tasks.compression.exact.group import ExactLikelihood, Group, flat

LEVELS = 256
# As `likelihoods.discretized_logistic` has it.
HALF_RANGE = 127.5
# Bounds of levels per scale, which the default bounds of the likelihood do not reach. At the lower one all but 1e-4 of
# the mass is at the two ends; from there on the steps of the cdf could be lost in rounding.
MIN_PER_SCALE, MAX_PER_SCALE = 2.0**-20, 2.0**20
# Locations further out are no others, in grey levels.
MAX_LOCATION = 2.0**24


def soft_floor(raw: np.ndarray, low: float) -> np.ndarray:
    """As `likelihoods.bounds.soft_floor`."""
    return low + softplus(raw - low)


def soft_ceiling(raw: np.ndarray, high: float) -> np.ndarray:
    """As `likelihoods.bounds.soft_ceiling`."""
    return np.minimum(raw, high) - softplus(-np.abs(raw - high))


def in_levels(location: np.ndarray) -> np.ndarray:
    """Locations on the [-1, 1] scale in grey levels."""
    return np.minimum(np.maximum(HALF_RANGE * (location + 1.0), -MAX_LOCATION), MAX_LOCATION)


def levels_per_scale(raw: np.ndarray, min_log_scale: float, max_log_scale: float) -> np.ndarray:
    """1 / scale of logistic distributions, in grey levels, from what the decoder puts out."""
    log_scale = soft_ceiling(soft_floor(raw, min_log_scale), max_log_scale)
    return np.minimum(np.maximum(exp(-log_scale) / HALF_RANGE, MIN_PER_SCALE), MAX_PER_SCALE)


def logistic_cdf(k: np.ndarray, location: np.ndarray, per_scale: np.ndarray) -> np.ndarray:
    """P(value < k) of grey values, for k from 1 to 255: the bin of k - 1 ends half a level below k.

    From one k to the next the argument of the sigmoid grows by more than 2^-21, so that it does not fall.

    Args:
        k: integer array.
        location: float64 array, in grey levels.
        per_scale: float64 array, as `levels_per_scale` gives it.
    """
    return sigmoid(((k - 0.5) - location) * per_scale)


class ExactDiscretizedLogistic(ExactLikelihood):
    """Grey values 0 to 255, independent given z."""

    levels = LEVELS

    def groups(self, x_params):
        location, raw = np.split(x_params, 2, axis=-1)
        location, raw = flat(location), flat(raw)
        location = in_levels(location)
        per_scale = levels_per_scale(raw, self.config["min_log_scale"], self.config["max_log_scale"])
        places = np.arange(math.prod(self.event_shape))
        return [
            Group(len(x_params), places, LEVELS, lambda known: lambda k: logistic_cdf(k, location, per_scale)),
        ]
