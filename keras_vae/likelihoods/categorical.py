"""Categorical likelihood of tokens."""

from typing import Any

import keras
import tensorflow as tf

from keras_vae._checks import check_int, shapes_agree
from keras_vae.likelihoods.base import Likelihood
from keras_vae.likelihoods.encoder_inputs import OneHot


@keras.saving.register_keras_serializable(package="keras_vae")
class Categorical(Likelihood):
    """Tokens 0 to n_classes - 1, as whole numbers; the decoder puts out `(*event, n_classes)` logits.

    Padding tokens must be valid tokens (0, say) and be switched off by `mask`. `mean` is the most probable class of
    each element, since an average of labels has no meaning.

    Args:
        n_classes: int >= 2, or None to take it from the decoder output. `params_shape` and `input_layers`, and so
            `make_vae`, need the number.

    Raises:
        ValueError: if `n_classes` is neither None nor a whole number >= 2.

    Examples:
        Ten tokens out of a vocabulary of 30:

        >>> kv.likelihoods.Categorical(n_classes=30).params_shape((10,))
        (10, 30)

    References:
        Bowman et al. 2016, for text. https://arxiv.org/abs/1511.06349
    """

    values = "tokens"
    mean_on_data_scale = False
    low = 0
    integer = True
    fixed = ("n_classes",)

    def __init__(self, n_classes: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.n_classes = None if n_classes is None else check_int("n_classes", n_classes, 2)

    def get_config(self):
        return {**super().get_config(), "n_classes": self.n_classes}

    @property
    def n_params(self) -> int | None:
        """Logits per token: the number of classes, or None if it was not given."""
        return self.n_classes

    @property
    def support(self) -> str:
        """The tokens allowed, in words."""
        return f"whole numbers from 0 to {'n_classes - 1' if self.n_classes is None else self.n_classes - 1}"

    @property
    def high(self) -> int | None:
        """The largest token allowed, or None without `n_classes`."""
        return None if self.n_classes is None else self.n_classes - 1

    def params_shape(self, event_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape the decoder must put out: `(*event_shape, n_classes)`.

        Raises:
            ValueError: if `event_shape` has no axis, or `n_classes` was not given.
        """
        return (*self._check_rank("event_shape", event_shape), self._known_n_classes("params_shape"))

    def event_shape(self, params_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the tokens a decoder output describes: all but the last axis.

        Raises:
            ValueError: if `params_shape` has fewer than two axes, or its last one is not `n_classes`.
        """
        params_shape = self._check_rank("params_shape", params_shape)
        *event_shape, last = params_shape
        if not event_shape or not shapes_agree((last,), (self.n_classes,)):
            self._refuse_decoder(f"logits of shape (*event, {self.n_classes or 'n_classes'})", params_shape)
        return tuple(event_shape)

    def input_layers(self, event_shape: tuple[int | None, ...]) -> list[keras.layers.Layer]:
        """One-hot vectors: `(batch, *event)` becomes `(batch, *event, n_classes)`.

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

    def _expected(self, x_params):
        return tf.nn.softmax(x_params, axis=-1)

    def _of_expected(self, expected):
        return tf.cast(tf.argmax(expected, axis=-1), tf.float32)

    def _mean(self, x_params):
        return tf.cast(tf.argmax(x_params, axis=-1), tf.float32)
