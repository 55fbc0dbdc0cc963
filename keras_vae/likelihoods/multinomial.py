"""Multinomial likelihood of rows of counts."""

import keras
import numpy as np
import tensorflow as tf

from keras_vae._checks import shapes_agree
from keras_vae.likelihoods.base import Likelihood
from keras_vae.numerics import sparse_log_softmax


@keras.saving.register_keras_serializable(package="keras_vae")
class Multinomial(Likelihood):
    """Rows of counts (clicks, words) over `n_items`, given their total; the decoder puts out one logit per item.

    `log_prob` is the full log likelihood of a row, with its sum as the total count. It includes the multinomial
    coefficient, which Liang et al. drop because it does not depend on the parameters: the gradients are the same, but
    without it the value is no log probability. A row without counts has probability one. `mean` and `sample` describe a
    single count (total 1): the probabilities of the items, and one draw as a one-hot row.

    Examples:
        Two clicks on the first of two equal items:

        >>> log_prob = kv.likelihoods.Multinomial().log_prob(tf.constant([[2.0, 0.0]]), tf.zeros((1, 2)))
        >>> bool(np.isclose(log_prob[0], np.log(0.25)))
        True

    References:
        Liang et al. 2018, eq. 2. https://arxiv.org/abs/1802.05814
    """

    values = "counts"
    mean_on_data_scale = False
    support = "whole numbers >= 0, in rows (n, n_items)"
    low = 0
    integer = True
    takes_sparse = True

    def params_shape(self, event_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape the decoder must put out: `(n_items,)`, as the data.

        Raises:
            ValueError: if `event_shape` has not exactly one axis.
        """
        event_shape = tuple(event_shape)
        if len(event_shape) != 1:
            raise ValueError(
                f"`event_shape` must be (n_items,) for the likelihood Multinomial. Received: event_shape={event_shape}"
            )
        return event_shape

    def event_shape(self, params_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the data that a decoder output describes: the same.

        Raises:
            ValueError: if `params_shape` has not exactly one axis.
        """
        params_shape = tuple(params_shape)
        if len(params_shape) != 1:
            self._refuse_decoder("one logit per item, shape (n_items,)", params_shape)
        return params_shape

    def log_prob(self, x: tf.Tensor, x_params: tf.Tensor, mask: None = None) -> tf.Tensor:
        """Log probability of rows of counts, given their sums; `mask` must be None.

        Of a `tf.SparseTensor` x nothing of its shape is made: the memory is that of `x_params`.

        Raises:
            ValueError: if the static shapes do not fit, or a mask is given.
        """
        if mask is not None:
            raise ValueError(
                "`mask` must be None for the likelihood Multinomial: the items of a row share its total, so no part of "
                f"the log probability belongs to one item. Received: mask={mask}"
            )
        return self._sparse_log_prob(x, x_params) if isinstance(x, tf.SparseTensor) else super().log_prob(x, x_params)

    def check_support(self, x: np.ndarray, name: str = "x") -> None:
        """As in the base class; refuses arrays without exactly two axes, too.

        Raises:
            ValueError: if `x` has another number of axes, is not numeric, is empty, or holds a value outside the
                support.
        """
        super().check_support(x, name)
        if np.ndim(x) != 2:
            raise ValueError(f"`{name}` must have shape (n, n_items). Received: {name} of shape {np.shape(x)}")

    def input_layers(self, event_shape):
        # Each row is scaled to Euclidean length one, as in Liang et al. 2018; a zero row stays zero. In float32: in
        # float16 the square of a count of 256 is infinite.
        return [keras.layers.UnitNormalization(axis=-1, dtype="float32")]

    def _sparse_log_prob(self, x, x_params):
        x_params = self._prepare(x_params)
        if not shapes_agree(x.shape, x_params.shape):
            raise ValueError(
                f"`x` must have the shape of the decoder output. Received: x.shape={x.shape}, "
                f"x_params.shape={x_params.shape}"
            )
        x = tf.cast(x, tf.float32)
        rows, n_rows = x.indices[:, 0], x.dense_shape[0]
        total = tf.math.unsorted_segment_sum(x.values, rows, n_rows)
        orders = tf.math.unsorted_segment_sum(tf.math.lgamma(x.values + 1.0), rows, n_rows)
        return tf.math.lgamma(total + 1.0) - orders + sparse_log_softmax(x, x_params)

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
