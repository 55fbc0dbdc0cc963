"""The standard normal prior."""

import keras
import tensorflow as tf

from keras_vae.divergences import gaussian_kl, gaussian_kl_per_dim
from keras_vae.priors.prior import Prior, standard_noise, standard_noise_of_rows


@keras.saving.register_keras_serializable(package="keras_vae")
class StandardNormal(Prior):
    """p(z) = N(0, I), whose KL has a closed form.

    Examples:
        >>> bool(np.isclose(kv.priors.StandardNormal().log_prob(tf.zeros((1, 2)))[0], -kv.numerics.LOG_2_PI))
        True

    References:
        Kingma & Welling 2014, section 3. https://arxiv.org/abs/1312.6114
    """

    is_standard_normal = True

    def build(self, input_shape):
        self.latent_dim = int(input_shape[-1])
        self.built = True

    def kl(self, z_mean: tf.Tensor, z_log_var: tf.Tensor) -> tf.Tensor:
        """KL of N(z_mean, exp(z_log_var)) from this prior, shape `(batch,)`, nats: see `divergences.gaussian_kl`."""
        return gaussian_kl(z_mean, z_log_var)

    def kl_per_dim(self, z_mean: tf.Tensor, z_log_var: tf.Tensor) -> tf.Tensor:
        """The same KL for each dimension, shape `(batch, latent_dim)`, nats."""
        return gaussian_kl_per_dim(z_mean, z_log_var)

    def log_prob(self, z):
        from tensorflow_probability import distributions as tfd

        return tf.reduce_sum(tfd.Normal(0.0, 1.0).log_prob(tf.cast(z, tf.float32)), axis=-1)

    def sample(self, n, seed=None, temperature=1.0):
        return standard_noise(n, self.latent_dim, seed) * tf.cast(temperature, tf.float32)

    def sample_rows(self, seeds):
        return standard_noise_of_rows(seeds, self.latent_dim)
