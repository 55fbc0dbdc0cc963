"""Objectives: what a training step minimises, for a model of any graph that can compute it."""

from keras_vae.objectives.adversarial import Adversarial
from keras_vae.objectives.elbo import ELBO
from keras_vae.objectives.importance_weighted import ImportanceWeighted
from keras_vae.objectives.labelled_elbo import LabelledELBO
from keras_vae.objectives.mmd import MMD
from keras_vae.objectives.objective import Objective
from keras_vae.objectives.past_posterior import PastPosterior
from keras_vae.objectives.pieces import Pieces
from keras_vae.objectives.total_correlation import TotalCorrelation
from keras_vae.objectives.vector_quantized_elbo import VectorQuantizedELBO

__all__ = [
    "Adversarial",
    "ELBO",
    "ImportanceWeighted",
    "LabelledELBO",
    "MMD",
    "Objective",
    "PastPosterior",
    "Pieces",
    "TotalCorrelation",
    "VectorQuantizedELBO",
]


def __dir__():
    return __all__
