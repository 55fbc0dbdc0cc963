"""Priors p(z): the densities of the latents, to draw from and to compare posteriors with."""

from keras_vae.priors.conditional_normal import ConditionalNormal
from keras_vae.priors.decoder_prior import DecoderPrior
from keras_vae.priors.flow_prior import FlowPrior
from keras_vae.priors.gaussian_mixture_sampler import GaussianMixtureSampler
from keras_vae.priors.hyperprior import Hyperprior
from keras_vae.priors.mixture_of_gaussians import MixtureOfGaussians
from keras_vae.priors.pixel_cnn_prior import PixelCNNPrior
from keras_vae.priors.prior import Prior
from keras_vae.priors.standard_normal import StandardNormal
from keras_vae.priors.top_down_prior import TopDownPrior
from keras_vae.priors.vamp_prior import VampPrior

__all__ = [
    "ConditionalNormal",
    "DecoderPrior",
    "FlowPrior",
    "GaussianMixtureSampler",
    "Hyperprior",
    "MixtureOfGaussians",
    "PixelCNNPrior",
    "Prior",
    "StandardNormal",
    "TopDownPrior",
    "VampPrior",
]


def __dir__():
    return __all__
