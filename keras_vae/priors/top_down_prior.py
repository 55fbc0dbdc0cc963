"""The prior of a ladder VAE, which its decoder defines."""

from typing import Any

import keras
import tensorflow as tf

from keras_vae.layers.sampling import reparameterize
from keras_vae.numerics import gaussian_log_prob
from keras_vae.priors.prior import Prior, standard_noise, standard_noise_of_rows


@keras.saving.register_keras_serializable(package="keras_vae")
class TopDownPrior(Prior):
    """p(z) = N(z_1; 0, I) prod_l N(z_l; m_l(z_<l), s_l(z_<l)^2), layers counted from the top.

    Args:
        decoder: `TopDownDecoder`, which computes m_l and s_l. It belongs to the model, which saves it.

    Examples:
        >>> model = kv.make_ladder_vae((8, 8, 1), latent_dims=(4, 2), hidden_units=(32, 16), seed=0)
        >>> isinstance(model.prior, kv.priors.TopDownPrior)
        True
    """

    def __init__(self, decoder: Any, **kwargs: Any):
        super().__init__(**kwargs)
        # In a tuple, so that Keras does not track it.
        object.__setattr__(self, "_decoder", (decoder,))

    def build(self, input_shape):
        self.built = True

    def log_prob(self, z):
        decoder, total = self._decoder[0], []
        latents = decoder.split(tf.cast(z, tf.float32))

        def choose(layer, p_mean, p_log_var):
            z = latents[layer]
            p = (tf.zeros_like(z), tf.zeros_like(z)) if p_mean is None else (p_mean, p_log_var)
            total.append(tf.reduce_sum(gaussian_log_prob(z, *p), axis=-1))
            return z

        decoder.descend(choose, to_data=False)
        return tf.add_n(total)

    def sample(self, n, seed=None, temperature=1.0):
        noise = standard_noise(n, sum(self._decoder[0].latent_dims), seed)
        return self._from_noise(noise * tf.cast(temperature, tf.float32))

    def sample_rows(self, seeds):
        noise = standard_noise_of_rows(seeds, sum(self._decoder[0].latent_dims))
        # One by one: a matrix product may round a row differently in a larger batch.
        return tf.map_fn(lambda row: self._from_noise(row[None])[0], noise)

    def _from_noise(self, noise):
        decoder, latents = self._decoder[0], []
        epsilons = decoder.split(noise)

        def choose(layer, p_mean, p_log_var):
            epsilon = epsilons[layer]
            latents.append(epsilon if p_mean is None else reparameterize(p_mean, p_log_var, epsilon))
            return latents[-1]

        decoder.descend(choose, to_data=False)
        return tf.concat(latents, axis=-1)

    def get_config(self):
        """The name alone: the model makes this prior again from its decoder."""
        return {"name": self.name}
