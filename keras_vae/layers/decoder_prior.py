"""The decoder of a second VAE as source of codes."""

import keras
import tensorflow as tf

from keras_vae._checks import check_int
from keras_vae.layers.prior import Prior, standard_noise, standard_noise_of_rows
from keras_vae.likelihoods.gaussian_shared import GaussianShared


@keras.saving.register_keras_serializable(package="keras_vae")
class DecoderPrior(Prior):
    """z = what the decoder of a second VAE makes of standard normal noise u, plus that VAE's own noise.

    It can be drawn from and has no density that could be computed. `vae.fit_sampler(x, "two_stage")` makes one.

    Args:
        decoder: built Keras model `u -> mean of z`, both `(batch, latent_dim)`.
        likelihood: built `GaussianShared`. Standard deviation of z around that mean.

    Raises:
        ValueError: if the two are something else.

    References:
        Dai & Wipf 2019, section 4. https://arxiv.org/abs/1903.05789
    """

    def __init__(self, decoder, likelihood, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(decoder, keras.layers.Layer):
            raise ValueError(f"`decoder` must be a Keras model. Received: decoder={decoder!r}")
        if not isinstance(likelihood, GaussianShared):
            raise ValueError(f"`likelihood` must be a `GaussianShared`. Received: likelihood={likelihood!r}")
        self.decoder = decoder
        self.likelihood = likelihood

    def build(self, input_shape):
        dim = check_int("latent_dim", input_shape[-1], 1)
        self.location = self.add_weight(name="location", shape=(dim,), initializer="zeros", trainable=False)
        self.scale = self.add_weight(name="scale", shape=(dim,), initializer="ones", trainable=False)
        self.built = True

    def log_prob(self, z):
        raise NotImplementedError(
            "DecoderPrior has no `log_prob`: the density of a second VAE is an integral over its codes. "
            "The samplers 'gmm' and 'maf' have one."
        )

    def sample(self, n, seed=None, temperature=1.0):
        """Draw latents: see `Prior.sample`; the temperature is that of the noise before and after the decoder."""
        u, epsilon = tf.split(standard_noise(n, 2 * self.location.shape[0], seed), 2, axis=-1)
        temperature = tf.cast(temperature, tf.float32)
        return self._around(self._mean(temperature * u), temperature * epsilon)

    def sample_rows(self, seeds):
        u, epsilon = tf.split(standard_noise_of_rows(seeds, 2 * self.location.shape[0]), 2, axis=-1)
        # A product of matrices may round otherwise with more rows: each row alone.
        row_spec = tf.TensorSpec((self.location.shape[0],), tf.float32)
        return self._around(tf.map_fn(lambda row: self._mean(row[None])[0], u, fn_output_signature=row_spec), epsilon)

    def _mean(self, u):
        """Mean of z at u, in a loop of one turn: TensorFlow optimises graphs by the number of rows, but not the inside
        of a loop, so that a row comes out with the same bits whether alone, in a batch, in eager mode or exported."""

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
        """Rebuild the layer from `get_config()`."""
        parts = {name: keras.saving.deserialize_keras_object(config[name]) for name in ("decoder", "likelihood")}
        return cls(**{**config, **parts})
