"""The exact form of the likelihood `Bernoulli`."""

import math

import numpy as np

from keras_vae.tasks.compression.exact.exact_math import sigmoid
from keras_vae.tasks.compression.exact.group import ExactLikelihood, Group, flat


class ExactBernoulli(ExactLikelihood):
    """Zeros and ones, independent given z."""

    levels = 2

    def groups(self, x_params):
        zero = sigmoid(-flat(x_params))
        return [Group(len(zero), np.arange(math.prod(self.event_shape)), 2, lambda known: lambda k: zero)]
