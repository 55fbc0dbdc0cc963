"""A mixture of Gaussians with full covariances, fitted to codes and never trained."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int
from keras_vae.priors.mixture_prior import component_of
from keras_vae.priors.prior import Prior, standard_noise, standard_noise_of_rows


@keras.saving.register_keras_serializable(package="keras_vae")
class GaussianMixtureSampler(Prior):
    """p(z) = sum_k w_k N(m_k, C_k), with the numbers given to `assign`; before that it is the standard normal.

    `keras_vae.samplers.fit(vae, x, "gmm")` makes one. Its weights are never trained.

    Args:
        n_components: int >= 1.

    Raises:
        ValueError: if `n_components` is not a whole number >= 1.

    Examples:
        >>> sampler = kv.samplers.fit(vae, x_train, "gmm", n_components=5)
        >>> isinstance(sampler, kv.priors.GaussianMixtureSampler)
        True
        >>> kv.samplers.fit(vae, x_train, None)  # Back to the prior.
    """

    def __init__(self, n_components: int = 10, **kwargs: Any):
        super().__init__(**kwargs)
        self.n_components = check_int("n_components", n_components, 1)

    def build(self, input_shape):
        dim = check_int("latent_dim", input_shape[-1], 1)
        identity = np.tile(np.eye(dim, dtype="float32"), (self.n_components, 1, 1))

        def fixed(name, value):
            initial = keras.initializers.Constant(value)
            return self.add_weight(name=name, shape=value.shape, initializer=initial, trainable=False)

        self.logits = fixed("logits", np.zeros(self.n_components, "float32"))
        self.means = fixed("means", np.zeros((self.n_components, dim), "float32"))
        # Lower triangular square roots of the covariances.
        self.factors = fixed("factors", identity)
        self.built = True

    def assign(self, weights: np.ndarray, means: np.ndarray, covariances: np.ndarray) -> None:
        """Set the mixture.

        Args:
            weights: array `(n_components,)`, >= 0, with sum 1.
            means: array `(n_components, latent_dim)`.
            covariances: array `(n_components, latent_dim, latent_dim)`, positive definite.

        Raises:
            ValueError: if the weights are not >= 0 with sum 1.
            numpy.linalg.LinAlgError: for a covariance that is not positive definite.
        """
        weights = np.asarray(weights, "float64")
        if np.any(weights < 0.0) or abs(weights.sum() - 1.0) > 1e-6:
            raise ValueError(f"`weights` must be >= 0 and of sum 1. Received: weights={weights}")
        factors = np.linalg.cholesky(np.asarray(covariances, "float64"))
        self.logits.assign(np.log(np.maximum(weights, np.finfo("float32").tiny)))
        self.means.assign(means)
        self.factors.assign(factors)

    def log_prob(self, z):
        from tensorflow_probability import distributions as tfd

        logits, means, factors = (tf.convert_to_tensor(w) for w in (self.logits, self.means, self.factors))
        gaussians = tfd.MultivariateNormalTriL(means, factors)
        return tfd.MixtureSameFamily(tfd.Categorical(logits=logits), gaussians).log_prob(tf.cast(z, tf.float32))

    def sample(self, n, seed=None, temperature=1.0):
        return self._mix(standard_noise(n, 1 + self.means.shape[-1], seed), tf.cast(temperature, tf.float32))

    def sample_rows(self, seeds):
        return self._mix(standard_noise_of_rows(seeds, 1 + self.means.shape[-1]), 1.0)

    def _mix(self, noise, temperature):
        """Draws; the first number of a row picks its component, the others are its noise.

        The product goes through the factors column by column: so a row rounds as it does alone, and there is never one
        factor per row in memory.
        """
        component = component_of(noise[:, 0], tf.convert_to_tensor(self.logits))
        noise = temperature * noise[:, 1:]
        columns = tf.transpose(self.factors, (2, 0, 1))

        def add_column(j, z):
            return j + 1, z + tf.gather(columns[j], component) * tf.gather(noise, j, axis=1)[:, None]

        start = tf.gather(self.means, component)
        return tf.while_loop(lambda j, _: j < self.means.shape[-1], add_column, (0, start))[1]

    def get_config(self):
        return {**super().get_config(), "n_components": self.n_components}
