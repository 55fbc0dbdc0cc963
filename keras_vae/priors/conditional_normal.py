"""The prior that is learned as a function of the condition."""

from typing import Any

import keras
import tensorflow as tf

from keras_vae.priors.standard_normal import StandardNormal


@keras.saving.register_keras_serializable(package="keras_vae")
class ConditionalNormal(StandardNormal):
    """p(v|c) = N(mean(c), exp(log_var(c))), diagonal and learned, for v that the decoder is given.

    The codes z of the model are v in units of this density, `z = (v - mean(c)) / stddev(c)`. Their own prior is then
    N(0, I) under every condition, and the KL stays as it is, since one map of z is applied to both densities: so all
    that is known of codes with a standard normal prior holds here too, and `sample` needs the condition only to decode.

    Args:
        network: Keras model from what encoder and decoder are told of the condition to `[mean, log_var]`, each
            `(batch, latent_dim)`; `keras_vae.networks.make_prior_network` makes one.

    Raises:
        ValueError: for something else than a Keras model with two outputs of one shape.

    Examples:
        >>> label = keras.Input((2,))
        >>> heads = [keras.layers.Dense(4, kernel_initializer="zeros")(label) for _ in range(2)]
        >>> prior = kv.priors.ConditionalNormal(keras.Model(label, heads))
        >>> prior.place(tf.ones((3, 4)), tf.eye(3, 2)).shape
        TensorShape([3, 4])

    References:
        Sohn et al. 2015, eq. 4 (a prior network). https://papers.nips.cc/paper/5775
    """

    takes_condition = True

    def __init__(self, network: keras.Model, **kwargs: Any):
        super().__init__(**kwargs)
        outputs = getattr(network, "output", None)
        if not isinstance(outputs, (list, tuple)) or len(outputs) != 2 or outputs[0].shape != outputs[1].shape:
            raise ValueError(
                "`network` must be a Keras model with the two outputs [mean, log_var], each (batch, latent_dim). "
                f"Received: network={network!r}"
            )
        self.network = network

    def build(self, input_shape):
        super().build(input_shape)
        latent_dim = self.network.output[0].shape[-1]
        if latent_dim != self.latent_dim:
            raise ValueError(
                f"`network` of the prior must put out {self.latent_dim} numbers, the latent size of the encoder. "
                f"Received: {latent_dim}"
            )

    def place(self, z: tf.Tensor, condition: Any, training: bool = False) -> tf.Tensor:
        """What the decoder is given at codes z, `(batch, latent_dim)`: `mean(c) + stddev(c) * z`."""
        mean, log_var = self._parameters(condition, training)
        return mean + tf.exp(0.5 * log_var) * z

    def relative(
        self, mean: tf.Tensor, log_var: tf.Tensor, condition: Any, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Mean and log variance of the codes z from those of v, each `(batch, latent_dim)`."""
        own_mean, own_log_var = self._parameters(condition, training)
        return (mean - own_mean) * tf.exp(-0.5 * own_log_var), log_var - own_log_var

    def _parameters(self, condition, training):
        mean, log_var = self.network(condition, training=training)
        # Wide bounds: a stddev beyond them, 150 or a 150th, is a network that has gone astray.
        return tf.cast(mean, tf.float32), tf.clip_by_value(tf.cast(log_var, tf.float32), -10.0, 10.0)

    def get_config(self):
        return {**super().get_config(), "network": keras.saving.serialize_keras_object(self.network)}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "network": keras.saving.deserialize_keras_object(config["network"])})
