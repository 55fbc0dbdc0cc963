"""The decoder of a ladder VAE: one network per stochastic layer, from the top to the data."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

# An outlier in an upper latent can drive the log variance of the next layer so high that its exponential is infinite:
# 480 was seen for one image of MNIST after some hundred epochs.
P_LOG_VAR_RANGE = (-30.0, 10.0)


@keras.saving.register_keras_serializable(package="keras_vae")
class TopDownDecoder(keras.Model):
    """Decoder of several stochastic layers: each network takes a latent and prepares the prior of the next one.

    The latents of all layers stand side by side in one z, the top layer first: the model has one code per example, as
    every other model.

    Args:
        networks: list of Keras models from the top to the data. The first takes the z of its layer, the others
            `[features, z]`. The last puts out `x_params`, the others `[features, p_mean, p_log_var]`: the features that
            the next network takes, and the Gaussian prior of the next latent. p_log_var is clipped to [-30, 10].

    Raises:
        ValueError: if the networks do not fit each other.

    References:
        Sonderby et al. 2016, eqs. 1 to 3 (the generative model). https://arxiv.org/abs/1602.02282
    """

    def __init__(self, networks: Sequence[keras.Model], **kwargs: Any):
        super().__init__(**{"autocast": False, **kwargs})
        if not isinstance(networks, (list, tuple)) or not networks:
            raise ValueError(f"`networks` must be a list of Keras models. Received: networks={networks!r}")
        self.networks = list(networks)
        self.latent_dims = tuple(_latent_dim(i, network) for i, network in enumerate(self.networks))
        for i, network in enumerate(self.networks[:-1]):
            _check_outputs(i, network, self.latent_dims[i + 1])
        self.build((None, sum(self.latent_dims)))

    def build(self, input_shape):
        self.built = True

    @property
    def input_shape(self):
        return (None, sum(self.latent_dims))

    def descend(
        self,
        choose: Callable[[int, tf.Tensor | None, tf.Tensor | None], tf.Tensor],
        training: bool = False,
        to_data: bool = True,
    ) -> tf.Tensor | None:
        """Go from the top to the data.

        Args:
            choose: Callable `(layer, p_mean, p_log_var)` that returns the latent of a layer, shape
                `(batch, latent_dims[layer])`. Layer 0 is the top, whose prior is standard normal: there p_mean and
                p_log_var are None.
            training: bool. Whether the networks run in training mode.
            to_data: bool. Whether to run the last network too, on which no latent depends.

        Returns:
            x_params: Tensor, shape `(batch, *params_shape)`; None if not `to_data`.
        """
        features, p = None, (None, None)
        for layer, network in enumerate(self.networks):
            z = choose(layer, *p)
            if layer == len(self.networks) - 1 and not to_data:
                return None
            outputs = network(z if features is None else [features, z], training=training)
            if layer < len(self.networks) - 1:
                features, *p = outputs
                p_mean, p_log_var = (tf.cast(tensor, tf.float32) for tensor in p)
                p = p_mean, tf.clip_by_value(p_log_var, *P_LOG_VAR_RANGE)
        return outputs

    def split(self, z: tf.Tensor) -> list[tf.Tensor]:
        """The latents of all layers, from `(batch, sum(latent_dims))` to a list."""
        ends = list(itertools.accumulate(self.latent_dims))
        return [z[:, end - dim : end] for dim, end in zip(self.latent_dims, ends, strict=True)]

    def call(self, z, training=False):
        latents = self.split(z)
        return self.descend(lambda layer, p_mean, p_log_var: latents[layer], training)

    def compute_output_shape(self, input_shape):
        return self.networks[-1].output_shape

    def get_config(self):
        networks = [keras.saving.serialize_keras_object(network) for network in self.networks]
        return {"networks": networks, "name": self.name, "trainable": self.trainable}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        networks = [keras.saving.deserialize_keras_object(n, custom_objects=custom_objects) for n in config["networks"]]
        decoder = cls(networks, name=config["name"])
        decoder.trainable = config["trainable"]
        return decoder


def _latent_dim(i, network):
    shapes = network.input_shape if i else [None, network.input_shape]
    if not isinstance(shapes, list) or len(shapes) != 2 or len(shapes[1]) != 2:
        wanted = "[features, z]" if i else "z"
        raise ValueError(
            f"`networks[{i}]` must take {wanted}, z of shape (batch, latent_dim). "
            f"Received: a model that takes {network.input_shape}"
        )
    return shapes[1][-1]


def _check_outputs(i, network, next_dim):
    shapes = network.output_shape
    if not isinstance(shapes, list) or len(shapes) != 3 or any(tuple(s) != (None, next_dim) for s in shapes[1:]):
        raise ValueError(
            f"`networks[{i}]` must put out [features, p_mean, p_log_var], the prior of the {next_dim} latents that "
            f"`networks[{i + 1}]` takes. Received: a model that puts out {shapes}"
        )
