"""Categorical likelihood of tokens."""

import keras
import tensorflow as tf

from keras_vae._checks import check_int, shapes_agree
from keras_vae.likelihoods._support import check_values
from keras_vae.likelihoods.base import Likelihood
from keras_vae.likelihoods.encoder_inputs import OneHot


@keras.saving.register_keras_serializable(package="keras_vae")
class Categorical(Likelihood):
    """Tokens 0 to n_classes - 1, as whole numbers; the decoder puts out `(*event, n_classes)` logits.

    Padding tokens must be valid ones (0, say) and be switched off by `mask`. `mean` is the most probable class of each
    element, since an average of labels has no meaning.

    Args:
        n_classes: int >= 2, or None to take it from the decoder output. What asks for the shape the decoder should
            have, or for the entrance of an encoder, needs it given.

    Raises:
        ValueError: if `n_classes` is neither None nor a whole number >= 2.

    References:
        Bowman et al. 2016, for text. https://arxiv.org/abs/1511.06349
    """

    def __init__(self, n_classes=None, **kwargs):
        super().__init__(**kwargs)
        self.n_classes = None if n_classes is None else check_int("n_classes", n_classes, 2)

    def get_config(self):
        return {**super().get_config(), "n_classes": self.n_classes}

    @property
    def n_params(self):
        """Logits per token: the number of classes, None if not given."""
        return self.n_classes

    @property
    def support(self):
        """The tokens allowed, in words."""
        return f"whole numbers from 0 to {'n_classes - 1' if self.n_classes is None else self.n_classes - 1}"

    def params_shape(self, event_shape):
        """Shape the decoder must put out: `(*event_shape, n_classes)`.

        Args:
            event_shape: Tuple of ints or None, without the batch axis.

        Returns:
            Tuple, without the batch axis.

        Raises:
            ValueError: if `event_shape` has no axis, or `n_classes` was not given.
        """
        return (*self._check_rank("event_shape", event_shape), self._known_n_classes("params_shape"))

    def event_shape(self, params_shape):
        """Shape of the tokens a decoder output describes: all but the last axis.

        Args:
            params_shape: Tuple of ints or None, without the batch axis.

        Returns:
            Tuple, without the batch axis.

        Raises:
            ValueError: if `params_shape` has fewer than two axes, or its last one is not `n_classes`.
        """
        params_shape = self._check_rank("params_shape", params_shape)
        *event_shape, last = params_shape
        if not event_shape or not shapes_agree((last,), (self.n_classes,)):
            self._refuse_decoder(f"logits of shape (*event, {self.n_classes or 'n_classes'})", params_shape)
        return tuple(event_shape)

    def check_support(self, x, name="x"):
        """Refuse anything but whole numbers in the range of the classes.

        Args:
            x: NumPy array, shape `(n, *event)`.
            name: str. Name of the argument, for the message.

        Raises:
            ValueError: if `x` is not numeric, is empty, or holds NaN, infinity, a fraction or a token out of range.
        """
        high = None if self.n_classes is None else self.n_classes - 1
        check_values(x, name, "Categorical", self.support, low=0, high=high, integer=True)

    def input_layers(self, event_shape):
        """A layer that turns tokens `(batch, *event)` into one-hot vectors `(batch, *event, n_classes)`.

        Args:
            event_shape: Tuple of ints or None, without the batch axis.

        Returns:
            List of one layer.

        Raises:
            ValueError: if `n_classes` was not given.
        """
        return [OneHot(self._known_n_classes("input_layers"))]

    def _known_n_classes(self, asked_by):
        if self.n_classes is None:
            raise ValueError(f"`{asked_by}` needs the number of classes: pass n_classes to Categorical")
        return self.n_classes

    def _elements(self, x_params):
        from tensorflow_probability import distributions as tfd

        return tfd.Categorical(logits=x_params, dtype=tf.float32)

    def _log_prob(self, x, x_params):
        # float32 holds every whole number up to 2^24: far more tokens than any vocabulary.
        return -tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.cast(x, tf.int32), logits=x_params)

    def _mean(self, x_params):
        return tf.cast(tf.argmax(x_params, axis=-1), tf.float32)
