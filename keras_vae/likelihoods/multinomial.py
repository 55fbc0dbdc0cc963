"""Multinomial likelihood of rows of counts."""

import keras
import tensorflow as tf

from keras_vae.likelihoods._support import check_values
from keras_vae.likelihoods.base import Likelihood


@keras.saving.register_keras_serializable(package="keras_vae")
class Multinomial(Likelihood):
    """Rows of counts (clicks, words) over `n_items`, given their total; the decoder puts out one logit per item.

    `log_prob` is the full log likelihood, coefficient included, with the row sum as total count. Liang et al. drop
    the coefficient, which does not depend on the parameters: same gradients, but not a log probability. A row without
    counts has probability one. `mean` and `sample` describe one count (total 1): its item probabilities, and one draw
    as a one-hot row.

    References:
        Liang et al. 2018, eq. 2. https://arxiv.org/abs/1802.05814
    """

    support = "whole numbers >= 0, in rows (n, n_items)"

    def params_shape(self, event_shape):
        """Shape the decoder must put out: `(n_items,)`.

        Args:
            event_shape: Tuple of one int or None, without the batch axis.

        Returns:
            Tuple, without the batch axis.

        Raises:
            ValueError: if `event_shape` has not exactly one axis.
        """
        event_shape = tuple(event_shape)
        if len(event_shape) != 1:
            raise ValueError(
                f"`event_shape` must be (n_items,) for the likelihood Multinomial. Received: event_shape={event_shape}"
            )
        return event_shape

    def event_shape(self, params_shape):
        """Shape of the data a decoder output describes: the same.

        Args:
            params_shape: Tuple of one int or None, without the batch axis.

        Returns:
            Tuple, without the batch axis.

        Raises:
            ValueError: if `params_shape` has not exactly one axis.
        """
        params_shape = tuple(params_shape)
        if len(params_shape) != 1:
            self._refuse_decoder("one logit per item, shape (n_items,)", params_shape)
        return params_shape

    def log_prob(self, x, x_params, mask=None):
        """Log probability of rows of counts, given their sums.

        Args:
            x: Tensor, shape `(batch, n_items)`. Counts.
            x_params: Tensor, shape `(batch, n_items)`. Logits.
            mask: None.

        Returns:
            log_prob: Tensor, shape `(batch,)`, float32. Nats.

        Raises:
            ValueError: if the static shapes do not fit, or a mask is given.
        """
        if mask is not None:
            raise ValueError(
                "`mask` must be None for the likelihood Multinomial: the items of a row share its total, so no part of "
                f"the log probability belongs to one item. Received: mask={mask}"
            )
        return super().log_prob(x, x_params)

    def check_support(self, x, name="x"):
        """Refuse anything but rows of whole numbers >= 0.

        Args:
            x: NumPy array, shape `(n, n_items)`.
            name: str. Name of the argument, for the message.

        Raises:
            ValueError: if `x` is not numeric, is empty, has not two axes, or holds NaN, infinity, a fraction or a
                negative number.
        """
        x = check_values(x, name, "Multinomial", self.support, low=0, integer=True)
        if x.ndim != 2:
            raise ValueError(f"`{name}` must have shape (n, n_items). Received: {name} of shape {x.shape}")

    def input_layers(self, event_shape):
        """A scaling of each row to Euclidean length one, as in Liang et al. 2018; a zero row stays zero.

        Args:
            event_shape: Tuple of ints or None, without the batch axis.

        Returns:
            List of one `keras.layers.UnitNormalization`.
        """
        # float32: in float16 the square of a count of 256 is infinite.
        return [keras.layers.UnitNormalization(axis=-1, dtype="float32")]

    def _distribution(self, x_params):
        from tensorflow_probability import distributions as tfd

        return tfd.Multinomial(total_count=1.0, logits=x_params)

    def _log_prob(self, x, x_params):
        from tensorflow_probability import distributions as tfd

        return tfd.Multinomial(total_count=tf.reduce_sum(x, axis=-1), logits=x_params).log_prob(x)

    def _mean(self, x_params):
        return tf.nn.softmax(x_params, axis=-1)

    def _sample(self, x_params, seed):
        from tensorflow_probability import distributions as tfd

        # The same distribution for a total of 1; the draw of tfp's Multinomial loops over the items.
        return tfd.OneHotCategorical(logits=x_params, dtype=tf.float32).sample(seed=seed)
