"""Evaluation: bounds on the likelihood, latent health, disentanglement and pictures."""

from keras_vae.evaluation.bounds import annealed_log_prob, bits_per_dim, estimate_bounds
from keras_vae.evaluation.dci import completeness_of, dci, dci_importance, disentanglement_of
from keras_vae.evaluation.disentanglement import code_scores, disentanglement_scores
from keras_vae.evaluation.factor_plots import plot_factor_matrix
from keras_vae.evaluation.factor_vae_score import factor_vae_score, generated_factor_vae_score
from keras_vae.evaluation.health import check_health
from keras_vae.evaluation.health_decoder import code_use, exchange_rate
from keras_vae.evaluation.health_figure import plot_health
from keras_vae.evaluation.health_prior import holes, uncovered_codes
from keras_vae.evaluation.health_residuals import residual_gain
from keras_vae.evaluation.kl_split import kl_split, log_aggregate
from keras_vae.evaluation.latent import active_units, kl_per_dim
from keras_vae.evaluation.mutual_information_gap import (
    information_histogram,
    information_posterior,
    mig_histogram,
    mig_posterior,
)
from keras_vae.evaluation.plots import (
    plot_grid,
    plot_history,
    plot_kl_per_dim,
    plot_latent_map,
    plot_reconstructions,
    plot_traversals,
)
from keras_vae.evaluation.separated_predictability import sap, sap_matrix

__all__ = [
    "estimate_bounds",
    "annealed_log_prob",
    "bits_per_dim",
    "active_units",
    "kl_per_dim",
    "kl_split",
    "log_aggregate",
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
    "plot_reconstructions",
    "plot_traversals",
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
