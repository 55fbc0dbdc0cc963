"""The training of a lossy compressor, as a `Task`: one model for all rates."""

import math

import numpy as np
import tensorflow as tf

from keras_vae.likelihoods.gaussian import Gaussian
from keras_vae.models.quantized_vae import QuantizedVAE
from keras_vae.optimizers import Adam
from keras_vae.priors.hyperprior import Hyperprior
from keras_vae.tasks.compression.lossy.networks import make_networks
from keras_vae.tasks.setting import COMMON, Setting, number
from keras_vae.tasks.task import Task

BATCH_SIZE = 16
STEPS = 30_000
# Early in a training the errors are large against the standard deviation, and so are the gradients.
CLIP_NORM = 200.0
_GREY = number(0.0, exclusive=True)
SETTINGS = {
    "least_stddev": Setting(_GREY, 2.0, "Least standard deviation of p(x|z), in grey levels."),
    "most_stddev": Setting(_GREY, 40.0, "Largest standard deviation of p(x|z), in grey levels."),
    **COMMON,
}


class LossyTask(Task):
    """Train a `QuantizedVAE` of images for standard deviations of p(x|z) between two bounds.

    Every example of a step has a standard deviation of its own, drawn evenly on a logarithmic scale, which encoder and
    decoder are told: one model learns all weights of an error against a bit.

    References:
        Balle et al. 2018 (scale hyperprior). https://arxiv.org/abs/1802.01436
        Cui et al. 2021 (one model for all rates). https://arxiv.org/abs/2003.02012
    """

    settings = SETTINGS

    def n_wanted_steps(self, data):
        return STEPS

    def default_batch_size(self, data):
        return BATCH_SIZE

    def build_model(self):
        seed = self.settings_["seed"]
        encoder, decoder, prior_networks = make_networks(self.event_shape_, seed)
        model = QuantizedVAE(encoder, decoder, Hyperprior(prior_networks), Gaussian(), seed=seed)
        model.compile(Adam(self.settings_["learning_rate"], clipnorm=CLIP_NORM))
        return model

    def batches(self, data, start_epoch=0):
        first = start_epoch * self.steps_per_epoch(data)
        low, high = self._log_bounds()
        seed = self.settings_["seed"]

        def with_stddev(step, x):
            # Beside the seeds of the order, whose second number is that of an epoch, shifted.
            drawn = tf.random.stateless_uniform((tf.shape(x)[0], 1), tf.stack([seed + 1, step]), low, high)
            return ((x, drawn),)

        return super().batches(data, start_epoch).enumerate(first).map(with_stddev)

    def validation_rows(self, data):
        x = super().validation_rows(data)
        if x is None:
            return None
        low, high = self._log_bounds()
        # Evenly over the range, in an order that has nothing to do with that of the rows.
        share = np.random.default_rng(self.settings_["seed"]).permutation((np.arange(len(x)) + 0.5) / len(x))
        log_stddev = (low + (high - low) * share[:, None]).astype(np.float32)
        return tf.data.Dataset.from_tensor_slices(((x, log_stddev),)).batch(256)

    def _log_bounds(self):
        return math.log(self.settings_["least_stddev"]), math.log(self.settings_["most_stddev"])
