"""The pictures of a model by name; each has a file of its own in `pictures/`."""

from keras_vae.evaluation.pictures.animate_interpolation import animate_interpolation
from keras_vae.evaluation.pictures.animate_traversals import animate_traversals
from keras_vae.evaluation.pictures.figure import BLUE, GREEN, GREY, ORANGE, is_image, new_figure, value_range_of
from keras_vae.evaluation.pictures.plot_grid import plot_grid
from keras_vae.evaluation.pictures.plot_history import plot_history
from keras_vae.evaluation.pictures.plot_kl_per_dim import plot_kl_per_dim
from keras_vae.evaluation.pictures.plot_latent_map import plot_latent_map
from keras_vae.evaluation.pictures.plot_manifold import plot_manifold
from keras_vae.evaluation.pictures.plot_reconstructions import plot_reconstructions
from keras_vae.evaluation.pictures.plot_samples import plot_samples
from keras_vae.evaluation.pictures.plot_tokens import plot_tokens
from keras_vae.evaluation.pictures.plot_traversals import plot_traversals

__all__ = [
    "BLUE",
    "GREEN",
    "GREY",
    "ORANGE",
    "animate_interpolation",
    "animate_traversals",
    "is_image",
    "new_figure",
    "plot_grid",
    "plot_history",
    "plot_kl_per_dim",
    "plot_latent_map",
    "plot_manifold",
    "plot_reconstructions",
    "plot_samples",
    "plot_tokens",
    "plot_traversals",
    "value_range_of",
]
