"""A masked autoregressive flow as prior."""

import math

import keras
import tensorflow as tf

from keras_vae._checks import check_int
from keras_vae.layers.masked_autoregressive import MaskedAutoregressiveNetwork
from keras_vae.layers.prior import Prior, standard_noise, standard_noise_of_rows

LOG_2_PI = math.log(2.0 * math.pi)


@keras.saving.register_keras_serializable(package="keras_vae")
class FlowPrior(Prior):
    """p(z) of a masked autoregressive flow: standard normal noise bent several times.

    Density in one pass; a draw takes `n_steps * latent_dim` passes through a small network. Every other step has the
    order of the dimensions reversed. Before training it is the standard normal. As `prior=` of a model it is learned
    with it (the KL has no closed form; the models estimate it at their sample of z); `vae.fit_sampler(x, "maf")` fits
    one to the codes of a trained model.

    Args:
        n_steps: int >= 1.
        hidden_units: tuple of ints >= 1. Widths of the hidden layers of every step's network.
        activation: name or function. Activation of the hidden layers. One that is bounded, such as tanh, keeps the
            tails from becoming steeper the farther out they are.
        max_log_scale: float > 0. Bound of the log scale of a step.
        seed: int or None. Seed of the initial weights.

    References:
        Papamakarios et al. 2017, section 3.1. https://arxiv.org/abs/1705.07057
    """

    def __init__(self, n_steps=5, hidden_units=(64,), activation="tanh", max_log_scale=2.0, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.n_steps = check_int("n_steps", n_steps, 1)
        self.seed = seed
        self.networks = [
            MaskedAutoregressiveNetwork(
                hidden_units,
                activation,
                reverse=i % 2 == 1,
                max_log_scale=max_log_scale,
                seed=None if seed is None else seed + 1000 * i,
                name=f"step_{i}",
            )
            for i in range(self.n_steps)
        ]

    def build(self, input_shape):
        dim = check_int("latent_dim", input_shape[-1], 1)
        self.location = self.add_weight(name="location", shape=(dim,), initializer="zeros", trainable=False)
        self.scale = self.add_weight(name="scale", shape=(dim,), initializer="ones", trainable=False)
        for network in self.networks:
            network.build((None, dim))
        # One graph for draws of any number, also in eager mode, where the loops of TFP take long. In __dict__, where
        # Keras does not track it.
        spec = tf.TensorSpec((None, dim), tf.float32)
        self.__dict__["_bend"] = tf.function(lambda u: self._bijector().forward(u), input_signature=[spec])
        self.built = True

    def _bijector(self):
        """TFP's bijector from standard normal noise to z."""
        from tensorflow_probability import bijectors as tfb

        location, scale = tf.convert_to_tensor(self.location), tf.convert_to_tensor(self.scale)
        steps = [tfb.MaskedAutoregressiveFlow(network) for network in self.networks]
        return tfb.Chain([tfb.Shift(location), tfb.Scale(scale), *steps])

    def log_prob(self, z):
        # Not through TFP, which runs a network for the noise and once more for the determinant.
        u = (tf.cast(z, tf.float32) - self.location) / self.scale
        log_scale_sum = tf.reduce_sum(tf.math.log(self.scale))
        for network in self.networks:
            shift, log_scale = network(u)
            u = (u - shift) * tf.exp(-log_scale)
            log_scale_sum += tf.reduce_sum(log_scale, axis=-1)
        return -0.5 * tf.reduce_sum(tf.square(u) + LOG_2_PI, axis=-1) - log_scale_sum

    def sample(self, n, seed=None, temperature=1.0):
        """Draw latents: see `Prior.sample`; the temperature is that of the noise before it is bent."""
        dim = self.location.shape[0]
        u = standard_noise(n, dim, seed) * tf.cast(temperature, tf.float32)
        return tf.ensure_shape(self._bend(u), (None, dim))

    def sample_rows(self, seeds):
        dim = self.location.shape[0]
        # A product of matrices may round otherwise with more rows: each row alone.
        row_spec = tf.TensorSpec((dim,), tf.float32)
        u = standard_noise_of_rows(seeds, dim)
        return tf.map_fn(lambda row: self._bend(row[None])[0], u, fn_output_signature=row_spec)

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
