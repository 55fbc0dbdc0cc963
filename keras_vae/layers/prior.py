"""What every prior over the latent space offers."""

import keras
import tensorflow as tf


def as_tfp_seed(seed):
    """A `(2,)` seed of any integer type as TFP takes it, two int32 made of all its bits; None stays None."""
    if seed is None:
        return None
    pair = tf.cast(seed, tf.int64)
    return tf.random.stateless_uniform((2,), pair, minval=None, maxval=None, dtype=tf.int32, alg="philox")


def standard_noise(n, dim, seed=None):
    """Standard normal noise.

    Args:
        n: int or int32 scalar tensor. Rows.
        dim: int. Noise of one row.
        seed: `(2,)` integer tensor; or None for other noise at every call and in every process, whatever was seeded.

    Returns:
        Tensor, shape `(n, dim)`.
    """
    shape = tf.stack([tf.cast(n, tf.int32), dim])
    if seed is None:
        # `tf.random.normal` would take the global seed into the graph, and repeat itself after every restart.
        noise = tf.raw_ops.RandomStandardNormal(shape=shape, dtype=tf.float32, seed=0, seed2=0)
    else:
        noise = tf.random.stateless_normal(shape, seed=seed)
    return tf.ensure_shape(noise, (None, dim))


def standard_noise_of_rows(seeds, dim):
    """Standard normal noise, each row a function of its own seed alone.

    Args:
        seeds: integer Tensor, shape `(n, 2)`.
        dim: int. Noise of one row.

    Returns:
        Tensor, shape `(n, dim)`; row i is `standard_noise(1, dim, seeds[i])`.
    """

    def one_row(seed):
        return tf.random.stateless_normal([dim], seed=seed)

    return tf.map_fn(one_row, seeds, fn_output_signature=tf.TensorSpec((dim,), tf.float32))


class Prior(keras.layers.Layer):
    """Base of the priors p(z): density and samples over `(batch, latent_dim)`.

    A subclass gives `log_prob` and `sample`, and `kl(z_mean, z_log_var)` where the KL of a diagonal Gaussian from it
    has a closed form; without one the models estimate the KL from the sample of z that they have anyway.
    """

    def __init__(self, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})

    def attach(self, encoder, event_shape):
        """Hand over the encoder of the model that owns this prior, and the shape of its data; called by the model."""

    def log_prob(self, z):
        """Log density.

        Args:
            z: Tensor, shape `(batch, latent_dim)`.

        Returns:
            Tensor, shape `(batch,)`. Nats.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement `log_prob(z)`.")

    def sample(self, n, seed=None, temperature=1.0):
        """Draw latents.

        Args:
            n: int or int32 scalar tensor. How many.
            seed: `(2,)` integer tensor or None for noise that no seed repeats.
            temperature: float or tensor, scalar or `(n, 1)`. Factor on the standard deviation (of a component, for
                mixtures).

        Returns:
            z: Tensor, shape `(n, latent_dim)`.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement `sample(n, seed, temperature)`.")

    def sample_rows(self, seeds):
        """Draw one latent per seed; a subclass may do it for all rows at once.

        Args:
            seeds: integer tensor, shape `(n, 2)`.

        Returns:
            z: Tensor, shape `(n, latent_dim)`; row i is `sample(1, seed=seeds[i])`, whatever the other rows are.
        """
        return tf.map_fn(lambda seed: self.sample(1, seed=seed)[0], seeds, fn_output_signature=tf.float32)
