"""The inverse autoregressive flow: a posterior that is more than a diagonal Gaussian."""

import keras
import tensorflow as tf

from keras_vae._checks import check_int
from keras_vae.layers.masked_autoregressive import MaskedAutoregressiveNetwork


@keras.saving.register_keras_serializable(package="keras_vae")
class InverseAutoregressiveFlow(keras.layers.Layer):
    """Bend draws of a posterior by invertible steps `z <- exp(log_scale) * z + shift`, and give the log determinant.

    Shift and log scale of dimension i are functions of the dimensions before i and of the context, by a
    `MaskedAutoregressiveNetwork` per step, so that the Jacobian is triangular and all dimensions move at once; every
    other step has the order reversed. Before training the flow is the identity. Always float32.

    Pass it as `VAE(..., posterior_flow=InverseAutoregressiveFlow())`. One step is TFP's
    `Invert(MaskedAutoregressiveFlow)` of the functions `(-shift * exp(-log_scale), -log_scale)`; here the step and its
    determinant share one pass through the network.

    Args:
        n_steps: int >= 1.
        hidden_units: tuple of ints >= 1. Widths of the hidden layers of every step's network.
        activation: name or function. Activation of the hidden layers.
        max_log_scale: float > 0. Bound of the log scale of a step.
        seed: int or None. Seed of the initial weights.

    References:
        Kingma et al. 2016, eq. 10-11 and algorithm 1. https://arxiv.org/abs/1606.04934
    """

    def __init__(self, n_steps=2, hidden_units=(64,), activation="elu", max_log_scale=2.0, seed=None, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.n_steps = check_int("n_steps", n_steps, 1)
        self.seed = seed
        self.networks = []
        for i in range(self.n_steps):
            network = MaskedAutoregressiveNetwork(
                hidden_units,
                activation,
                reverse=i % 2 == 1,
                max_log_scale=max_log_scale,
                seed=None if seed is None else seed + 1000 * i,
                name=f"step_{i}",
            )
            self.networks.append(network)

    def build(self, z_shape, context_shape=None):
        for network in self.networks:
            network.build(z_shape, context_shape)
        self.built = True

    def call(self, z, context=None, training=None):
        """Bend z.

        Args:
            z: Tensor, shape `(batch, latent_dim)`.
            context: Tensor, shape `(batch, context_dim)`, or None; as at the first call.
            training: Not used: nothing differs.

        Returns:
            z: Tensor, shape `(batch, latent_dim)`.
            log_det: Tensor, shape `(batch,)`. `log |det dz_out / dz|`, nats: `log q(z_out) = log q(z) - log_det`.

        Raises:
            ValueError: if a context came to a flow built without one, or is missing.
        """
        log_det = tf.zeros_like(z[:, 0])
        for network in self.networks:
            shift, log_scale = network(z, context)
            z = tf.exp(log_scale) * z + shift
            log_det += tf.reduce_sum(log_scale, axis=-1)
        return z, log_det

    def get_config(self):
        network = self.networks[0].get_config()
        return {
            **super().get_config(),
            "n_steps": self.n_steps,
            "hidden_units": network["hidden_units"],
            "activation": network["activation"],
            "max_log_scale": network["max_log_scale"],
            "seed": self.seed,
        }
