"""A client for TensorFlow Serving on NumPy arrays, which needs no TensorFlow."""

from keras_vae.serving.client.client import Client
from keras_vae.serving.client.transport import ServingError

__all__ = [
    "Client",
    "ServingError",
]


def __dir__():
    return __all__
