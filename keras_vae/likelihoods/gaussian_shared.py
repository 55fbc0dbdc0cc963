"""Gaussian likelihood with one learned variance for all elements."""

import math
from typing import Any

import keras
import tensorflow as tf

from keras_vae._checks import check_number
from keras_vae.likelihoods.base import Likelihood
from keras_vae.likelihoods.bounds import soft_floor
from keras_vae.numerics import gaussian_log_prob


@keras.saving.register_keras_serializable(package="keras_vae")
class GaussianShared(Likelihood):
    """Real elements with one standard deviation, learned with the networks; the decoder puts out the mean.

    The standard deviation is one trainable scalar. It starts at 1 and settles at the root mean square error of the
    reconstruction, so that a squared-error VAE needs no hand-tuned beta. The log variance is bounded below as in
    `Gaussian`; the default of -10 is a standard deviation of 0.0067.

    Args:
        min_log_var: float < 0. Lower bound of the log variance, approached smoothly.

    Raises:
        ValueError: if `min_log_var` is not a number in [-80, 0).

    Examples:
        >>> likelihood = kv.likelihoods.GaussianShared()
        >>> likelihood.build((None, 13))
        >>> len(likelihood.trainable_variables), likelihood.params_shape((13,))
        (1, (13,))

    References:
        Rybkin et al. 2021, section 3 (sigma-VAE). https://arxiv.org/abs/2006.13202
    """

    params_are_means = True
    fixed = ("min_log_var",)

    def __init__(self, min_log_var: float = -10.0, **kwargs: Any):
        super().__init__(**kwargs)
        # The bound must lie below 0, the log variance at the start, and exp(-min_log_var) must be a float32 number.
        self.min_log_var = check_number("min_log_var", min_log_var, minimum=-80.0, maximum=-1e-3)

    def get_config(self):
        return {**super().get_config(), "min_log_var": self.min_log_var}

    def build(self, params_shape):
        """Create the learned log variance; a second call changes nothing."""
        if self.built:  # Keras builds a reloaded layer from its config, before the model that owns it does.
            return
        # The raw value of log variance 0. Without autocast, so that it stays float32 under mixed precision.
        start = self.min_log_var + math.log(math.expm1(-self.min_log_var))
        self._raw_log_var = self.add_weight(
            name="log_var", shape=(), initializer=keras.initializers.Constant(start), dtype="float32", autocast=False
        )
        self.built = True

    @property
    def log_var(self) -> tf.Tensor:
        """The learned log variance, a float32 scalar tensor within its bound.

        Raises:
            ValueError: if the likelihood is not built yet.
        """
        if not self.built:
            raise ValueError("`log_var` exists once the likelihood GaussianShared is built: call build(params_shape)")
        return soft_floor(tf.convert_to_tensor(self._raw_log_var), self.min_log_var)

    def _elements(self, x_params):
        from tensorflow_probability import distributions as tfd

        return tfd.Normal(x_params, tf.exp(0.5 * self.log_var))

    def _log_prob(self, x, x_params):
        return gaussian_log_prob(x, x_params, self.log_var)

    def _mean(self, x_params):
        return tf.identity(x_params)
