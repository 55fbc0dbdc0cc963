"""Disentanglement: whether every dimension of the code stands for one factor of the data, and the other way round."""

from keras_vae.evaluation.disentanglement.dci import completeness_of, dci, dci_importance, disentanglement_of
from keras_vae.evaluation.disentanglement.factor_vae_score import factor_vae_score, generated_factor_vae_score
from keras_vae.evaluation.disentanglement.mutual_information_gap import (
    information_histogram,
    information_posterior,
    mig_histogram,
    mig_posterior,
)
from keras_vae.evaluation.disentanglement.plot_factor_matrix import plot_factor_matrix
from keras_vae.evaluation.disentanglement.scores import code_scores, disentanglement_scores
from keras_vae.evaluation.disentanglement.separated_predictability import sap, sap_matrix

__all__ = [
    "disentanglement_scores",
    "code_scores",
    "mig_histogram",
    "mig_posterior",
    "information_histogram",
    "information_posterior",
    "sap",
    "sap_matrix",
    "dci",
    "dci_importance",
    "disentanglement_of",
    "completeness_of",
    "factor_vae_score",
    "generated_factor_vae_score",
    "plot_factor_matrix",
]


def __dir__():
    return __all__
