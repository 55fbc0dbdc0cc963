"""Discretized logistic likelihood of 8-bit grey values."""

import keras
import tensorflow as tf

from keras_vae._checks import check_number
from keras_vae.likelihoods._support import check_values
from keras_vae.likelihoods.base import Likelihood
from keras_vae.likelihoods.bounds import soft_ceiling, soft_floor

# Grey values per unit of the [-1, 1] scale the decoder works on: location -1 is grey 0, location 1 is grey 255.
HALF_RANGE = 127.5


@keras.saving.register_keras_serializable(package="keras_vae")
class DiscretizedLogistic(Likelihood):
    """Whole grey values 0 to 255: a logistic distribution, of which each value gets the mass within half a level.

    The decoder puts out `[location, raw log scale]`, location first, both on the [-1, 1] scale:

        location in grey levels = 127.5 * (location + 1)
        scale in grey levels    = 127.5 * exp(log_scale)

    with the raw log scale bounded smoothly at both ends. What lies below 0.5 belongs to grey 0, what lies above 254.5
    to grey 255, so that the 256 probabilities add up to one for any parameters.

    Args:
        min_log_scale: float. Lower bound of the log scale on the [-1, 1] scale; -7 is 0.12 grey levels.
        max_log_scale: float. Upper bound, 7 is so wide that nearly all mass is at the two end values.

    Raises:
        ValueError: if a bound is not a number in [-50, 50], or `min_log_scale` is not smaller than `max_log_scale`.

    References:
        Salimans et al. 2017 (PixelCNN++), eq. 2, here with one component. https://arxiv.org/abs/1701.05517
    """

    n_params = 2
    support = "whole grey values from 0 to 255"

    def __init__(self, min_log_scale=-7.0, max_log_scale=7.0, **kwargs):
        super().__init__(**kwargs)
        self.min_log_scale = check_number("min_log_scale", min_log_scale, minimum=-50.0, maximum=50.0)
        self.max_log_scale = check_number(
            "max_log_scale", max_log_scale, minimum=self.min_log_scale, maximum=50.0, exclusive=True
        )

    def get_config(self):
        return {**super().get_config(), "min_log_scale": self.min_log_scale, "max_log_scale": self.max_log_scale}

    def check_support(self, x, name="x"):
        """Refuse anything but whole numbers from 0 to 255.

        Args:
            x: NumPy array, shape `(n, *event)`.
            name: str. Name of the argument, for the message.

        Raises:
            ValueError: if `x` is not numeric, is empty, or holds NaN, infinity, a fraction or a value outside 0 to 255.
        """
        check_values(x, name, "DiscretizedLogistic", self.support, low=0, high=255, integer=True, hint=_hint)

    def input_layers(self, event_shape):
        """A rescaling of 0..255 to -1..1.

        Args:
            event_shape: Tuple of ints or None, without the batch axis.

        Returns:
            List of one `keras.layers.Rescaling`.
        """
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
        location, log_scale = self._split(x_params)
        levels_per_scale = tf.exp(-log_scale) / HALF_RANGE
        upper = (x - location + 0.5) * levels_per_scale
        lower = (x - location - 0.5) * levels_per_scale
        # sigmoid(upper) - sigmoid(lower) = sigmoid(upper) * sigmoid(-lower) * (1 - exp(lower - upper)): a product, so
        # nothing cancels in the tails. At grey 0 and 255 the factors of the open side of the bin are one.
        log_below_upper = tf.where(x < 255.0, -tf.math.softplus(-upper), 0.0)
        log_above_lower = tf.where(x > 0.0, -tf.math.softplus(lower), 0.0)
        log_width = tf.where((x > 0.0) & (x < 255.0), tf.math.log(-tf.math.expm1(-levels_per_scale)), 0.0)
        return log_below_upper + log_above_lower + log_width

    def _mean(self, x_params):
        location, log_scale = self._split(x_params)
        scale = HALF_RANGE * tf.exp(log_scale)
        # The mean of the logistic variable cut off at 0 and 255, scale * (softplus(location / scale) -
        # softplus((location - 255) / scale)), before rounding, which moves it by less than half a level. The linear
        # parts of the two softplus are taken out as a clip: far outside they would cancel.
        below = tf.math.softplus(-tf.abs(location) / scale)
        above = tf.math.softplus(-tf.abs(location - 255.0) / scale)
        return tf.clip_by_value(location, 0.0, 255.0) + scale * (below - above)


def _hint(minimum, maximum):
    if minimum >= 0 and maximum <= 1:
        return "These look like grey values from 0 to 1: multiply by 255 and round, or pass the images as uint8."
    if minimum >= -1 and maximum <= 1:
        return "These look like grey values from -1 to 1: pass 127.5 * (x + 1), rounded, or the images as uint8."
    if minimum >= 0 and maximum <= 255:
        return "Round them, or pass the images as uint8."
    return ""
