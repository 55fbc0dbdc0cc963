"""Student's t likelihood: real numbers with outliers."""

import math
from typing import Any

import keras
import tensorflow as tf

from keras_vae._checks import check_number
from keras_vae.likelihoods.base import Likelihood
from keras_vae.likelihoods.gaussian import Gaussian

# Below 2 there is no variance; above, the density cannot be told from a Gaussian.
MIN_DF, MAX_DF = 2.0, 200.0


@keras.saving.register_keras_serializable(package="keras_vae")
class StudentT(Likelihood):
    """Real elements with their own location and scale, and tails as heavy as the data need.

    The decoder puts out `[location, raw log squared scale]`, location first; the log squared scale is bounded as the
    log variance of `Gaussian`. The degrees of freedom are learned with the networks, one number for each entry of the
    last axis (a column of a table, a channel). Large ones are a Gaussian. With few of them an outlier costs little: its
    log density falls as the logarithm of its distance, where that of a Gaussian falls as the square.

    Args:
        df: float in (2, 200). Degrees of freedom at the start.
        min_log_var: float. Lower bound of the log squared scale, approached smoothly.
        max_log_var: float. Upper bound, sharp.

    Raises:
        ValueError: if `df` is not in (2, 200), a bound is not a finite number, or `min_log_var` is not smaller than
            `max_log_var`.

    References:
        Lange, Little & Taylor 1989, section 2 (the t distribution for robust models). https://doi.org/10.2307/2290063
        Takahashi et al. 2018 (Student-t VAE), section 4. https://doi.org/10.24963/ijcai.2018/374
    """

    n_params = 2
    fixed = ("df", "min_log_var", "max_log_var")

    # The same map from the decoder's output to a location and a bounded logarithm.
    _split = Gaussian._split
    _mean = Gaussian._mean

    def __init__(self, df: float = 8.0, min_log_var: float = -10.0, max_log_var: float = 30.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.df = check_number("df", df, minimum=MIN_DF, maximum=MAX_DF, exclusive=True)
        if self.df == MAX_DF:
            raise ValueError(f"`df` must be < {MAX_DF:g}. Received: df={df}")
        self.min_log_var = check_number("min_log_var", min_log_var, minimum=-80.0, maximum=80.0)
        self.max_log_var = check_number(
            "max_log_var", max_log_var, minimum=self.min_log_var, maximum=80.0, exclusive=True
        )

    def get_config(self):
        names = ("df", "min_log_var", "max_log_var")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}

    def build(self, params_shape):
        """Create the learned degrees of freedom; a second call changes nothing."""
        if self.built:  # Keras builds a reloaded layer from its config, before the model that owns it does.
            return
        share = (self.df - MIN_DF) / (MAX_DF - MIN_DF)
        # Without autocast, so that it stays float32 under mixed precision.
        self._raw_df = self.add_weight(
            name="df",
            shape=(self.event_shape(params_shape)[-1],),
            initializer=keras.initializers.Constant(math.log(share / (1.0 - share))),
            dtype="float32",
            autocast=False,
        )
        self.built = True

    @property
    def degrees_of_freedom(self) -> tf.Tensor:
        """The learned degrees of freedom, float32 Tensor `(last axis of the event,)`, between 2 and 200.

        Raises:
            ValueError: if the likelihood is not built yet.
        """
        if not self.built:
            raise ValueError(
                "`degrees_of_freedom` exist once the likelihood StudentT is built: call build(params_shape)"
            )
        return MIN_DF + (MAX_DF - MIN_DF) * tf.sigmoid(tf.convert_to_tensor(self._raw_df))

    def log_variance_of_unit_scale(self) -> float:
        """Log variance, before training, of an element whose log squared scale is 0."""
        return math.log(self.df / (self.df - 2.0))

    def _elements(self, x_params):
        from tensorflow_probability import distributions as tfd

        location, log_var = self._split(x_params)
        return tfd.StudentT(self.degrees_of_freedom, location, tf.exp(0.5 * log_var))

    def _log_prob(self, x, x_params):
        location, log_var = self._split(x_params)
        df = self.degrees_of_freedom
        # What depends on the columns alone is computed once for all rows.
        constant = tf.math.lgamma(0.5 * (df + 1.0)) - tf.math.lgamma(0.5 * df) - 0.5 * tf.math.log(math.pi * df)
        distance = tf.square(x - location) * tf.exp(-log_var)
        return constant - 0.5 * log_var - 0.5 * (df + 1.0) * tf.math.log1p(distance / df)
