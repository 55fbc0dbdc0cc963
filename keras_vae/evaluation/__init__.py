"""Evaluation: bounds on the likelihood, latent health, disentanglement and pictures."""

from keras_vae.evaluation.annealed_log_prob import annealed_log_prob
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
from keras_vae.evaluation.estimate import Estimate
from keras_vae.evaluation.health.check_health import HealthReport, check_health
from keras_vae.evaluation.health.decoder import code_use, exchange_rate
from keras_vae.evaluation.health.plot_health import plot_health
from keras_vae.evaluation.health.prior import holes, uncovered_codes
from keras_vae.evaluation.health.remedies import Remedy
from keras_vae.evaluation.health.residuals import residual_gain
from keras_vae.evaluation.kl_split import KLSplit, kl_split, log_aggregate
from keras_vae.evaluation.latent import active_units, kl_per_dim
from keras_vae.evaluation.likelihood import Bounds, bits_per_dim, estimate_bounds
from keras_vae.evaluation.plots import (
    animate_interpolation,
    animate_traversals,
    plot_grid,
    plot_history,
    plot_kl_per_dim,
    plot_latent_map,
    plot_manifold,
    plot_reconstructions,
    plot_samples,
    plot_tokens,
    plot_traversals,
)

__all__ = [
    "Estimate",
    "Bounds",
    "estimate_bounds",
    "annealed_log_prob",
    "bits_per_dim",
    "active_units",
    "kl_per_dim",
    "KLSplit",
    "kl_split",
    "log_aggregate",
    "HealthReport",
    "Remedy",
    "check_health",
    "plot_health",
    "code_use",
    "exchange_rate",
    "residual_gain",
    "holes",
    "uncovered_codes",
    "plot_grid",
    "plot_history",
    "plot_kl_per_dim",
    "plot_latent_map",
    "plot_manifold",
    "plot_reconstructions",
    "plot_samples",
    "plot_tokens",
    "plot_traversals",
    "animate_traversals",
    "animate_interpolation",
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
