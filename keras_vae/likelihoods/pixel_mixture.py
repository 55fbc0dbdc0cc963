"""The maths of a mixture of discretized logistics over the channels of a pixel."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_vae.likelihoods.discretized_logistic import HALF_RANGE, clipped_mean, log_mass


def _points_of_a_logistic(n):
    """The means of the n equally probable parts of a standard logistic: they have its mean, and come near its shape."""
    u = np.linspace(0.0, 1.0, n + 1)
    inside = u[1:-1]
    # The integral of the quantile log(u / (1 - u)).
    integral = np.concatenate([[0.0], inside * np.log(inside) + (1.0 - inside) * np.log1p(-inside), [0.0]])
    return n * np.diff(integral)


# What the mean puts in place of the noise of red and of green. Every part of one meets another part of the other, and
# point 7 - i is minus point i in both, so that what is linear is averaged exactly.
N_POINTS = 8
_FIRST = _points_of_a_logistic(N_POINTS)
POINTS = (_FIRST, _FIRST[(3 * np.arange(N_POINTS) + 1) % N_POINTS])


class PixelMixture(NamedTuple):
    """M components for every pixel; each has a discretized logistic per channel, given the channels before it.

    Attributes:
        log_weights: Tensor `(..., M)`. Normalised.
        locations: Tensor `(..., channels, M)`, on the [-1, 1] scale, where the channels before add nothing.
        log_scales: Tensor `(..., channels, M)`. On the [-1, 1] scale.
        coefficients: Tensor `(..., 3, M)`: green on red, blue on red, blue on green; `(..., 0, M)` for one channel.
    """

    log_weights: tf.Tensor
    locations: tf.Tensor
    log_scales: tf.Tensor
    coefficients: tf.Tensor

    @property
    def n_channels(self) -> int:
        """Channels of a pixel."""
        return self.locations.shape[-2]

    def log_prob_by_channel(self, x: tf.Tensor) -> tf.Tensor:
        """Log probability of every channel given those before it: `(..., channels)` like x; they add up to the pixel's.

        Args:
            x: Tensor `(..., channels)`. Whole grey values.
        """
        x = x[..., None]
        values = tf.unstack(x / HALF_RANGE - 1.0, axis=-2)
        log_masses = [
            log_mass(x[..., i, :], _in_levels(self._location(i, values)), self.log_scales[..., i, :])
            for i in range(self.n_channels)
        ]
        # Stacked only now: x may have more axes in front than the parameters, as samples of a distribution do.
        log_masses = tf.stack(log_masses, axis=-2)
        # The channels so far leave other weights to the components than the decoder gave them.
        so_far = tf.reduce_logsumexp(self.log_weights[..., None, :] + tf.cumsum(log_masses, axis=-2), axis=-1)
        before = tf.concat([tf.zeros_like(so_far[..., :1]), so_far[..., :-1]], axis=-1)
        return so_far - before

    def mean(self) -> tf.Tensor:
        """Mean of every channel, `(..., channels)`, in grey levels; rounding moves it by less than half a level.

        A channel is averaged over 8 values of those before it. That is exact for the first channel, and for the others
        as long as no component is clipped at 0 or 255; else it is close.
        """
        values, means = [], []
        for channel in range(self.n_channels):
            location, log_scale = self._location(channel, values), self.log_scales[..., channel, :]
            location = _in_levels(location if values else location[None])
            means.append(tf.reduce_mean(clipped_mean(location, log_scale), axis=0))
            if channel < len(POINTS):
                points = tf.reshape(tf.constant(POINTS[channel], tf.float32), [-1] + [1] * log_scale.shape.rank)
                drawn = location + HALF_RANGE * tf.exp(log_scale) * points
                values.append(tf.clip_by_value(drawn, 0.0, 255.0) / HALF_RANGE - 1.0)
        return tf.reduce_sum(tf.exp(self.log_weights)[..., None, :] * tf.stack(means, axis=-2), axis=-1)

    def sample(self, seed: tf.Tensor | None) -> tf.Tensor:
        """One draw of every pixel, `(..., channels)`.

        Args:
            seed: as TensorFlow Probability takes it.
        """
        import tensorflow_probability as tfp

        seeds = tfp.random.split_seed(seed, n=1 + self.n_channels)
        component = tfp.distributions.Categorical(logits=self.log_weights).sample(seed=seeds[0])
        chosen = tf.one_hot(component, self.log_weights.shape[-1])[..., None, :]
        # A mixture of one component, the chosen one.
        one = PixelMixture(*(tf.reduce_sum(t * chosen, axis=-1, keepdims=True) for t in self._in_matrices()))
        values = []
        for channel in range(self.n_channels):
            location = one._location(channel, [value / HALF_RANGE - 1.0 for value in values])
            # Rounded up by TensorFlow Probability: half a level less centres the bin.
            logistic = tfp.distributions.Logistic(
                _in_levels(location) - 0.5, HALF_RANGE * tf.exp(one.log_scales[..., channel, :])
            )
            draws = tfp.distributions.QuantizedDistribution(logistic, low=0.0, high=255.0)
            values.append(draws.sample(seed=seeds[1 + channel]))
        return tf.concat(values, axis=-1)

    def _in_matrices(self):
        return self.log_weights[..., None, :], self.locations, self.log_scales, self.coefficients

    def _location(self, channel, values):
        """Location of a channel, `(..., M)`, given the values of those before it on the [-1, 1] scale."""
        location = self.locations[..., channel, :]
        if channel == 1:
            location += self.coefficients[..., 0, :] * values[0]
        if channel == 2:
            location += self.coefficients[..., 1, :] * values[0] + self.coefficients[..., 2, :] * values[1]
        return location


def _in_levels(location):
    return HALF_RANGE * (location + 1.0)
