"""The exact form of the likelihood `Categorical`."""

import math

import numpy as np

from keras_vae.tasks.compression.exact.exact_math import exp
from keras_vae.tasks.compression.exact.group import ExactLikelihood, Group

# Weights of classes are whole multiples of this part of the largest, so that their sums are exact in any order.
WEIGHT_STEPS = 2.0**30


def whole_weights_of(logits: np.ndarray) -> np.ndarray:
    """e^logits over the last axis, up to a factor, as whole numbers up to 2^30: a class of less than 2^-31 is 0.

    Args:
        logits: float64 array `(..., n)`.
    """
    return np.rint(WEIGHT_STEPS * exp(logits - np.max(logits, axis=-1, keepdims=True)))


class ExactCategorical(ExactLikelihood):
    """Classes 0 to n_classes - 1, independent given z; probabilities are whole multiples of about 2^-30."""

    def __init__(self, config, event_shape):
        super().__init__(config, event_shape)
        self.levels = config["n_classes"]

    def groups(self, x_params):
        m = math.prod(self.event_shape)
        # Up to n_classes 2^30 < 2^53.
        below = np.cumsum(whole_weights_of(x_params.reshape(len(x_params), m, self.levels)), axis=-1)

        def cdf(k):
            at = np.clip(k - 1, 0, self.levels - 1)[..., None]
            return np.take_along_axis(below, at, axis=-1)[..., 0] / below[..., -1]

        return [Group(len(x_params), np.arange(m), self.levels, lambda known: cdf)]
