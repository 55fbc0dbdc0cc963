"""A mixture of discretized logistics over the channels of a pixel, as a distribution of TensorFlow Probability."""

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from keras_vae.likelihoods.pixel_mixture import PixelMixture


class PixelMixtureDistribution(tfd.Distribution):
    """One pixel of whole grey values per batch element, `(channels,)`.

    Args:
        mixture: `PixelMixture` with float32 tensors.
    """

    def __init__(self, mixture: PixelMixture):
        super().__init__(
            dtype=tf.float32,
            reparameterization_type=tfd.NOT_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=True,
            parameters={"mixture": mixture},
            name="PixelMixture",
        )
        self._mixture = mixture

    def _batch_shape(self):
        return self._mixture.log_weights.shape[:-1]

    def _batch_shape_tensor(self):
        return tf.shape(self._mixture.log_weights)[:-1]

    def _event_shape(self):
        return tf.TensorShape([self._mixture.n_channels])

    def _event_shape_tensor(self):
        return tf.constant([self._mixture.n_channels])

    def _log_prob(self, x):
        return tf.reduce_sum(self._mixture.log_prob_by_channel(x), axis=-1)

    def _mean(self):
        return self._mixture.mean()

    def _sample_n(self, n, seed=None):
        return PixelMixture(*(tf.repeat(t[None], n, axis=0) for t in self._mixture)).sample(seed)
