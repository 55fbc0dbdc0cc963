"""Mixture of discretized logistics over the channels of a pixel: 8-bit grey and colour images."""

from typing import Any

import keras
import tensorflow as tf

from keras_vae._checks import check_int, check_number
from keras_vae.likelihoods.base import Likelihood
from keras_vae.likelihoods.bounds import soft_ceiling, soft_floor
from keras_vae.likelihoods.discretized_logistic import DiscretizedLogistic
from keras_vae.likelihoods.pixel_mixture import PixelMixture


@keras.saving.register_keras_serializable(package="keras_vae")
class DiscretizedLogisticMixture(Likelihood):
    """Whole grey values 0 to 255 of images with 1 or 3 channels: a mixture for every pixel, over its channels together.

    Every component has a discretized logistic per channel, as `DiscretizedLogistic`. In colour the location of green
    moves with the value of red, that of blue with both: with v = value / 127.5 - 1,

        location_green = m_green + a * v_red        location_blue = m_blue + b * v_red + c * v_green

    The decoder puts out, for every pixel, M logits of the components; M locations per channel; M raw log scales per
    channel; in colour M raw coefficients a, then b, then c, each through tanh. Locations and scales are on the [-1, 1]
    scale.

    Args:
        n_components: int >= 1. M.
        min_log_scale: float. Lower bound of the log scale on the [-1, 1] scale; -7 is 0.12 grey levels.
        max_log_scale: float. Upper bound; at 7 nearly all mass is at the two end values.

    Raises:
        ValueError: if `n_components` is not a whole number >= 1, a bound is not a number in [-50, 50], or
            `min_log_scale` is not smaller than `max_log_scale`.

    References:
        Salimans et al. 2017 (PixelCNN++), eqs. 2 and 3. https://arxiv.org/abs/1701.05517
        Child 2021 (VDVAE), section 4, as the likelihood of a VAE. https://arxiv.org/abs/2011.10650
    """

    values = "grey_levels"
    support = "whole grey values from 0 to 255"
    low = 0
    high = 255
    integer = True
    fixed = ("n_components", "min_log_scale", "max_log_scale")

    hint = DiscretizedLogistic.hint
    input_layers = DiscretizedLogistic.input_layers

    def __init__(self, n_components: int = 3, min_log_scale: float = -7.0, max_log_scale: float = 7.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.n_components = check_int("n_components", n_components, 1)
        self.min_log_scale = check_number("min_log_scale", min_log_scale, minimum=-50.0, maximum=50.0)
        self.max_log_scale = check_number(
            "max_log_scale", max_log_scale, minimum=self.min_log_scale, maximum=50.0, exclusive=True
        )

    def get_config(self):
        names = ("n_components", "min_log_scale", "max_log_scale")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}

    # ---- shapes: parameters belong to a pixel, not to one of its channels ----

    @property
    def _params_per_pixel(self):
        """Parameters per pixel by the number of channels."""
        return {1: 3 * self.n_components, 3: 10 * self.n_components}

    def params_shape(self, event_shape):
        event_shape = self._check_rank("event_shape", event_shape)
        if event_shape[-1] not in self._params_per_pixel:
            raise ValueError(
                f"`event_shape` must end in 1 or 3 channels for the likelihood {type(self).__name__}. "
                f"Received: event_shape={event_shape}"
            )
        return (*event_shape[:-1], self._params_per_pixel[event_shape[-1]])

    def event_shape(self, params_shape):
        params_shape = self._check_rank("params_shape", params_shape)
        for channels, n_params in self._params_per_pixel.items():
            if params_shape[-1] == n_params:
                return (*params_shape[:-1], channels)
        wanted = " or ".join(f"{n} for {channels}" for channels, n in self._params_per_pixel.items())
        return self._refuse_decoder(f"a last axis of parameters, {wanted} channels", params_shape)

    # ---- the mixture ----

    def _mixture(self, x_params):
        m = self.n_components
        channels = self.event_shape(x_params.shape[1:])[-1]
        sizes = [m, channels * m, channels * m, x_params.shape[-1] - (1 + 2 * channels) * m]
        logits, locations, raw, coefficients = tf.split(x_params, sizes, axis=-1)
        locations, raw, coefficients = (_by_component(t, m) for t in (locations, raw, coefficients))
        log_scales = soft_ceiling(soft_floor(raw, self.min_log_scale), self.max_log_scale)
        return PixelMixture(tf.nn.log_softmax(logits), locations, log_scales, tf.tanh(coefficients))

    def _log_prob(self, x, x_params):
        return self._mixture(x_params).log_prob_by_channel(x)

    def _mean(self, x_params):
        return self._mixture(x_params).mean()

    def _sample(self, x_params, seed):
        return self._mixture(x_params).sample(seed)

    def _distribution(self, x_params):
        from tensorflow_probability import distributions as tfd

        from keras_vae.likelihoods.pixel_mixture_distribution import PixelMixtureDistribution

        pixels = PixelMixtureDistribution(self._mixture(x_params))
        return tfd.Independent(pixels, reinterpreted_batch_ndims=len(pixels.batch_shape) - 1)

    def _elements(self, x_params):
        raise NotImplementedError("The channels of a pixel are no single elements: see `distribution`.")

    def _check_mask(self, mask, x):
        mask = super()._check_mask(mask, x)
        if mask.shape[-1] != 1:
            raise ValueError(
                f"`mask` must hide whole pixels under the likelihood {type(self).__name__}, whose channels depend on "
                f"each other: shape {tuple(x.shape[:-1])}. Received: mask.shape={tuple(mask.shape)}"
            )
        return mask


def _by_component(tensor, m):
    """`(..., k * m)` as `(..., k, m)`."""
    return tf.reshape(tensor, tf.concat([tf.shape(tensor)[:-1], [tensor.shape[-1] // m, m]], axis=0))
