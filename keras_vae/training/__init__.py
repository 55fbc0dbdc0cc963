"""Training: how any model is fed, trained and saved."""

from keras_vae.training.batch import Batch
from keras_vae.training.trainer import Trainer

__all__ = [
    "Batch",
    "Trainer",
]


def __dir__():
    return __all__
