"""A prior to draw from: the decoder of a second VAE, trained on the codes of the first."""

from typing import Any

import keras
import tensorflow as tf

from keras_vae.likelihoods.gaussian_shared import GaussianShared
from keras_vae.priors.prior import Prior, standard_noise, standard_noise_of_rows


@keras.saving.register_keras_serializable(package="keras_vae")
class DecoderPrior(Prior):
    """z = decoder(u) + noise, with standard normal u: draws of a second VAE, whose data are codes of the first.

    Its density has no closed form: it can be drawn from, but has no `log_prob`.
    `keras_vae.samplers.fit(vae, x, "two_stage")` makes one.

    Args:
        decoder: built Keras model `u -> mean of z`, both of shape `(batch, latent_dim)`.
        likelihood: built `GaussianShared`. It holds the standard deviation of z around its mean.

    Raises:
        ValueError: if one of the two is something else.

    Examples:
        >>> decoder = kv.make_decoder((4,), latent_dim=4, hidden_units=(16,))
        >>> noise = kv.likelihoods.GaussianShared()
        >>> noise.build((None, 4))
        >>> prior = kv.priors.DecoderPrior(decoder, noise)
        >>> prior.build((None, 4))
        >>> prior.sample(5, seed=(0, 1)).shape
        TensorShape([5, 4])

    References:
        Dai & Wipf 2019, section 4. https://arxiv.org/abs/1903.05789
    """

    def __init__(self, decoder: keras.Model, likelihood: GaussianShared, **kwargs: Any):
        super().__init__(**kwargs)
        if not isinstance(decoder, keras.layers.Layer):
            raise ValueError(f"`decoder` must be a Keras model. Received: decoder={decoder!r}")
        if not isinstance(likelihood, GaussianShared):
            raise ValueError(f"`likelihood` must be a `GaussianShared`. Received: likelihood={likelihood!r}")
        self.decoder = decoder
        self.likelihood = likelihood

    def build(self, input_shape):
        self._add_location_and_scale(input_shape)
        self.built = True

    def log_prob(self, z):
        raise NotImplementedError(
            "DecoderPrior has no `log_prob`: the density of a second VAE is an integral over its codes. "
            "The samplers 'gmm' and 'maf' have one."
        )

    def sample(self, n, seed=None, temperature=1.0):
        u, epsilon = tf.split(standard_noise(n, 2 * self.location.shape[0], seed), 2, axis=-1)
        temperature = tf.cast(temperature, tf.float32)
        return self._around(self._mean(temperature * u), temperature * epsilon)

    def sample_rows(self, seeds):
        u, epsilon = tf.split(standard_noise_of_rows(seeds, 2 * self.location.shape[0]), 2, axis=-1)
        # A matrix product may round a row differently in a larger batch: decode each row alone.
        row_spec = tf.TensorSpec((self.location.shape[0],), tf.float32)
        return self._around(tf.map_fn(lambda row: self._mean(row[None])[0], u, fn_output_signature=row_spec), epsilon)

    def _mean(self, u):
        """Mean of z at u, with the same bits for a row alone, in a batch, in eager mode and in an exported graph.

        It runs in a loop of one iteration: TensorFlow optimises a graph for the number of its rows, but not the inside
        of a loop.
        """

        def decode(i, _):
            return i + 1, tf.cast(self.decoder(u, training=False), tf.float32)

        return tf.while_loop(lambda i, _: i < 1, decode, (0, tf.zeros_like(u)))[1]

    def _around(self, mean, epsilon):
        return self.location + self.scale * (mean + tf.exp(0.5 * self.likelihood.log_var) * epsilon)

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "decoder": serialize(self.decoder),
            "likelihood": serialize(self.likelihood),
        }

    @classmethod
    def from_config(cls, config):
        parts = {name: keras.saving.deserialize_keras_object(config[name]) for name in ("decoder", "likelihood")}
        return cls(**{**config, **parts})
