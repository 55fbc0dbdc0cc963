"""A small model of lossy compression without training, whose latents are described as trained ones are."""

import numpy as np
import tensorflow as tf

from keras_vae.likelihoods.gaussian import Gaussian
from keras_vae.models.quantized_vae import QuantizedVAE
from keras_vae.priors.hyperprior import Hyperprior, parts_of, scale_of
from keras_vae.tasks.compression.lossy.networks import make_networks


def images(n, shape=(16, 16, 1), seed=0):
    """Smooth images with some noise, uint8."""
    rng = np.random.default_rng(seed)
    rows, columns = (np.linspace(0.0, 3.0, side) for side in shape[:2])
    waves = np.sin(rng.uniform(0.5, 2.0, (n, 1, 1, shape[2])) * (rows[:, None] + columns)[None, ..., None])
    return np.clip(np.rint(127.5 + 90.0 * waves + rng.normal(scale=6.0, size=(n, *shape))), 0, 255).astype(np.uint8)


def small_model(shape=(16, 16, 1), seed=0):
    """The model before training; what is not zero before is moved, so that scales and densities differ."""
    encoder, decoder, networks = make_networks(shape, seed)
    rng, prior = np.random.default_rng(seed), Hyperprior(networks)
    for network in networks:
        raw_scale, mean = (network.get_layer(name) for name in _last_convolutions(network))
        raw_scale.kernel.assign(0.1 * rng.normal(size=raw_scale.kernel.shape))
        raw_scale.bias.assign(rng.uniform(-1.0, 3.0, size=raw_scale.bias.shape))
        mean.kernel.assign(0.1 * rng.normal(size=mean.kernel.shape))
        mean.bias.assign(rng.normal(size=mean.bias.shape))
    model = QuantizedVAE(encoder, decoder, prior, Gaussian(), seed=seed)
    prior.locs.assign(rng.normal(size=prior.locs.shape))
    return model


def drawn_code(prior, n, seed=0):
    """Whole numbers as the prior has them, int64 `(n, latent_dim)`."""
    rng = np.random.default_rng(seed)

    def choose(number, raw_scale, mean):
        noise = rng.normal(size=(n, prior.part_dims[number]))
        base = 2.0 * noise if number == 0 else mean.numpy() + scale_of(raw_scale).numpy() * noise
        return tf.constant(np.rint(base), tf.float32)

    return np.concatenate(parts_of(prior.networks, choose), axis=1).astype(np.int64)


def _last_convolutions(network):
    return [layer.name for layer in network.layers if "conv" in layer.name][-2:]
