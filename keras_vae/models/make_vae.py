"""Models from a few words: event shape, latent size, kind of network, likelihood."""

import contextlib
import random

from keras_vae._checks import check_int, check_shape
from keras_vae.likelihoods import get_likelihood
from keras_vae.models.autoencoder import Autoencoder
from keras_vae.models.vae import VAE
from keras_vae.networks import make_decoder, make_encoder


def make_vae(
    event_shape,
    latent_dim=20,
    network="dense",
    hidden_units=None,
    likelihood="bernoulli",
    n_classes=None,
    seed=None,
    model=VAE,
    **kwargs,
):
    """A `VAE`, or another model of that kind, with an encoder and a decoder of the library.

    The pieces are public: `keras_vae.networks.make_encoder` and `make_decoder` make them one by one, so that a half can
    be replaced.

    Args:
        event_shape: tuple of ints. Shape of one example: `(784,)`, `(28, 28, 1)`, `(n_steps, n_features)`.
        latent_dim: int >= 1.
        network: "dense", "conv", "resnet" or "recurrent".
        hidden_units: tuple of ints or None. Widths of the layers or channels of the stages; None is the network's own.
        likelihood: str or `Likelihood`. p(x|z).
        n_classes: int or None. Number of tokens, for the categorical likelihood given by name.
        seed: int or None. Initial weights and random state of the model; None takes them from Keras's global seed.
        model: class. `VAE` or a subclass made of the same two parts, such as `IWAE`.
        **kwargs: arguments of that class: `prior`, `beta`, `free_bits`, `n_samples` and so on.

    Returns:
        `model`, built, not compiled.

    Raises:
        ValueError: for an unknown network or likelihood, shapes that do not fit them, or a `model` that is no such
            class.
    """
    check_model_class(model, VAE)
    networks, likelihood = _make_parts(event_shape, latent_dim, network, hidden_units, likelihood, n_classes, 2, seed)
    return model(*networks, likelihood=likelihood, seed=seed, **kwargs)


def make_autoencoder(
    event_shape,
    latent_dim=20,
    network="dense",
    hidden_units=None,
    likelihood="gaussian_fixed",
    n_classes=None,
    seed=None,
):
    """An `Autoencoder` with an encoder and a decoder of the library; arguments as in `make_vae`.

    Returns:
        `Autoencoder`, built, not compiled.

    Raises:
        ValueError: for an unknown network or likelihood, or shapes that do not fit them.
    """
    networks, likelihood = _make_parts(event_shape, latent_dim, network, hidden_units, likelihood, n_classes, 1, seed)
    return Autoencoder(*networks, likelihood=likelihood)


def check_model_class(model, base):
    """Check that `model` is a class, `base` or a subclass.

    Raises:
        ValueError: if it is not.
    """
    if not isinstance(model, type) or not issubclass(model, base):
        raise ValueError(f"`model` must be the class {base.__name__} or a subclass. Received: model={model!r}")


def _make_parts(event_shape, latent_dim, network, hidden_units, likelihood, n_classes, n_outputs, seed):
    event_shape = check_shape("event_shape", event_shape)
    check_int("latent_dim", latent_dim, 1)
    arguments = {} if n_classes is None else {"n_classes": check_int("n_classes", n_classes, 2)}
    likelihood = get_likelihood(likelihood, **arguments)
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


@contextlib.contextmanager
def initial_weights_from(seed):
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
