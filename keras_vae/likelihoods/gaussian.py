"""Gaussian likelihood with a learned variance per element."""

from typing import Any

import keras
import tensorflow as tf

from keras_vae._checks import check_number
from keras_vae.likelihoods.base import Likelihood
from keras_vae.likelihoods.bounds import soft_floor
from keras_vae.numerics import gaussian_log_prob


@keras.saving.register_keras_serializable(package="keras_vae")
class Gaussian(Likelihood):
    """Real elements with their own mean and variance: the decoder puts out `[mean, raw log variance]`, mean first.

    The log variance is bounded below: `min_log_var + softplus(raw - min_log_var)`. Without a bound the density of an
    element that never changes (the black corner of an image) goes to infinity as its variance goes to zero, and
    training gains more from such elements than from all the others. The default of -10 is a standard deviation of
    exp(-5) = 0.0067. This is below the noise of data of about unit scale; data of a smaller scale need a lower bound.

    Args:
        min_log_var: float. Lower bound of the log variance, approached smoothly.
        max_log_var: float. Upper bound of the log variance, sharp; 30 is a standard deviation of 3.3 million.

    Raises:
        ValueError: if a bound is not a finite number, or `min_log_var` is not smaller than `max_log_var`.

    Examples:
        >>> kv.likelihoods.Gaussian().params_shape((28, 28, 1))
        (28, 28, 2)

    References:
        Kingma & Welling 2014, appendix C.2. https://arxiv.org/abs/1312.6114
        Mattei & Frellsen 2018, section 2, on the unbounded likelihood. https://arxiv.org/abs/1802.04826
    """

    n_params = 2
    fixed = ("min_log_var", "max_log_var")

    def __init__(self, min_log_var: float = -10.0, max_log_var: float = 30.0, **kwargs: Any):
        super().__init__(**kwargs)
        # exp(-min_log_var) and exp(max_log_var) must be float32 numbers.
        self.min_log_var = check_number("min_log_var", min_log_var, minimum=-80.0, maximum=80.0)
        self.max_log_var = check_number(
            "max_log_var", max_log_var, minimum=self.min_log_var, maximum=80.0, exclusive=True
        )

    def get_config(self):
        return {**super().get_config(), "min_log_var": self.min_log_var, "max_log_var": self.max_log_var}

    def log_variance_of_unit_scale(self) -> float:
        """Log variance of an element whose `log_var` is 0."""
        return 0.0

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
