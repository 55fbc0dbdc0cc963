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
from keras_vae.networks.conditional import (
    make_condition_network,
    make_conditional_decoder,
    make_conditional_encoder,
    make_prior_network,
)
from keras_vae.networks.ladder import make_ladder
from keras_vae.networks.registry import make_decoder, make_encoder
from keras_vae.objectives.objective import Objective
from keras_vae.priors.conditional_normal import ConditionalNormal

# The preprocessing that suits the likelihood and the shape of the data.
AUTO = "auto"
# The prior that is learned as a function of the condition.
CONDITIONAL = "conditional"


def make_vae(
    event_shape: int | tuple[int, ...], latent_dim: int = 20, network: str = "dense",
    hidden_units: tuple[int, ...] | None = None, likelihood: str | Likelihood = "bernoulli", prior: Any = None,
    beta: float = 1.0, objective: Objective | None = None, posterior_flow: keras.layers.Layer | None = None,
    seed: int | None = None, preprocessing: keras.layers.Layer | str | None = AUTO,
    n_classes: int | None = None, condition_shape: tuple[int, ...] | None = None,
) -> VAE:  # fmt: skip
    """A `VAE` of one `keras_vae.networks.make_encoder` and one `make_decoder`.

    Args:
        event_shape: tuple of ints. Shape of one example: `(784,)`, `(28, 28, 1)`, `(n_steps, n_features)`.
        latent_dim: int.
        network: "dense", "conv", "resnet" or "recurrent".
        hidden_units: tuple of ints or None. Widths of the layers or channels of the stages; None is the network's own.
        likelihood: str or `Likelihood`. p(x|z); `likelihoods.Categorical(n_classes)` for tokens.
        prior, beta, objective, posterior_flow: as in `VAE`; "conditional" for a `priors.ConditionalNormal`.
        seed: int or None. Initial weights and random state; None takes them from Keras's global seed.
        preprocessing: as in `VAE`, or "auto": a `layers.Standardize` for likelihoods of real numbers, learned from the
            first data that `fit` gets; by column for vectors and sequences, by two numbers for images. Nats stay those
            of the data in their own units. None beside a `GaussianFixed` whose `stddev` you have chosen in these units.
        n_classes: int >= 2 or None. For a model of p(x|class): `fit((x, labels))` and `sample(n, condition=label)` with
            labels `(n,)`, whole numbers from 0.
        condition_shape: tuple of ints or None. For a model of p(x|c), c being a vector, or an image, which is summed
            up in a vector.

    Returns:
        `VAE`, built, not compiled.

    Raises:
        ValueError: for an unknown network or likelihood, parts that do not fit each other, `n_classes` beside a
            `condition_shape`, or a conditional prior without either.
    """
    with initial_weights_from(seed):
        told = _condition_network(prior, n_classes, condition_shape)
    condition_dim = None if told is None else told.output.shape[-1]
    sizes = event_shape, latent_dim, network, hidden_units
    networks, likelihood = _make_parts(*sizes, likelihood, 2, seed, condition_dim)
    prior = _conditional_prior(condition_dim, latent_dim, seed) if isinstance(prior, str) else prior
    bound = {"objective": objective, "beta": beta, "posterior_flow": posterior_flow}
    preprocessing = auto_preprocessing(preprocessing, likelihood, event_shape)
    own = {"seed": seed, "preprocessing": preprocessing, "condition_network": told}
    return VAE(*networks, likelihood=likelihood, prior=prior, **bound, **own)


def _condition_network(prior, n_classes, condition_shape):
    """The network of the condition, or None for a model without one, whose prior must have no need of it."""
    if isinstance(prior, str):
        check_choice("prior", prior, (CONDITIONAL,))
    if n_classes is not None or condition_shape is not None:
        return make_condition_network(n_classes, condition_shape)
    if isinstance(prior, str):
        raise ValueError(
            "`prior` must not be 'conditional' without a condition: give `n_classes` or `condition_shape`. "
            f"Received: prior={prior!r}"
        )
    return None


def _conditional_prior(condition_dim, latent_dim, seed):
    with initial_weights_from(seed):
        return ConditionalNormal(make_prior_network(condition_dim, latent_dim))


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
    preprocessing = auto_preprocessing(preprocessing, likelihood, event_shape)
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
    preprocessing = auto_preprocessing(preprocessing, likelihood, event_shape)
    return LadderVAE(*parts, likelihood, beta, objective, seed, preprocessing=preprocessing)


def _make_parts(event_shape, latent_dim, network, hidden_units, likelihood, n_outputs, seed, condition_dim=None):
    """Encoder and decoder of one network, and the likelihood; with a `condition_dim`, of those that are told it."""
    event_shape = check_shape("event_shape", event_shape)
    check_int("latent_dim", latent_dim, 1)
    likelihood = get_likelihood(likelihood)
    kinds, sizes = (make_encoder, make_decoder), (latent_dim,)
    if condition_dim is not None:
        kinds, sizes = (make_conditional_encoder, make_conditional_decoder), (latent_dim, condition_dim)
    with initial_weights_from(seed):
        encoder = kinds[0](
            event_shape,
            *sizes,
            network,
            hidden_units,
            n_outputs=n_outputs,
            input_layers=likelihood.input_layers(event_shape),
        )
        decoder = kinds[1](likelihood.params_shape(event_shape), *sizes, network, hidden_units)
    return (encoder, decoder), likelihood


def auto_preprocessing(preprocessing, likelihood, event_shape):
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
