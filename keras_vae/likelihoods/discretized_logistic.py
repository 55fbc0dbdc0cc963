"""Discretized logistic likelihood of 8-bit grey values."""

from typing import Any

import keras
import tensorflow as tf

from keras_vae._checks import check_number
from keras_vae.likelihoods.base import Likelihood
from keras_vae.likelihoods.bounds import soft_ceiling, soft_floor

# Grey values per unit of the [-1, 1] scale the decoder works on: location -1 is grey 0, location 1 is grey 255.
HALF_RANGE = 127.5


@keras.saving.register_keras_serializable(package="keras_vae")
class DiscretizedLogistic(Likelihood):
    """Whole grey values 0 to 255: each has the mass of a logistic distribution within half a level of it.

    The decoder puts out `[location, raw log scale]`, location first, both on the [-1, 1] scale:

        location in grey levels = 127.5 * (location + 1)
        scale in grey levels    = 127.5 * exp(log_scale)

    The raw log scale is bounded smoothly at both ends. Grey 0 has all mass below 0.5 and grey 255 all mass above 254.5,
    so that the 256 probabilities add up to one for any parameters.

    Args:
        min_log_scale: float. Lower bound of the log scale on the [-1, 1] scale; -7 is 0.12 grey levels.
        max_log_scale: float. Upper bound; at 7 nearly all mass is at the two end values.

    Raises:
        ValueError: if a bound is not a number in [-50, 50], or `min_log_scale` is not smaller than `max_log_scale`.

    Examples:
        The probabilities of the 256 grey values add up to one:

        >>> grey, x_params = tf.range(256.0)[:, None], tf.zeros((256, 2))
        >>> log_prob = kv.likelihoods.DiscretizedLogistic().log_prob(grey, x_params)
        >>> bool(np.isclose(np.exp(log_prob).sum(), 1.0, atol=1e-5))
        True

    References:
        Salimans et al. 2017 (PixelCNN++), eq. 2, here with one component. https://arxiv.org/abs/1701.05517
    """

    n_params = 2
    values = "grey_levels"
    support = "whole grey values from 0 to 255"
    low = 0
    high = 255
    integer = True
    fixed = ("min_log_scale", "max_log_scale")

    def __init__(self, min_log_scale: float = -7.0, max_log_scale: float = 7.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.min_log_scale = check_number("min_log_scale", min_log_scale, minimum=-50.0, maximum=50.0)
        self.max_log_scale = check_number(
            "max_log_scale", max_log_scale, minimum=self.min_log_scale, maximum=50.0, exclusive=True
        )

    def get_config(self):
        return {**super().get_config(), "min_log_scale": self.min_log_scale, "max_log_scale": self.max_log_scale}

    def hint(self, minimum, maximum):
        if minimum >= 0 and maximum <= 1:
            return "These look like grey values from 0 to 1: multiply by 255 and round, or pass the images as uint8."
        if minimum >= -1 and maximum <= 1:
            return "These look like grey values from -1 to 1: pass 127.5 * (x + 1), rounded, or the images as uint8."
        if minimum >= 0 and maximum <= 255:
            return "Round them, or pass the images as uint8."
        return ""

    def input_layers(self, event_shape):
        # From 0..255 to -1..1.
        return [keras.layers.Rescaling(1.0 / HALF_RANGE, offset=-1.0)]

    def _split(self, x_params):
        location, raw = tf.split(x_params, 2, axis=-1)
        log_scale = soft_ceiling(soft_floor(raw, self.min_log_scale), self.max_log_scale)
        return HALF_RANGE * (location + 1.0), log_scale

    def _elements(self, x_params):
        from tensorflow_probability import distributions as tfd

        location, log_scale = self._split(x_params)
        # tfp rounds up, to the bin (j - 1, j]; moving the location by half a level centres the bin on j.
        logistic = tfd.Logistic(location - 0.5, HALF_RANGE * tf.exp(log_scale))
        return tfd.QuantizedDistribution(logistic, low=0.0, high=255.0)

    def _log_prob(self, x, x_params):
        return log_mass(x, *self._split(x_params))

    def _mean(self, x_params):
        return clipped_mean(*self._split(x_params))


def log_mass(x: tf.Tensor, location: tf.Tensor, log_scale: tf.Tensor) -> tf.Tensor:
    """Log probability of whole grey values under a discretized logistic.

    Args:
        x: Tensor. Whole grey values 0 to 255.
        location: Tensor, in grey levels; shapes broadcast.
        log_scale: Tensor. Log of the scale on the [-1, 1] scale.

    Returns:
        Tensor of the common shape. Nats.
    """
    levels_per_scale = tf.exp(-log_scale) / HALF_RANGE
    upper = (x - location + 0.5) * levels_per_scale
    lower = (x - location - 0.5) * levels_per_scale
    # sigmoid(upper) - sigmoid(lower) = sigmoid(upper) * sigmoid(-lower) * (1 - exp(lower - upper)). In a product
    # nothing cancels in the tails. At grey 0 and 255 the bin has an open side, whose factors are one.
    log_below_upper = tf.where(x < 255.0, -tf.math.softplus(-upper), 0.0)
    log_above_lower = tf.where(x > 0.0, -tf.math.softplus(lower), 0.0)
    log_width = tf.where((x > 0.0) & (x < 255.0), tf.math.log(-tf.math.expm1(-levels_per_scale)), 0.0)
    return log_below_upper + log_above_lower + log_width


def clipped_mean(location: tf.Tensor, log_scale: tf.Tensor) -> tf.Tensor:
    """Mean of a logistic variable clipped to [0, 255], in grey levels; rounding moves it by less than half a level.

    Args:
        location: Tensor, in grey levels.
        log_scale: Tensor, same shape. Log of the scale on the [-1, 1] scale.
    """
    # scale * (softplus(location / scale) - softplus((location - 255) / scale)), where the clip replaces the linear
    # parts of the two softplus, which would cancel far outside.
    scale = HALF_RANGE * tf.exp(log_scale)
    below = tf.math.softplus(-tf.abs(location) / scale)
    above = tf.math.softplus(-tf.abs(location - 255.0) / scale)
    return tf.clip_by_value(location, 0.0, 255.0) + scale * (below - above)
