"""The exact form of the likelihood `NegativeBinomial`."""

import math

import numpy as np

from keras_vae.tasks.compression.exact.exact_math import exp, sigmoid, softplus
from keras_vae.tasks.compression.exact.group import ExactLikelihood, Group, flat
from keras_vae.tasks.compression.exact.incomplete_beta import incomplete_beta
from keras_vae.tasks.compression.exact.logistic_groups import soft_ceiling, soft_floor

# Up to here the probabilities are added up one by one, which is faster, and cannot fall.
N_SUMMED = 32


class ExactNegativeBinomial(ExactLikelihood):
    """Counts without an upper bound, independent given z.

    The cdf has an error below 1e-10. Above 32 it may fall by 2^-53, a unit in the last place, from one count to a next
    one that is less probable: a coder clips what it makes of it.
    """

    levels = None

    def groups(self, x_params):
        log_mean, raw = (flat(t) for t in np.split(x_params, 2, axis=-1))
        low, high = self.config["min_log_total_count"], self.config["max_log_total_count"]
        log_count = soft_ceiling(soft_floor(raw, low), high)
        counts = _Counts(exp(log_count), soft_ceiling(log_mean, self.config["max_log_mean"]) - log_count)
        places = np.arange(math.prod(self.event_shape))
        return [Group(len(x_params), places, None, lambda known: counts.cdf)]


class _Counts:
    """Negative binomials of a total count r and logits log(mean / r), float64 arrays `(n, m)`."""

    def __init__(self, r, logits):
        self.r, self.success, self.failure = r, sigmoid(logits), sigmoid(-logits)
        self.zero = exp(-r * softplus(logits))

    def cdf(self, k):
        found = self._summed(k)
        far = k > N_SUMMED
        if np.any(far):
            beta = incomplete_beta(self.r[far], k[far].astype(np.float64), self.failure[far], self.success[far])
            found[far] = np.maximum(found[far], beta)
        return found

    def _summed(self, k):
        """Sum of the probabilities below k, of the first 32 at most."""
        mass, total = self.zero, np.zeros_like(self.zero)
        for j in range(min(N_SUMMED, int(np.max(k, initial=0)))):
            total = total + np.where(j < k, mass, 0.0)
            mass = mass * self.success * ((j + self.r) / (j + 1.0))
        return np.minimum(total, 1.0)
