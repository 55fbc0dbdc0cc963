"""Layers that models are made of: sampling, posterior flows, standardisation and holes of data."""

from keras_vae.layers.fill_holes import FillHoles
from keras_vae.layers.inverse_autoregressive_flow import InverseAutoregressiveFlow
from keras_vae.layers.masked_autoregressive_network import MaskedAutoregressiveNetwork
from keras_vae.layers.sampling import Sampling
from keras_vae.layers.standardize import Standardize

__all__ = [
    "FillHoles",
    "InverseAutoregressiveFlow",
    "MaskedAutoregressiveNetwork",
    "Sampling",
    "Standardize",
]


def __dir__():
    return __all__
