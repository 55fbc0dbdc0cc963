"""The base class of the priors p(z), and the standard normal noise that they draw from."""

from typing import Any

import keras
import tensorflow as tf

from keras_vae._checks import check_int


def standard_noise(n: int | tf.Tensor, dim: int, seed: tf.Tensor | None = None) -> tf.Tensor:
    """Standard normal noise.

    Args:
        n: int or int32 scalar tensor. Number of rows.
        dim: int. Numbers per row.
        seed: `(2,)` integer tensor; or None for fresh noise at every call and in every process, whatever the global
            seed is.

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


def standard_noise_of_rows(seeds: tf.Tensor, dim: int) -> tf.Tensor:
    """Standard normal noise in which each row depends on one seed alone.

    Args:
        seeds: integer Tensor, shape `(n, 2)`.
        dim: int. Numbers per row.

    Returns:
        Tensor, shape `(n, dim)`; row i is `standard_noise(1, dim, seeds[i])`.
    """

    def one_row(seed):
        return tf.random.stateless_normal([dim], seed=seed)

    return tf.map_fn(one_row, seeds, fn_output_signature=tf.TensorSpec((dim,), tf.float32))


class Prior(keras.layers.Layer):
    """Base of the priors p(z): density and samples over `(batch, latent_dim)`.

    A subclass defines `log_prob` and `sample`. If the KL of a diagonal Gaussian from it has a closed form, it defines
    `kl(z_mean, z_log_var)` as well; without it the models estimate the KL from the z that they draw anyway.

    Attributes:
        is_standard_normal: bool. Whether this is N(0, I), for which more has a closed form.
        takes_condition: bool. Whether it says by `place` and `relative` what codes mean under a condition.

    Examples:
        >>> isinstance(vae.prior, kv.priors.Prior), vae.prior.is_standard_normal
        (True, True)
    """

    is_standard_normal = False
    takes_condition = False

    def __init__(self, **kwargs: Any):
        super().__init__(**{"dtype": "float32", **kwargs})

    def attach(self, encoder: keras.Model, event_shape: tuple[int, ...]) -> None:
        """Receive the encoder of the model that owns this prior, and the shape of its data; the model calls it."""

    def _add_location_and_scale(self, input_shape):
        """Add untrained weights `location` and `scale` of the codes, shape `(latent_dim,)`; return `latent_dim`."""
        latent_dim = check_int("latent_dim", input_shape[-1], 1)
        self.location = self.add_weight(name="location", shape=(latent_dim,), initializer="zeros", trainable=False)
        self.scale = self.add_weight(name="scale", shape=(latent_dim,), initializer="ones", trainable=False)
        return latent_dim

    def log_prob(self, z: tf.Tensor) -> tf.Tensor:
        """Log density.

        Args:
            z: Tensor, shape `(batch, latent_dim)`.

        Returns:
            Tensor, shape `(batch,)`. Nats.

        Raises:
            NotImplementedError: if the prior has no density.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement `log_prob(z)`.")

    def sample(
        self, n: int | tf.Tensor, seed: tf.Tensor | None = None, temperature: float | tf.Tensor = 1.0
    ) -> tf.Tensor:
        """Draw latents.

        Args:
            n: int or int32 scalar tensor. Number of draws.
            seed: `(2,)` integer tensor; or None for fresh noise, whatever the global seed is.
            temperature: float or tensor, scalar or `(n, 1)`. Factor on the standard deviation (of the
                components, for mixtures; of the noise at the start, for flows and decoders).

        Returns:
            z: Tensor, shape `(n, latent_dim)`.

        Raises:
            NotImplementedError: if a subclass does not define it.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement `sample(n, seed, temperature)`.")

    def sample_rows(self, seeds: tf.Tensor) -> tf.Tensor:
        """Draw one latent per seed, one by one; a subclass may draw them all at once.

        Args:
            seeds: integer tensor, shape `(n, 2)`.

        Returns:
            z: Tensor, shape `(n, latent_dim)`; row i is `sample(1, seed=seeds[i])`, the same bits in any batch.
        """
        return tf.map_fn(lambda seed: self.sample(1, seed=seed)[0], seeds, fn_output_signature=tf.float32)
