"""A VAE/GAN from a few words: event shape, latent size, widths of the networks."""

from typing import Any

import keras

from keras_vae._checks import check_shape
from keras_vae.likelihoods.base import Likelihood
from keras_vae.likelihoods.registry import get_likelihood
from keras_vae.models.make_vae import AUTO, auto_preprocessing, initial_weights_from
from keras_vae.models.vae_gan import VAEGAN
from keras_vae.networks.discriminator import make_discriminator
from keras_vae.networks.registry import make_decoder, make_encoder
from keras_vae.objectives.adversarial import Adversarial


def make_vae_gan(
    event_shape: tuple[int, ...],
    latent_dim: int = 20,
    network: str = "conv",
    hidden_units: tuple[int, ...] | None = None,
    discriminator_units: tuple[int, ...] = (32, 64),
    spectral_norm: bool = True,
    likelihood: str | Likelihood = "bernoulli",
    prior: Any = None,
    objective: Adversarial | None = None,
    seed: int | None = None,
    preprocessing: keras.layers.Layer | str | None = AUTO,
) -> VAEGAN:
    """A `VAEGAN` of images, with networks of the library.

    Args:
        event_shape: `(height, width, channels)`.
        latent_dim: int >= 1.
        network, hidden_units: as in `make_vae`, for encoder and decoder.
        discriminator_units, spectral_norm: as in `keras_vae.networks.make_discriminator`.
        likelihood: str or `Likelihood`. p(x|z).
        prior: as in `VAE`.
        objective: as in `VAEGAN`.
        seed: int or None. Initial weights and random state; None takes them from Keras's global seed.
        preprocessing: as in `make_vae`.

    Returns:
        `VAEGAN`, built, not compiled.

    Raises:
        ValueError: for an unknown network or likelihood, data that are no images, or an argument out of bounds.

    References:
        Larsen et al. 2016. https://arxiv.org/abs/1512.09300
    """
    event_shape, likelihood = check_shape("event_shape", event_shape), get_likelihood(likelihood)
    with initial_weights_from(seed):
        layers = {"input_layers": likelihood.input_layers(event_shape)}
        encoder = make_encoder(event_shape, latent_dim, network, hidden_units, **layers)
        decoder = make_decoder(likelihood.params_shape(event_shape), latent_dim, network, hidden_units)
        discriminator = make_discriminator(event_shape, discriminator_units, spectral_norm, seed)
    preprocessing = auto_preprocessing(preprocessing, likelihood, event_shape)
    options = {"prior": prior, "objective": objective, "seed": seed, "preprocessing": preprocessing}
    return VAEGAN(encoder, decoder, discriminator, likelihood, **options)
