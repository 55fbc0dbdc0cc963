"""Layers: the sampling layer and the priors."""

from keras_vae.layers.mixture_prior import MixtureOfGaussians
from keras_vae.layers.prior import Prior
from keras_vae.layers.sampling import Sampling
from keras_vae.layers.standard_normal import StandardNormal
from keras_vae.layers.vamp_prior import VampPrior

__all__ = ["MixtureOfGaussians", "Prior", "Sampling", "StandardNormal", "VampPrior"]
