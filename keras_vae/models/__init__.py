"""Models: the plain autoencoder and the variational one."""

from keras_vae.models.autoencoder import Autoencoder
from keras_vae.models.make_vae import make_autoencoder, make_vae
from keras_vae.models.vae import VAE

__all__ = ["VAE", "Autoencoder", "make_autoencoder", "make_vae"]
