"""A VQ-VAE from a few words: event shape, number of codes, widths of the networks."""

import keras

from keras_vae._checks import check_shape
from keras_vae.likelihoods.base import Likelihood
from keras_vae.likelihoods.registry import get_likelihood
from keras_vae.models.make_vae import AUTO, auto_preprocessing, initial_weights_from
from keras_vae.models.vq_vae import VQVAE
from keras_vae.networks.grid import grid_decoder, grid_encoder
from keras_vae.objectives.objective import Objective
from keras_vae.priors.pixel_cnn_prior import PixelCNNPrior


def make_vq_vae(
    event_shape: tuple[int, ...],
    n_codes: int = 128,
    code_dim: int = 16,
    hidden_units: tuple[int, ...] = (32, 64),
    prior_channels: int = 32,
    prior_layers: int = 4,
    likelihood: str | Likelihood = "bernoulli",
    objective: Objective | None = None,
    seed: int | None = None,
    preprocessing: keras.layers.Layer | str | None = AUTO,
) -> VQVAE:
    """A `VQVAE` of images, with convolutional networks and a `PixelCNNPrior` of its codes.

    Args:
        event_shape: `(height, width, channels)`, of any size.
        n_codes: int >= 2. Entries of the codebook.
        code_dim: int >= 1. Size of an entry.
        hidden_units: tuple of ints. Channels of the stages; each halves the image, and the codes stand at the places of
            the last map: 7 x 7 of them for 28 x 28 pixels and two stages.
        prior_channels, prior_layers: ints >= 1. Size of the prior.
        likelihood: str or `Likelihood`. p(x|z).
        objective: as in `VQVAE`.
        seed: int or None. Initial weights and random state; None takes them from Keras's global seed.
        preprocessing: as in `make_vae`.

    Returns:
        `VQVAE`, built, not compiled.

    Raises:
        ValueError: for an unknown likelihood, data that are no images, or an argument out of bounds.

    References:
        van den Oord et al. 2017, section 4.1. https://arxiv.org/abs/1711.00937
    """
    event_shape, likelihood = check_shape("event_shape", event_shape), get_likelihood(likelihood)
    with initial_weights_from(seed):
        encoder = grid_encoder(event_shape, code_dim, hidden_units, likelihood.input_layers(event_shape))
        decoder = grid_decoder(likelihood.params_shape(event_shape), code_dim, hidden_units)
        grid_shape = encoder.output_shape[1:-1]
        prior = PixelCNNPrior(grid_shape, n_codes, prior_channels, prior_layers, seed=seed)
    preprocessing = auto_preprocessing(preprocessing, likelihood, event_shape)
    parts = {"objective": objective, "preprocessing": preprocessing}
    return VQVAE(encoder, decoder, prior, n_codes, likelihood, seed=seed, **parts)
