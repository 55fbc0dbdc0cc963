"""Evaluation: latent health and pictures."""

from keras_vae.evaluation.latent import active_units, kl_per_dim
from keras_vae.evaluation.plots import (
    plot_grid,
    plot_history,
    plot_kl_per_dim,
    plot_latent_map,
    plot_reconstructions,
    plot_traversals,
)

__all__ = [
    "active_units",
    "kl_per_dim",
    "plot_grid",
    "plot_history",
    "plot_kl_per_dim",
    "plot_latent_map",
    "plot_reconstructions",
    "plot_traversals",
]
