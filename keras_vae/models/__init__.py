"""Models: the plain autoencoder, the variational one, and those with another bound."""

from keras_vae.models.autoencoder import Autoencoder
from keras_vae.models.beta_tc_vae import BetaTCVAE
from keras_vae.models.info_vae import InfoVAE
from keras_vae.models.iwae import IWAE
from keras_vae.models.ladder_iwae import LadderIWAE
from keras_vae.models.ladder_vae import LadderVAE, make_ladder_vae
from keras_vae.models.make_vae import make_autoencoder, make_vae
from keras_vae.models.vae import VAE

__all__ = [
    "IWAE",
    "VAE",
    "Autoencoder",
    "BetaTCVAE",
    "InfoVAE",
    "LadderIWAE",
    "LadderVAE",
    "make_autoencoder",
    "make_ladder_vae",
    "make_vae",
]
