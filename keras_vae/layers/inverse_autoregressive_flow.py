"""The inverse autoregressive flow, for posteriors more flexible than a diagonal Gaussian."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from keras_vae.layers.autoregressive_steps import autoregressive_steps, config_of_steps


@keras.saving.register_keras_serializable(package="keras_vae")
class InverseAutoregressiveFlow(keras.layers.Layer):
    """Bend draws of a posterior by invertible steps `z <- exp(log_scale) * z + shift`, and give the log determinant.

    Each step has a `MaskedAutoregressiveNetwork`, which computes shift and log scale of dimension i from the dimensions
    before i and from the context. So the Jacobian is triangular, and all dimensions move at once. Every other step has
    the order of the dimensions reversed. Before training the flow is the identity. It computes in float32 under every
    dtype policy.

    Pass it as `VAE(..., posterior_flow=InverseAutoregressiveFlow())`. A step is the TFP bijector
    `Invert(MaskedAutoregressiveFlow)` of the functions `(-shift * exp(-log_scale), -log_scale)`; here the step and its
    determinant take one pass through the network.

    Args:
        n_steps: int >= 1.
        hidden_units: tuple of ints >= 1. Widths of the hidden layers of every step's network.
        activation: name or function. Activation of the hidden layers.
        max_log_scale: float > 0. Bound of the log scale of a step.
        seed: int or None. Seed of the initial weights.

    Raises:
        ValueError: if an argument is out of bounds.

    Examples:
        Before training it changes nothing:

        >>> flow = kv.layers.InverseAutoregressiveFlow(seed=0)
        >>> z, log_det = flow(tf.ones((1, 3)), tf.zeros((1, 6)))
        >>> z.numpy(), log_det.numpy()
        (array([[1., 1., 1.]], dtype=float32), array([0.], dtype=float32))

    References:
        Kingma et al. 2016, eq. 10-11 and algorithm 1. https://arxiv.org/abs/1606.04934
    """

    def __init__(
        self,
        n_steps: int = 2,
        hidden_units: int | tuple[int, ...] = (64,),
        activation: str | Callable = "elu",
        max_log_scale: float = 2.0,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.networks = autoregressive_steps(n_steps, hidden_units, activation, max_log_scale, seed)
        self.n_steps = len(self.networks)
        self.seed = seed

    def build(self, z_shape, context_shape=None):
        for network in self.networks:
            network.build(z_shape, context_shape)
        self.built = True

    def call(
        self, z: tf.Tensor, context: tf.Tensor | None = None, training: bool | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Apply all steps to z.

        Args:
            z: Tensor, shape `(batch, latent_dim)`.
            context: Tensor, shape `(batch, context_dim)`; or None if the flow was built without one.
            training: Ignored.

        Returns:
            z: Tensor, shape `(batch, latent_dim)`.
            log_det: Tensor, shape `(batch,)`. `log |det dz_out / dz|`, nats: `log q(z_out) = log q(z) - log_det`.

        Raises:
            ValueError: if a context is given to a flow that was built without one, or is missing.
        """
        log_det = tf.zeros_like(z[:, 0])
        for network in self.networks:
            shift, log_scale = network(z, context)
            z = tf.exp(log_scale) * z + shift
            log_det += tf.reduce_sum(log_scale, axis=-1)
        return z, log_det

    def get_config(self):
        return {**super().get_config(), **config_of_steps(self.networks)}
