"""The prior of compressed images: a few latents say how widely all others spread."""

import math
from typing import Any

import keras
import tensorflow as tf

from keras_vae._checks import check_int
from keras_vae.numerics import gaussian_log_mass, logistic_log_mass, uniform_of_normal
from keras_vae.priors.prior import Prior, standard_noise

# Standard deviation below which a latent is all but always 0, and what it costs is counted by the tails.
MIN_SCALE = 0.11
# Numbers of noise for a draw of a latent with a scale, and of one of the mixture.
N_NOISE = 2, 3
EDGE = 1e-6


@keras.saving.register_keras_serializable(package="keras_vae")
class ScaleHyperprior(Prior):
    """p(z) of z = [y, w]: w by a learned density of each element, y Gaussian around 0 with scales that w gives.

    Every element is convolved with uniform noise of width one: the density of a whole number is its probability, and
    `-log_prob` the length of a code of whole numbers. For `keras_vae.models.QuantizedVAE`.

    Args:
        hyper_decoder: built Keras model `w -> raw scale of y`, both of rank 2: scale = 0.11 + softplus(raw).
        n_channels: int >= 1. Elements of w come in channels, the last axis of the map that they are made of; those of a
            channel have one density, a mixture of logistic distributions.
        n_components: int >= 1. Components of each mixture.

    Raises:
        ValueError: if an argument is something else, or w cannot be divided into the channels.

    Examples:
        >>> hyper_decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(6)])
        >>> prior = kv.priors.ScaleHyperprior(hyper_decoder, n_channels=2)
        >>> prior.build((None, 8))
        >>> prior.log_prob(prior.sample(5)).shape
        TensorShape([5])

    References:
        Balle et al. 2018, eqs. 6 to 8. https://arxiv.org/abs/1802.01436
    """

    def __init__(self, hyper_decoder: keras.Model, n_channels: int, n_components: int = 3, **kwargs: Any):
        super().__init__(**kwargs)
        if not isinstance(hyper_decoder, keras.Model) or not hyper_decoder.built:
            raise ValueError(f"`hyper_decoder` must be a built Keras model. Received: hyper_decoder={hyper_decoder!r}")
        self.hyper_decoder = hyper_decoder
        self.n_channels = check_int("n_channels", n_channels, 1)
        self.n_components = check_int("n_components", n_components, 1)
        self.n_hyper, self.n_scaled = hyper_decoder.input_shape[-1], hyper_decoder.output_shape[-1]
        if self.n_hyper % self.n_channels:
            raise ValueError(
                f"`n_channels` must divide the {self.n_hyper} inputs of `hyper_decoder`. "
                f"Received: n_channels={n_channels}"
            )

    def build(self, input_shape):
        if input_shape[-1] != self.n_hyper + self.n_scaled:
            raise ValueError(
                f"`latent_dim` must be {self.n_scaled} + {self.n_hyper}, the outputs and inputs of `hyper_decoder`. "
                f"Received: latent_dim={input_shape[-1]}"
            )
        shape = self.n_channels, self.n_components
        # Components that start at the same place get the same gradient, and would stay one.
        places = [[2.0 * k - (self.n_components - 1.0) for k in range(self.n_components)]] * self.n_channels
        self.logits = self.add_weight(name="logits", shape=shape, initializer="zeros")
        self.locs = self.add_weight(name="locs", shape=shape, initializer="zeros")
        self.locs.assign(places)
        self.log_scales = self.add_weight(name="log_scales", shape=shape, initializer="zeros")
        self.built = True

    def split(self, z: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """`(y, w)` of a Tensor `(batch, latent_dim)`."""
        return z[:, : self.n_scaled], z[:, self.n_scaled :]

    def scales(self, w: tf.Tensor) -> tf.Tensor:
        """Standard deviations of y, `(batch, n_scaled)`, from w, `(batch, n_hyper)`."""
        return MIN_SCALE + tf.nn.softplus(tf.cast(self.hyper_decoder(w), tf.float32))

    def log_prob(self, z):
        y, w = self.split(tf.cast(z, tf.float32))
        of_y = gaussian_log_mass(y, self.scales(w))
        by_channel = tf.reshape(w, (-1, self.n_hyper // self.n_channels, self.n_channels))[..., None]
        of_components = logistic_log_mass(by_channel, tf.convert_to_tensor(self.locs), self._bounded_log_scales())
        of_w = tf.reduce_logsumexp(tf.nn.log_softmax(self.logits) + of_components, axis=-1)
        return tf.reduce_sum(of_y, axis=-1) + tf.reduce_sum(of_w, axis=(1, 2))

    def _bounded_log_scales(self):
        return tf.maximum(tf.convert_to_tensor(self.log_scales), math.log(MIN_SCALE))

    def sample(self, n, seed=None, temperature=1.0):
        return self._drawn(standard_noise(n, self._n_noise, seed), temperature)

    @property
    def _n_noise(self):
        return N_NOISE[0] * self.n_scaled + N_NOISE[1] * self.n_hyper

    def _drawn(self, noise, temperature):
        temperature = tf.cast(temperature, tf.float32)
        of_y, of_w = noise[:, : N_NOISE[0] * self.n_scaled], noise[:, N_NOISE[0] * self.n_scaled :]
        choice, place, rest = tf.split(of_w, N_NOISE[1], axis=-1)
        w = self._base_of_w(uniform_of_normal(choice), uniform_of_normal(place), temperature)
        w = w + temperature * (uniform_of_normal(rest) - 0.5)
        normal, rest = tf.split(of_y, N_NOISE[0], axis=-1)
        y = temperature * (self.scales(w) * normal + uniform_of_normal(rest) - 0.5)
        return tf.concat([y, w], axis=-1)

    def _base_of_w(self, choice, place, temperature):
        """w without the noise of width one, from two uniform numbers of each element."""
        repeats = self.n_hyper // self.n_channels
        limits = tf.math.cumsum(tf.nn.softmax(self.logits), axis=-1, exclusive=True)
        choice = tf.reshape(choice, (-1, repeats, self.n_channels, 1))
        chosen = tf.reduce_sum(tf.cast(choice >= limits, tf.int32), axis=-1) - 1
        chosen = tf.one_hot(tf.maximum(chosen, 0), self.n_components)
        loc, log_scale = (
            tf.reshape(tf.reduce_sum(chosen * weight, axis=-1), (-1, self.n_hyper))
            for weight in (tf.convert_to_tensor(self.locs), self._bounded_log_scales())
        )
        place = tf.clip_by_value(place, EDGE, 1.0 - EDGE)
        return loc + temperature * tf.exp(log_scale) * (tf.math.log(place) - tf.math.log1p(-place))

    def get_config(self):
        return {
            **super().get_config(),
            "hyper_decoder": keras.saving.serialize_keras_object(self.hyper_decoder),
            "n_channels": self.n_channels,
            "n_components": self.n_components,
        }

    @classmethod
    def from_config(cls, config):
        hyper_decoder = keras.saving.deserialize_keras_object(config["hyper_decoder"])
        return cls(**{**config, "hyper_decoder": hyper_decoder})
