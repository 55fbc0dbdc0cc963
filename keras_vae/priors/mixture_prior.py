"""The base class of the priors that are mixtures of diagonal Gaussians."""

import tensorflow as tf

from keras_vae.numerics import LOG_2_PI
from keras_vae.priors.prior import Prior, standard_noise, standard_noise_of_rows


class MixturePrior(Prior):
    """Base of the priors that are mixtures of diagonal Gaussians; a subclass defines `components`."""

    def components(self) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """The Gaussians of the mixture.

        Returns:
            logits: Tensor, shape `(n_components,)`. Unnormalised log weights.
            means: Tensor, shape `(n_components, latent_dim)`.
            log_vars: Tensor, same shape. Log variances.

        Raises:
            NotImplementedError: if a subclass does not define it.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement `components()`.")

    def log_prob(self, z):
        # The squares are multiplied out into matrix products, where the tfp object goes through all (batch,
        # n_components, latent_dim) differences: 8 ms instead of 55 for 2,048 draws of 40 latents under 500 components
        # on a CPU core, 14 ms instead of 119 with the gradient. In float64, because the terms cancel.
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


def component_of(noise: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """The component of a mixture for each standard normal number.

    There is no draw of integers, so that a row needs one random op, and no arithmetic on the noise, which could round
    differently in a batch of another size.

    Args:
        noise: Tensor, shape `(n,)`, standard normal.
        logits: Tensor, shape `(n_components,)`. Unnormalised log weights.

    Returns:
        int Tensor, shape `(n,)`.
    """
    weights = tf.nn.softmax(logits)
    # The points that cut the standard normal into pieces with the weights as their masses.
    cuts = tf.math.ndtri(tf.minimum(tf.cumsum(weights)[:-1], 1.0))
    return tf.searchsorted(cuts, noise, side="right")
