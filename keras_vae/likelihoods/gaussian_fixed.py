"""Gaussian likelihood with a fixed variance."""

import math
from typing import Any

import keras
import tensorflow as tf

from keras_vae._checks import check_number
from keras_vae.likelihoods.base import Likelihood
from keras_vae.numerics import gaussian_log_prob

DEFAULT_STDDEV = 1.0


@keras.saving.register_keras_serializable(package="keras_vae")
class GaussianFixed(Likelihood):
    """Real elements with one standard deviation, given beforehand; the decoder puts out the mean.

    The log likelihood is the squared error on an explicit scale: a smaller `stddev` gives the reconstruction more
    weight against the KL, as a smaller beta does. `GaussianShared` learns the standard deviation.

    Args:
        stddev: float > 0. In the units of the values that the likelihood sees: those of the data, or standardised ones
            in a model with such a preprocessing. `make_vae` standardises beside the default only.

    Raises:
        ValueError: if `stddev` is not a finite number > 0.

    Examples:
        One element at its mean, with a standard deviation of 2:

        >>> log_prob = kv.likelihoods.GaussianFixed(stddev=2.0).log_prob(tf.zeros((1, 1)), tf.zeros((1, 1)))
        >>> bool(np.isclose(log_prob[0], -np.log(2.0) - 0.5 * np.log(2.0 * np.pi)))
        True

    References:
        Lucas et al. 2019, on the observation noise. https://arxiv.org/abs/1911.02469
    """

    params_are_means = True
    fixed = ("stddev",)

    def __init__(self, stddev: float = DEFAULT_STDDEV, **kwargs: Any):
        super().__init__(**kwargs)
        self.stddev = check_number("stddev", stddev, minimum=0.0, exclusive=True)

    def get_config(self):
        return {**super().get_config(), "stddev": self.stddev}

    @property
    def may_be_standardized(self):
        return self.stddev == DEFAULT_STDDEV

    def _elements(self, x_params):
        from tensorflow_probability import distributions as tfd

        return tfd.Normal(x_params, tf.constant(self.stddev))

    def _log_prob(self, x, x_params):
        return gaussian_log_prob(x, x_params, 2.0 * math.log(self.stddev))

    def _mean(self, x_params):
        return tf.identity(x_params)
