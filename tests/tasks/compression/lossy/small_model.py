"""A small model of lossy compression without training, whose latents are described as trained ones are."""

import numpy as np

from keras_vae.likelihoods.gaussian import Gaussian
from keras_vae.models.quantized_vae import QuantizedVAE
from keras_vae.priors.scale_hyperprior import ScaleHyperprior
from keras_vae.tasks.compression.lossy.networks import N_HYPER, make_networks


def images(n, shape=(16, 16, 1), seed=0):
    """Smooth images with some noise, uint8."""
    rng = np.random.default_rng(seed)
    rows, columns = (np.linspace(0.0, 3.0, side) for side in shape[:2])
    waves = np.sin(rng.uniform(0.5, 2.0, (n, 1, 1, shape[2])) * (rows[:, None] + columns)[None, ..., None])
    return np.clip(np.rint(127.5 + 90.0 * waves + rng.normal(scale=6.0, size=(n, *shape))), 0, 255).astype(np.uint8)


def small_model(shape=(16, 16, 1), seed=0):
    """The model before training; what is not zero before is moved, so that scales and densities differ."""
    encoder, decoder, hyper_decoder = make_networks(shape, seed)
    rng = np.random.default_rng(seed)
    kernel, bias = hyper_decoder.layers[-2].weights
    kernel.assign(0.1 * rng.normal(size=kernel.shape))
    bias.assign(rng.uniform(-1.0, 3.0, size=bias.shape))
    prior = ScaleHyperprior(hyper_decoder, N_HYPER)
    model = QuantizedVAE(encoder, decoder, prior, Gaussian(), seed=seed)
    prior.locs.assign(rng.normal(size=prior.locs.shape))
    return model
