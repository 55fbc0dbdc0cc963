"""A masked autoregressive flow as prior."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from keras_vae.layers.autoregressive_steps import autoregressive_steps, config_of_steps
from keras_vae.numerics import LOG_2_PI
from keras_vae.priors.prior import Prior, standard_noise, standard_noise_of_rows


@keras.saving.register_keras_serializable(package="keras_vae")
class FlowPrior(Prior):
    """p(z) of a masked autoregressive flow: standard normal noise after several invertible steps.

    A density takes one pass through each of `n_steps` small networks, a draw `latent_dim` passes. Every other step has
    the order of the dimensions reversed. Before training it is the standard normal. As `prior=` of a model it is
    learned with it: the KL has no closed form, and the model estimates it from its draw of z.
    `keras_vae.samplers.fit(vae, x, "maf")` fits one to the codes of a trained model.

    Args:
        n_steps: int >= 1.
        hidden_units: tuple of ints >= 1. Widths of the hidden layers of every step's network.
        activation: name or function. Activation of the hidden layers. With a bounded one, such as tanh, the tails do
            not become steeper the farther out they are.
        max_log_scale: float > 0. Bound of the log scale of a step.
        seed: int or None. Seed of the initial weights.

    Raises:
        ValueError: if an argument is out of bounds.

    Examples:
        Before training it is the standard normal:

        >>> prior = kv.priors.FlowPrior(n_steps=2, seed=0)
        >>> model = kv.make_vae((8, 8, 1), latent_dim=4, prior=prior, seed=0)
        >>> bool(np.isclose(model.prior.log_prob(tf.zeros((1, 4)))[0], -2.0 * kv.numerics.LOG_2_PI))
        True

    References:
        Papamakarios et al. 2017, section 3.1. https://arxiv.org/abs/1705.07057
    """

    def __init__(
        self,
        n_steps: int = 5,
        hidden_units: int | tuple[int, ...] = (64,),
        activation: str | Callable = "tanh",
        max_log_scale: float = 2.0,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.networks = autoregressive_steps(n_steps, hidden_units, activation, max_log_scale, seed)
        self.n_steps = len(self.networks)
        self.seed = seed

    def build(self, input_shape):
        dim = self._add_location_and_scale(input_shape)
        for network in self.networks:
            network.build((None, dim))
        # One graph for any number of draws, also in eager mode, where the loops of TFP take long. Set in __dict__, so
        # that Keras does not track it.
        spec = tf.TensorSpec((None, dim), tf.float32)
        forward = lambda u: self.bijector().forward(u)  # noqa: E731
        self.__dict__["_bend"] = tf.function(forward, input_signature=[spec], autograph=False)
        self.built = True

    def bijector(self) -> Any:
        """The map from standard normal noise to z, a `tfp.bijectors.Bijector`."""
        from tensorflow_probability import bijectors as tfb

        location, scale = tf.convert_to_tensor(self.location), tf.convert_to_tensor(self.scale)
        steps = [tfb.MaskedAutoregressiveFlow(network) for network in self.networks]
        return tfb.Chain([tfb.Shift(location), tfb.Scale(scale), *steps])

    def log_prob(self, z):
        # Without TFP, which runs each network twice: for the noise and for the determinant.
        u = (tf.cast(z, tf.float32) - self.location) / self.scale
        log_scale_sum = tf.reduce_sum(tf.math.log(self.scale))
        for network in self.networks:
            shift, log_scale = network(u)
            u = (u - shift) * tf.exp(-log_scale)
            log_scale_sum += tf.reduce_sum(log_scale, axis=-1)
        return -0.5 * tf.reduce_sum(tf.square(u) + LOG_2_PI, axis=-1) - log_scale_sum

    def sample(self, n, seed=None, temperature=1.0):
        dim = self.location.shape[0]
        u = standard_noise(n, dim, seed) * tf.cast(temperature, tf.float32)
        return tf.ensure_shape(self._bend(u), (None, dim))

    def sample_rows(self, seeds):
        dim = self.location.shape[0]
        # A matrix product may round a row differently in a larger batch: bend each row alone.
        row_spec = tf.TensorSpec((dim,), tf.float32)
        u = standard_noise_of_rows(seeds, dim)
        return tf.map_fn(lambda row: self._bend(row[None])[0], u, fn_output_signature=row_spec)

    def get_config(self):
        return {**super().get_config(), **config_of_steps(self.networks)}
