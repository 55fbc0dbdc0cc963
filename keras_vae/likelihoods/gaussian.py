"""Gaussian likelihood with a learned variance per element."""

import math

import keras
import tensorflow as tf

from keras_vae._checks import check_number
from keras_vae.likelihoods.base import Likelihood
from keras_vae.likelihoods.bounds import soft_floor

LOG_2_PI = math.log(2.0 * math.pi)


@keras.saving.register_keras_serializable(package="keras_vae")
class Gaussian(Likelihood):
    """Real elements with their own mean and variance: the decoder puts out `[mean, raw log variance]`, mean first.

    The log variance is bounded, `min_log_var + softplus(raw - min_log_var)`. Without a floor the density of an element
    that never changes (the black corner of an image) goes to infinity as its variance goes to zero, and training
    gains more from such elements than from all the others. The default -10 is a standard deviation of
    exp(-5) = 0.0067, below the noise of data scaled to about unit size; data on a smaller scale need a lower one.

    Args:
        min_log_var: float. Lower bound of the log variance, approached smoothly.
        max_log_var: float. Upper bound of the log variance, sharp; 30 is a standard deviation of 3.3 million.

    Raises:
        ValueError: if a bound is not a finite number, or `min_log_var` is not smaller than `max_log_var`.

    References:
        Kingma & Welling 2014, appendix C.2. https://arxiv.org/abs/1312.6114
        Mattei & Frellsen 2018, section 2, on the unbounded likelihood. https://arxiv.org/abs/1802.04826
    """

    n_params = 2

    def __init__(self, min_log_var=-10.0, max_log_var=30.0, **kwargs):
        super().__init__(**kwargs)
        # exp(-min_log_var) and exp(max_log_var) must be float32 numbers.
        self.min_log_var = check_number("min_log_var", min_log_var, minimum=-80.0, maximum=80.0)
        self.max_log_var = check_number(
            "max_log_var", max_log_var, minimum=self.min_log_var, maximum=80.0, exclusive=True
        )

    def get_config(self):
        return {**super().get_config(), "min_log_var": self.min_log_var, "max_log_var": self.max_log_var}

    def _split(self, x_params):
        mean, raw = tf.split(x_params, 2, axis=-1)
        return mean, tf.minimum(soft_floor(raw, self.min_log_var), self.max_log_var)

    def _elements(self, x_params):
        from tensorflow_probability import distributions as tfd

        mean, log_var = self._split(x_params)
        return tfd.Normal(mean, tf.exp(0.5 * log_var))

    def _log_prob(self, x, x_params):
        return gaussian_log_prob(x, *self._split(x_params))

    def _mean(self, x_params):
        return tf.split(x_params, 2, axis=-1)[0]


def gaussian_log_prob(x, mean, log_var):
    """Log density of a normal distribution, from its log variance.

    Straight from the log variance, where the tfp object wants a standard deviation: an exponential, a logarithm and a
    division more.

    Args:
        x: Tensor of any shape.
        mean: Tensor, broadcastable.
        log_var: Tensor, broadcastable. Log variance, not log stddev.

    Returns:
        Tensor of the common shape. Nats, per element.
    """
    return -0.5 * (tf.math.squared_difference(x, mean) * tf.exp(-log_var) + log_var + LOG_2_PI)
