"""The VampPrior: a mixture of the posteriors of learned pseudo-inputs."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int, check_shape, shapes_agree
from keras_vae.priors.mixture_prior import MixturePrior


@keras.saving.register_keras_serializable(package="keras_vae")
class VampPrior(MixturePrior):
    """p(z) = 1/K sum_k q(z | u_k) with learned pseudo-inputs u_k, which are inputs of the encoder.

    The prior uses the encoder of its model and keeps no copy of it. The KL has no closed form; the models estimate it
    as log q(z|x) - log p(z) at their draw of z.

    Args:
        n_components: int >= 1. Number K of pseudo-inputs.
        value_range: pair of floats or None. Pseudo-inputs are clipped to it: (0, 1) for images, None for tables.
        initial: array `(n_components, *event_shape)` or None. Pseudo-inputs before training, such as rows of the
            training data; None draws them near the middle of `value_range`. It is saved in the weights, not in the
            config.
        seed: int or None. Seed of that draw.

    Raises:
        ValueError: if an argument is out of bounds.

    Examples:
        >>> prior = kv.priors.VampPrior(n_components=50, initial=x_train[:50])
        >>> model = kv.make_vae((8, 8, 1), latent_dim=4, prior=prior, seed=0)
        >>> model.sample(3, seed=0).shape
        (3, 8, 8, 1)

    References:
        Tomczak & Welling 2018, eq. 9. https://arxiv.org/abs/1705.07120
    """

    def __init__(
        self,
        n_components: int = 500,
        value_range: tuple[float, float] | None = (0.0, 1.0),
        initial: np.ndarray | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.n_components = check_int("n_components", n_components, 1)
        if value_range is not None and not (len(value_range) == 2 and value_range[0] < value_range[1]):
            raise ValueError(
                f"`value_range` must be a pair (low, high) with low < high, or None. "
                f"Received: value_range={value_range}"
            )
        self.value_range = None if value_range is None else tuple(float(v) for v in value_range)
        self.seed = seed
        self._initial = initial
        self._encoder = ()

    def attach(self, encoder, event_shape):
        # In a tuple, so that Keras does not track it: the encoder belongs to the model and is saved there.
        object.__setattr__(self, "_encoder", (encoder,))
        self._event_shape = tuple(event_shape)

    def build(self, input_shape):
        """Create the pseudo-inputs.

        Raises:
            ValueError: if there is no encoder yet, the shape of the data is not fixed, or `initial` has another shape.
        """
        if not self._encoder:
            raise ValueError(
                "`VampPrior` needs an encoder: pass it as `prior=` to a model, or call `attach(encoder, event_shape)`."
            )
        shape = (self.n_components, *check_shape("event_shape", self._event_shape))
        if self._initial is not None and not shapes_agree(self._initial.shape, shape):
            raise ValueError(
                f"`initial` must have the shape (n_components, *event_shape) = {shape}. "
                f"Received: initial.shape={tuple(self._initial.shape)}"
            )
        low, high = self.value_range or (-1.0, 1.0)
        middle, width = 0.5 * (low + high), 0.1 * (high - low)
        self.pseudo_inputs = self.add_weight(
            name="pseudo_inputs",
            shape=shape,
            initializer=keras.initializers.RandomNormal(mean=middle, stddev=width, seed=self.seed),
        )
        if self._initial is not None:
            self.pseudo_inputs.assign(self._initial)
            self._initial = None
        self.built = True

    def components(self):
        pseudo_inputs = tf.convert_to_tensor(self.pseudo_inputs)
        if self.value_range is not None:
            pseudo_inputs = tf.clip_by_value(pseudo_inputs, *self.value_range)
        means, log_vars = self._encoder[0](pseudo_inputs, training=False)
        return tf.zeros(self.n_components), tf.cast(means, tf.float32), tf.cast(log_vars, tf.float32)

    def get_build_config(self):
        """None, because only the model that owns the prior can build it: it has the encoder."""

    def get_config(self):
        return {
            **super().get_config(),
            "n_components": self.n_components,
            "value_range": self.value_range,
            "seed": self.seed,
        }
