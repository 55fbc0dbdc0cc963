"""Layers: the sampling layer, posterior flows and the priors."""

from keras_vae.layers.decoder_prior import DecoderPrior
from keras_vae.layers.fitted_mixture import GaussianMixtureSampler
from keras_vae.layers.flow_prior import FlowPrior
from keras_vae.layers.inverse_autoregressive_flow import InverseAutoregressiveFlow
from keras_vae.layers.masked_autoregressive import MaskedAutoregressiveNetwork
from keras_vae.layers.mixture_prior import MixtureOfGaussians
from keras_vae.layers.prior import Prior
from keras_vae.layers.sampling import Sampling
from keras_vae.layers.standard_normal import StandardNormal
from keras_vae.layers.vamp_prior import VampPrior

__all__ = [
    "DecoderPrior",
    "FlowPrior",
    "GaussianMixtureSampler",
    "InverseAutoregressiveFlow",
    "MaskedAutoregressiveNetwork",
    "MixtureOfGaussians",
    "Prior",
    "Sampling",
    "StandardNormal",
    "VampPrior",
]
