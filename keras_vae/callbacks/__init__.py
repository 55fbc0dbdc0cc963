"""Callbacks: numbers by a schedule, stopping on the bound, an encoder trained ahead, latent health, pictures."""

from keras_vae.callbacks.aggressive_encoder import AggressiveEncoder
from keras_vae.callbacks.annealing import Annealing, BetaAnnealing, CapacityAnnealing
from keras_vae.callbacks.autoencoder_first import AutoencoderFirst
from keras_vae.callbacks.collapse_monitor import CollapseMonitor
from keras_vae.callbacks.early_stopping import EarlyStopping
from keras_vae.callbacks.keep_best import KeepBest
from keras_vae.callbacks.picture_grid import PictureGrid

__all__ = [
    "AggressiveEncoder",
    "Annealing",
    "AutoencoderFirst",
    "BetaAnnealing",
    "CapacityAnnealing",
    "CollapseMonitor",
    "EarlyStopping",
    "KeepBest",
    "PictureGrid",
]


def __dir__():
    return __all__
