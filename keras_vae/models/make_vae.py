"""Models from a few words: event shape, latent sizes, kind of network, likelihood."""

import contextlib
import random
from typing import Any

import keras

from keras_vae._checks import check_choice, check_int, check_shape
from keras_vae.layers.standardize import Standardize
from keras_vae.likelihoods.base import Likelihood
from keras_vae.likelihoods.registry import get_likelihood
from keras_vae.models.autoencoder import Autoencoder
from keras_vae.models.ladder_vae import LadderVAE
from keras_vae.models.vae import VAE
from keras_vae.networks.ladder import make_ladder
from keras_vae.networks.registry import make_decoder, make_encoder
from keras_vae.objectives.objective import Objective

# The preprocessing that suits the likelihood and the shape of the data.
AUTO = "auto"


def make_vae(
    event_shape: int | tuple[int, ...],
    latent_dim: int = 20,
    network: str = "dense",
    hidden_units: tuple[int, ...] | None = None,
    likelihood: str | Likelihood = "bernoulli",
    prior: Any = None,
    beta: float = 1.0,
    objective: Objective | None = None,
    posterior_flow: keras.layers.Layer | None = None,
    seed: int | None = None,
    preprocessing: keras.layers.Layer | str | None = AUTO,
) -> VAE:
    """A `VAE` of one `keras_vae.networks.make_encoder` and one `make_decoder`.

    Args:
        event_shape: tuple of ints. Shape of one example: `(784,)`, `(28, 28, 1)`, `(n_steps, n_features)`.
        latent_dim: int.
        network: "dense", "conv", "resnet" or "recurrent".
        hidden_units: tuple of ints or None. Widths of the layers or channels of the stages; None is the network's own.
        likelihood: str or `Likelihood`. p(x|z); `likelihoods.Categorical(n_classes)` for tokens.
        prior, beta, objective, posterior_flow: as in `VAE`.
        seed: int or None. Initial weights and random state; None takes them from Keras's global seed.
        preprocessing: as in `VAE`, or "auto": a `layers.Standardize` for likelihoods of real numbers, learned from the
            first data that `fit` gets; by column for vectors and sequences, by two numbers for images. Nats stay those
            of the data in their own units. None beside a `GaussianFixed` whose `stddev` you have chosen in these units.

    Returns:
        `VAE`, built, not compiled.

    Raises:
        ValueError: for an unknown network or likelihood, or parts that do not fit each other.
    """
    networks, likelihood = _make_parts(event_shape, latent_dim, network, hidden_units, likelihood, 2, seed)
    return VAE(
        *networks,
        likelihood=likelihood,
        prior=prior,
        beta=beta,
        objective=objective,
        posterior_flow=posterior_flow,
        seed=seed,
        preprocessing=_preprocessing(preprocessing, likelihood, event_shape),
    )


def make_autoencoder(
    event_shape: int | tuple[int, ...],
    latent_dim: int = 20,
    network: str = "dense",
    hidden_units: tuple[int, ...] | None = None,
    likelihood: str | Likelihood = "gaussian_fixed",
    seed: int | None = None,
    preprocessing: keras.layers.Layer | str | None = AUTO,
) -> Autoencoder:
    """An `Autoencoder` with an encoder and a decoder of the library; arguments as in `make_vae`.

    Returns:
        `Autoencoder`, built, not compiled.

    Raises:
        ValueError: for an unknown network or likelihood, or shapes that do not fit them.
    """
    networks, likelihood = _make_parts(event_shape, latent_dim, network, hidden_units, likelihood, 1, seed)
    preprocessing = _preprocessing(preprocessing, likelihood, event_shape)
    return Autoencoder(*networks, likelihood=likelihood, preprocessing=preprocessing)


def make_ladder_vae(
    event_shape: tuple[int, ...],
    latent_dims: tuple[int, ...] = (32, 16, 8),
    network: str = "dense",
    hidden_units: tuple[int, ...] | None = None,
    likelihood: str | Likelihood = "bernoulli",
    beta: float = 1.0,
    objective: Objective | None = None,
    seed: int | None = None,
    preprocessing: keras.layers.Layer | str | None = AUTO,
) -> LadderVAE:
    """A `LadderVAE` with networks of the library.

    Args:
        event_shape: tuple of ints. Shape of one example.
        latent_dims: tuple of ints >= 1, one per stochastic layer from the data up. Sizes of the latents for "dense",
            channels of the latent maps for "resnet", each map half as large as the one below.
        network: "dense" or "resnet".
        hidden_units: tuple of as many ints or None. Width, or channels, of the layers that belong to each latent.
        likelihood: str or `Likelihood`. p(x|z).
        beta, objective: as in `LadderVAE`.
        preprocessing: as in `make_vae`.
        seed: int or None. Initial weights and random state of the model; None takes them from Keras's global seed.

    Returns:
        `LadderVAE`, built, not compiled.

    Raises:
        ValueError: for an unknown network or likelihood, or sizes that do not fit.
    """
    likelihood, event_shape = get_likelihood(likelihood), tuple(event_shape)
    shapes = event_shape, likelihood.params_shape(event_shape)
    with initial_weights_from(seed):
        parts = make_ladder(*shapes, latent_dims, network, hidden_units, likelihood.input_layers(event_shape))
    preprocessing = _preprocessing(preprocessing, likelihood, event_shape)
    return LadderVAE(*parts, likelihood, beta, objective, seed, preprocessing=preprocessing)


def _make_parts(event_shape, latent_dim, network, hidden_units, likelihood, n_outputs, seed):
    event_shape = check_shape("event_shape", event_shape)
    check_int("latent_dim", latent_dim, 1)
    likelihood = get_likelihood(likelihood)
    with initial_weights_from(seed):
        encoder = make_encoder(
            event_shape,
            latent_dim,
            network,
            hidden_units,
            n_outputs=n_outputs,
            input_layers=likelihood.input_layers(event_shape),
        )
        decoder = make_decoder(likelihood.params_shape(event_shape), latent_dim, network, hidden_units)
    return (encoder, decoder), likelihood


def _preprocessing(preprocessing, likelihood, event_shape):
    """The layer in front of the encoder, or None."""
    if not isinstance(preprocessing, str):
        return preprocessing
    check_choice("preprocessing", preprocessing, (AUTO,))
    if not likelihood.may_be_standardized:
        return None
    n_axes = len(check_shape("event_shape", event_shape))
    over = "columns" if n_axes < 3 else "all"
    return Standardize(over, in_data_units=True, columns=likelihood.standardized_columns)


@contextlib.contextmanager
def initial_weights_from(seed: int | None):
    """Let the initialisers made in the block depend on `seed` alone, and leave the global state as it was.

    Keras takes the seed of an initialiser that has none from Python's `random`.
    """
    if seed is None:
        yield
        return
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)
