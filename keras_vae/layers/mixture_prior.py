"""Mixtures of diagonal Gaussians as prior."""

import math

import keras
import tensorflow as tf

from keras_vae._checks import check_int, check_number
from keras_vae.layers.prior import Prior, standard_noise, standard_noise_of_rows

LOG_2_PI = math.log(2.0 * math.pi)


class MixturePrior(Prior):
    """Base of the priors that are mixtures of diagonal Gaussians; a subclass says of which."""

    def components(self):
        """The Gaussians that are mixed.

        Returns:
            logits: Tensor, shape `(n_components,)`. Unnormalised log weights.
            means: Tensor, shape `(n_components, latent_dim)`.
            log_vars: Tensor, same shape. Log variances.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement `components()`.")

    def log_prob(self, z):
        # The squares multiplied out are two matrix products, where the tfp object goes through all (batch,
        # n_components, latent_dim) differences: 8 ms in place of 55 for 2,048 draws of 40 latents under 500 components
        # on a CPU core, 14 in place of 119 with the gradient. In float64, for what cancels.
        logits, means, log_vars = (tf.cast(t, tf.float64) for t in self.components())
        z, precisions = tf.cast(z, tf.float64), tf.exp(-log_vars)
        squares = (
            tf.matmul(tf.square(z), precisions, transpose_b=True)
            - 2.0 * tf.matmul(z, means * precisions, transpose_b=True)
            + tf.reduce_sum(tf.square(means) * precisions, axis=-1)
        )
        log_norms = tf.nn.log_softmax(logits) - 0.5 * tf.reduce_sum(log_vars + LOG_2_PI, axis=-1)
        return tf.cast(tf.reduce_logsumexp(log_norms - 0.5 * tf.maximum(squares, 0.0), axis=-1), tf.float32)

    def sample(self, n, seed=None, temperature=1.0):
        logits, means, log_vars = self.components()
        noise = standard_noise(n, 1 + means.shape[-1], seed)
        return _mix(noise, logits, means, log_vars, tf.cast(temperature, tf.float32))

    def sample_rows(self, seeds):
        logits, means, log_vars = self.components()
        noise = standard_noise_of_rows(seeds, 1 + means.shape[-1])
        return _mix(noise, logits, means, log_vars, 1.0)


def _mix(noise, logits, means, log_vars, temperature):
    """Draws of a mixture; the first number of a row picks its component, the others are its noise."""
    component = component_of(noise[:, 0], logits)
    stddevs = tf.gather(tf.exp(0.5 * log_vars), component)
    return tf.gather(means, component) + stddevs * temperature * noise[:, 1:]


def component_of(noise, logits):
    """The component of a mixture that a standard normal number picks.

    No draw of integers, so that a row needs one random op, and no arithmetic on the number that picks, which could
    round otherwise in a batch of another size.

    Args:
        noise: Tensor, shape `(n,)`, standard normal.
        logits: Tensor, shape `(n_components,)`. Unnormalised log weights.

    Returns:
        int Tensor, shape `(n,)`.
    """
    weights = tf.nn.softmax(logits)
    # Where the standard normal is cut into pieces that have the weights as masses.
    cuts = tf.math.ndtri(tf.minimum(tf.cumsum(weights)[:-1], 1.0))
    return tf.searchsorted(cuts, noise, side="right")


@keras.saving.register_keras_serializable(package="keras_vae")
class MixtureOfGaussians(MixturePrior):
    """p(z) = sum_k w_k N(m_k, diag(s_k^2)) with learned weights, means and variances.

    The KL has no closed form; the models estimate it as log q(z|x) - log p(z) at their sample of z.

    Args:
        n_components: int >= 1.
        initial_stddev: float > 0. Spread of the component means at the start, in units of the latent space.
        seed: int or None. Seed of the initial means.

    References:
        Dilokthanakul et al. 2016, section 3 (the prior alone). https://arxiv.org/abs/1611.02648
    """

    def __init__(self, n_components=10, initial_stddev=1.0, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.n_components = check_int("n_components", n_components, 1)
        self.initial_stddev = check_number("initial_stddev", initial_stddev, minimum=0.0, exclusive=True)
        self.seed = seed

    def build(self, input_shape):
        latent_dim = int(input_shape[-1])
        # Means that all start at one place get the same gradient and stay one component.
        spread = keras.initializers.RandomNormal(stddev=self.initial_stddev, seed=self.seed)
        self.logits = self.add_weight(name="logits", shape=(self.n_components,), initializer="zeros")
        self.means = self.add_weight(name="means", shape=(self.n_components, latent_dim), initializer=spread)
        self.log_vars = self.add_weight(name="log_vars", shape=(self.n_components, latent_dim), initializer="zeros")
        self.built = True

    def components(self):
        return tuple(tf.convert_to_tensor(w) for w in (self.logits, self.means, self.log_vars))

    def get_config(self):
        return {
            **super().get_config(),
            "n_components": self.n_components,
            "initial_stddev": self.initial_stddev,
            "seed": self.seed,
        }
