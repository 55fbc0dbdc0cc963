"""Layers that models are made of: sampling, posterior flows, codebooks, standardisation, holes of data, sparse rows."""

from keras_vae.layers.attention_block import AttentionBlock
from keras_vae.layers.causal_conv import CausalConv2D
from keras_vae.layers.class_labels import ClassLabels
from keras_vae.layers.fill_holes import FillHoles
from keras_vae.layers.inverse_autoregressive_flow import InverseAutoregressiveFlow
from keras_vae.layers.masked_autoregressive_network import MaskedAutoregressiveNetwork
from keras_vae.layers.partial_labels import PartialLabels
from keras_vae.layers.recurrent_steps import RecurrentSteps
from keras_vae.layers.sampling import Sampling
from keras_vae.layers.sparse_dense import SparseDense
from keras_vae.layers.spectral_conv import SpectralConv2D
from keras_vae.layers.standardize import Standardize
from keras_vae.layers.two_level_softmax import TwoLevelSoftmax, frequent_classes
from keras_vae.layers.unit_rows import UnitRows
from keras_vae.layers.vector_quantizer import VectorQuantizer
from keras_vae.layers.word_dropout import WordDropout

__all__ = [
    "AttentionBlock",
    "CausalConv2D",
    "ClassLabels",
    "FillHoles",
    "InverseAutoregressiveFlow",
    "MaskedAutoregressiveNetwork",
    "PartialLabels",
    "RecurrentSteps",
    "Sampling",
    "SparseDense",
    "SpectralConv2D",
    "Standardize",
    "TwoLevelSoftmax",
    "UnitRows",
    "VectorQuantizer",
    "frequent_classes",
    "WordDropout",
]


def __dir__():
    return __all__
