"""The prior of compressed images: a few latents describe the first part of the others, that part the next, and on."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from keras_vae._checks import check_int
from keras_vae.numerics import gaussian_log_mass, logistic_log_mass, uniform_of_normal
from keras_vae.priors.prior import Prior, standard_noise

# Standard deviation below which a latent is all but always one number, and what others cost is counted by the tails.
MIN_SCALE = 0.11
# Numbers of noise for a draw of an element of w, and of one of y.
N_NOISE_W, N_NOISE_Y = 3, 2
EDGE = 1e-6


def parts_of(networks: Sequence[Callable], choose: Callable) -> list:
    """Go through the parts of z, each described by those before.

    Args:
        networks: list of callables, as `Hyperprior` takes them.
        choose: Callable `(number, raw_scale, mean)` that returns the part of this number, shape `(batch, dim)`. Number
            0 is w, which nothing describes: there raw_scale and mean are None.

    Returns:
        list of the parts.
    """
    parts, features = [choose(0, None, None)], []
    for number, network in enumerate(networks, 1):
        inputs = [*features, parts[-1]]
        *features, raw_scale, mean = network(inputs if features else inputs[0])
        parts.append(choose(number, raw_scale, mean))
    return parts


@keras.saving.register_keras_serializable(package="keras_vae")
class Hyperprior(Prior):
    """p(z) of z = [w, y_1, ..., y_K]: w by a learned density of each element, every y_k Gaussian given all before it.

    Every element is convolved with uniform noise of width one: the density of a whole number is its probability, and
    `-log_prob` the length of a code of whole numbers. For `keras_vae.models.QuantizedVAE`.

    Args:
        networks: list of built Keras models, one for each y_k. They put out `[features, raw scale, mean]`, the last one
            `[raw scale, mean]`: scale = 0.11 + softplus(raw scale). The first takes w, the others `[features, y]` with
            the features of the one before and the part that it describes. Parts, scales and means have rank 2.
        n_components: int >= 1. The density of an element of w is a mixture of so many logistic distributions.

    Raises:
        ValueError: if an argument is something else, or the networks do not fit each other.

    Examples:
        >>> w = keras.Input((2,))
        >>> network = keras.Model(w, [keras.layers.Dense(6)(w), keras.layers.Dense(6)(w)])
        >>> prior = kv.priors.Hyperprior([network])
        >>> prior.build((None, 8))
        >>> prior.log_prob(prior.sample(5)).shape
        TensorShape([5])

    References:
        Balle et al. 2018, eqs. 6 to 8 (one network of scales). https://arxiv.org/abs/1802.01436
        Minnen et al. 2018, eq. 3 (means too). https://arxiv.org/abs/1809.02736
        Minnen & Singh 2020, section 2 (channels in parts). https://arxiv.org/abs/2007.08739
    """

    def __init__(self, networks: Sequence[keras.Model], n_components: int = 3, **kwargs: Any):
        super().__init__(**kwargs)
        if not isinstance(networks, (list, tuple)) or not networks or not all(map(_is_built, networks)):
            raise ValueError(f"`networks` must be a list of built Keras models. Received: networks={networks!r}")
        self.networks = list(networks)
        self.n_components = check_int("n_components", n_components, 1)
        dims = [_dim_of_input(i, network) for i, network in enumerate(self.networks)]
        for i, network in enumerate(self.networks):
            following = dims[i + 1] if i + 1 < len(dims) else None
            dim = _check_outputs(i, network, following)
        self.part_dims = (*dims, dim)

    def build(self, input_shape):
        if input_shape[-1] != sum(self.part_dims):
            raise ValueError(
                f"`latent_dim` must be {' + '.join(map(str, self.part_dims))}, the parts of `networks`. "
                f"Received: latent_dim={input_shape[-1]}"
            )
        shape = self.part_dims[0], self.n_components
        # Components that start at the same place get the same gradient, and would stay one.
        places = [[2.0 * k - (self.n_components - 1.0) for k in range(self.n_components)]] * shape[0]
        self.logits = self.add_weight(name="logits", shape=shape, initializer="zeros")
        self.locs = self.add_weight(name="locs", shape=shape, initializer="zeros")
        self.locs.assign(places)
        self.log_scales = self.add_weight(name="log_scales", shape=shape, initializer="zeros")
        self.built = True

    def log_prob(self, z):
        given = tf.split(tf.cast(z, tf.float32), self.part_dims, axis=-1)
        found = []

        def choose(number, raw_scale, mean):
            of_part = given[number]
            of_part = self._log_prob_of_w(of_part) if number == 0 else _log_prob_of_y(of_part, raw_scale, mean)
            found.append(tf.reduce_sum(of_part, axis=-1))
            return given[number]

        parts_of(self.networks, choose)
        return tf.add_n(found)

    def _log_prob_of_w(self, w):
        of_components = logistic_log_mass(w[..., None], tf.convert_to_tensor(self.locs), self._bounded_log_scales())
        return tf.reduce_logsumexp(tf.nn.log_softmax(self.logits) + of_components, axis=-1)

    def _bounded_log_scales(self):
        return tf.maximum(tf.convert_to_tensor(self.log_scales), math.log(MIN_SCALE))

    def sample(self, n, seed=None, temperature=1.0):
        noise = standard_noise(n, N_NOISE_W * self.part_dims[0] + N_NOISE_Y * sum(self.part_dims[1:]), seed)
        return self._drawn(noise, tf.cast(temperature, tf.float32))

    def _drawn(self, noise, temperature):
        sizes = [N_NOISE_W * self.part_dims[0], *(N_NOISE_Y * dim for dim in self.part_dims[1:])]
        noise = tf.split(noise, sizes, axis=-1)

        def choose(number, raw_scale, mean):
            if number == 0:
                choice, place, rest = tf.split(noise[0], N_NOISE_W, axis=-1)
                base = self._base_of_w(uniform_of_normal(choice), uniform_of_normal(place), temperature)
            else:
                normal, rest = tf.split(noise[number], N_NOISE_Y, axis=-1)
                base = tf.cast(mean, tf.float32) + temperature * scale_of(raw_scale) * normal
            return base + temperature * (uniform_of_normal(rest) - 0.5)

        return tf.concat(parts_of(self.networks, choose), axis=-1)

    def _base_of_w(self, choice, place, temperature):
        """w without the noise of width one, from two uniform numbers of each element."""
        limits = tf.math.cumsum(tf.nn.softmax(self.logits), axis=-1, exclusive=True)
        chosen = tf.reduce_sum(tf.cast(choice[..., None] >= limits, tf.int32), axis=-1) - 1
        chosen = tf.one_hot(tf.maximum(chosen, 0), self.n_components)
        loc, log_scale = (
            tf.reduce_sum(chosen * weight, axis=-1)
            for weight in (tf.convert_to_tensor(self.locs), self._bounded_log_scales())
        )
        place = tf.clip_by_value(place, EDGE, 1.0 - EDGE)
        return loc + temperature * tf.exp(log_scale) * (tf.math.log(place) - tf.math.log1p(-place))

    def get_config(self):
        networks = [keras.saving.serialize_keras_object(network) for network in self.networks]
        return {**super().get_config(), "networks": networks, "n_components": self.n_components}

    @classmethod
    def from_config(cls, config):
        networks = [keras.saving.deserialize_keras_object(network) for network in config["networks"]]
        return cls(**{**config, "networks": networks})


def scale_of(raw_scale: tf.Tensor) -> tf.Tensor:
    """Standard deviation of a part, from what a network says."""
    return MIN_SCALE + tf.nn.softplus(tf.cast(raw_scale, tf.float32))


def _log_prob_of_y(y, raw_scale, mean):
    return gaussian_log_mass(y - tf.cast(mean, tf.float32), scale_of(raw_scale))


def _is_built(network):
    return isinstance(network, keras.Model) and network.built


def _dim_of_input(i, network):
    """Elements of the part that a network takes."""
    shapes = network.input_shape if isinstance(network.input_shape, list) else [network.input_shape]
    if len(shapes) != min(i, 1) + 1 or len(shapes[-1]) != 2:
        wanted = "[features, y] with y" if i else "w"
        raise ValueError(
            f"`networks[{i}]` must take {wanted} of shape (batch, dim). "
            f"Received: a model that takes {network.input_shape}"
        )
    return shapes[-1][-1]


def _check_outputs(i, network, following):
    """Elements of the part that a network describes.

    Args:
        following: int, elements of the part that the next network takes, or None for the last one.
    """
    shapes = network.output_shape
    wanted = "[raw scale, mean]" if following is None else "[features, raw scale, mean]"
    n_outputs = 2 if following is None else 3
    fits = isinstance(shapes, list) and len(shapes) == n_outputs
    if not fits or shapes[-1] != shapes[-2] or len(shapes[-1]) != 2:
        raise ValueError(
            f"`networks[{i}]` must put out {wanted}, the last two of one shape (batch, dim). "
            f"Received: a model that puts out {shapes}"
        )
    dim = shapes[-1][-1]
    if following not in (None, dim):
        raise ValueError(
            f"`networks[{i}]` must describe the {following} elements that `networks[{i + 1}]` takes. "
            f"Received: a model of {dim}"
        )
    return dim
