"""The layer that draws z from a diagonal Gaussian by the reparameterisation trick."""

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from keras_vae._checks import check_same_shape


def reparameterize(z_mean: tf.Tensor, z_log_var: tf.Tensor, epsilon: tf.Tensor) -> tf.Tensor:
    """A draw from N(z_mean, exp(z_log_var)), made from standard noise `epsilon`.

    Args:
        z_mean: Tensor, shape `(..., latent_dim)`.
        z_log_var: Tensor, same shape. Log variance, not log stddev.
        epsilon: Tensor, shape broadcastable to `z_mean`. Standard normal noise.

    Returns:
        z: Tensor, shape `(..., latent_dim)`.

    References:
        Kingma & Welling 2014, eq. 10. https://arxiv.org/abs/1312.6114
    """
    return z_mean + ops.exp(0.5 * z_log_var) * epsilon


def next_seed(seed_generator: keras.random.SeedGenerator) -> tf.Tensor:
    """The next `(2,)` seed of a generator, different in every replica of a `tf.distribute` step.

    Every replica holds the same generator state: with the same seed N replicas would train on N copies of one noise.
    """
    seed = seed_generator.next()
    context = tf.distribute.get_replica_context()
    if context is not None and context.num_replicas_in_sync > 1:
        seed = tf.random.experimental.stateless_fold_in(seed, context.replica_id_in_sync_group)
    return seed


@keras.saving.register_keras_serializable(package="keras_vae")
class Sampling(keras.layers.Layer):
    """Draw `z` from the Gaussian with the given mean and log variance.

    The layer owns its random state, which does not depend on the global seed and is saved in `.keras` files: a reloaded
    model continues its noise sequence where it stopped.

    Args:
        seed: int or None. Start of the noise sequence; None takes one from Keras's global seed.

    Examples:
        >>> z_mean, z_log_var = tf.zeros((5, 2)), tf.zeros((5, 2))
        >>> kv.layers.Sampling(seed=0)((z_mean, z_log_var)).shape
        TensorShape([5, 2])

    References:
        Kingma & Welling 2014, section 2.4. https://arxiv.org/abs/1312.6114
    """

    def __init__(self, seed: int | None = None, **kwargs: Any):
        # Noise in half precision has 11 bits: z is float32 under every dtype policy.
        super().__init__(**{"dtype": "float32", **kwargs})
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        self.built = True

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor], seed: tf.Tensor | None = None) -> tf.Tensor:
        """Draw one `z` per row.

        Args:
            inputs: pair `(z_mean, z_log_var)`, each `(batch, latent_dim)`.
            seed: `(2,)` integer tensor to use instead of the next seed of the layer, or None.

        Returns:
            z: Tensor, shape `(batch, latent_dim)`.

        Raises:
            ValueError: if the two shapes differ.
        """
        z_mean, z_log_var = inputs
        check_same_shape(z_mean=z_mean, z_log_var=z_log_var)
        return reparameterize(z_mean, z_log_var, ops.cast(self.noise(ops.shape(z_mean), seed), z_mean.dtype))

    def noise(self, shape: Any, seed: tf.Tensor | None = None) -> tf.Tensor:
        """Standard normal noise of the layer.

        Args:
            shape: tuple of ints or int tensors.
            seed: `(2,)` integer tensor to use instead of the next seed of the layer, or None.

        Returns:
            Tensor of that shape, float32.
        """
        return tf.random.stateless_normal(shape, seed=next_seed(self.seed_generator) if seed is None else seed)

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def save_own_variables(self, store):
        super().save_own_variables(store)
        store["seed_state"] = self.seed_generator.state.numpy()

    def load_own_variables(self, store):
        self.seed_generator.state.assign(store["seed_state"][()])

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}
