"""Models: graphs of encoders, decoders and priors, whatever they are trained on."""

from keras_vae.models.autoencoder import Autoencoder
from keras_vae.models.endpoint import Endpoint
from keras_vae.models.generative_model import GenerativeModel
from keras_vae.models.ladder_vae import LadderVAE
from keras_vae.models.language_model import LanguageModel
from keras_vae.models.latent_model import LatentModel
from keras_vae.models.make_semi_supervised_vae import make_semi_supervised_vae
from keras_vae.models.make_sequence_vae import make_language_model, make_sequence_vae
from keras_vae.models.make_vae import make_autoencoder, make_ladder_vae, make_vae
from keras_vae.models.make_vae_gan import make_vae_gan
from keras_vae.models.make_vq_vae import make_vq_vae
from keras_vae.models.quantized_vae import QuantizedVAE
from keras_vae.models.semi_supervised_vae import SemiSupervisedVAE
from keras_vae.models.sequence_vae import SequenceVAE
from keras_vae.models.vae import VAE
from keras_vae.models.vae_gan import VAEGAN
from keras_vae.models.variational_model import VariationalModel
from keras_vae.models.vq_vae import VQVAE

__all__ = [
    "Autoencoder",
    "Endpoint",
    "GenerativeModel",
    "LadderVAE",
    "LanguageModel",
    "LatentModel",
    "make_autoencoder",
    "make_ladder_vae",
    "make_language_model",
    "make_semi_supervised_vae",
    "make_sequence_vae",
    "make_vae",
    "make_vae_gan",
    "make_vq_vae",
    "QuantizedVAE",
    "SemiSupervisedVAE",
    "SequenceVAE",
    "VAE",
    "VariationalModel",
    "VAEGAN",
    "VQVAE",
]


def __dir__():
    return __all__
