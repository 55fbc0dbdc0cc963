"""Negative binomial likelihood of counts."""

from typing import Any

import keras
import tensorflow as tf

from keras_vae._checks import check_number
from keras_vae.likelihoods.base import Likelihood
from keras_vae.likelihoods.bounds import soft_ceiling, soft_floor
from keras_vae.likelihoods.encoder_inputs import Log1p


@keras.saving.register_keras_serializable(package="keras_vae")
class NegativeBinomial(Likelihood):
    """Counts with more spread than Poisson: the decoder puts out `[log mean, raw log total count]`, log mean first.

    The variance is `mean + mean^2 / total_count`. The total count is the inverse dispersion; when it goes to infinity,
    the distribution becomes Poisson. All bounds are smooth and keep exponentials, means and samples finite.

    Args:
        max_log_mean: float. Upper bound of the log mean; 20 is a mean of 485 million.
        min_log_total_count: float. Lower bound of the log total count; -10 is a total count of 0.000045.
        max_log_total_count: float. Upper bound; 10 is a total count of 22026, close to Poisson for means below that.

    Raises:
        ValueError: if a bound is not a number in [-50, 50], or `min_log_total_count` is not smaller than
            `max_log_total_count`.

    Examples:
        >>> x_params = tf.constant([[np.log(3.0), 0.0]], tf.float32)
        >>> bool(np.isclose(kv.likelihoods.NegativeBinomial().mean(x_params)[0, 0], 3.0, rtol=1e-4))
        True

    References:
        Lopez et al. 2018 (scVI), methods, on counts per cell. https://doi.org/10.1038/s41592-018-0229-2
    """

    n_params = 2
    values = "counts"
    support = "whole numbers >= 0"
    low = 0
    integer = True
    fixed = ("max_log_mean", "min_log_total_count", "max_log_total_count")

    def __init__(
        self,
        max_log_mean: float = 20.0,
        min_log_total_count: float = -10.0,
        max_log_total_count: float = 10.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.max_log_mean = check_number("max_log_mean", max_log_mean, minimum=-50.0, maximum=50.0)
        self.min_log_total_count = check_number("min_log_total_count", min_log_total_count, minimum=-50.0, maximum=50.0)
        self.max_log_total_count = check_number(
            "max_log_total_count", max_log_total_count, minimum=self.min_log_total_count, maximum=50.0, exclusive=True
        )

    def get_config(self):
        return {
            **super().get_config(),
            "max_log_mean": self.max_log_mean,
            "min_log_total_count": self.min_log_total_count,
            "max_log_total_count": self.max_log_total_count,
        }

    def input_layers(self, event_shape):
        # Counts are spread over orders of magnitude.
        return [Log1p()]

    def _split(self, x_params):
        log_mean, raw = tf.split(x_params, 2, axis=-1)
        log_total_count = soft_ceiling(soft_floor(raw, self.min_log_total_count), self.max_log_total_count)
        return soft_ceiling(log_mean, self.max_log_mean), log_total_count

    def _elements(self, x_params):
        from tensorflow_probability import distributions as tfd

        log_mean, log_total_count = self._split(x_params)
        return tfd.NegativeBinomial(
            total_count=tf.exp(log_total_count), logits=log_mean - log_total_count, require_integer_total_count=False
        )

    def _mean(self, x_params):
        # tfp multiplies exp(log_total_count) by exp(logits), of which one can overflow.
        return tf.exp(self._split(x_params)[0])
