"""The semi-supervised VAE from a few words: event shape, classes, latent size, kind of network."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_vae._checks import check_int, check_shape
from keras_vae.likelihoods.base import Likelihood
from keras_vae.likelihoods.registry import get_likelihood
from keras_vae.models.make_vae import AUTO, auto_preprocessing, initial_weights_from
from keras_vae.models.semi_supervised_vae import SemiSupervisedVAE
from keras_vae.networks.conditional import make_conditional_decoder, make_conditional_encoder
from keras_vae.networks.registry import make_encoder
from keras_vae.objectives.objective import Objective


def make_semi_supervised_vae(
    event_shape: int | tuple[int, ...],
    n_classes: int,
    latent_dim: int = 20,
    network: str = "dense",
    hidden_units: tuple[int, ...] | None = None,
    classifier: keras.Model | None = None,
    likelihood: str | Likelihood = "bernoulli",
    prior: Any = None,
    objective: Objective | None = None,
    label_prior: Sequence[float] | None = None,
    seed: int | None = None,
    preprocessing: keras.layers.Layer | str | None = AUTO,
) -> SemiSupervisedVAE:
    """A `SemiSupervisedVAE` with networks of the library.

    Args:
        event_shape, latent_dim, network, hidden_units, likelihood, prior, seed, preprocessing: as in `make_vae`.
        n_classes: int >= 2.
        classifier: Keras model `x -> logits (batch, n_classes)`, or None for one of the same kind as the encoder.
        objective, label_prior: as in `SemiSupervisedVAE`.

    Returns:
        `SemiSupervisedVAE`, built, not compiled.

    Raises:
        ValueError: for an unknown network or likelihood, or parts that do not fit each other.

    Examples:
        >>> kv.make_semi_supervised_vae((8, 8, 1), n_classes=10, latent_dim=4, seed=0).classify(x[:3]).shape
        (3, 10)
    """
    event_shape, likelihood = check_shape("event_shape", event_shape), get_likelihood(likelihood)
    sizes = check_int("latent_dim", latent_dim, 1), check_int("n_classes", n_classes, 2)
    with initial_weights_from(seed):
        layers = [likelihood.input_layers(event_shape) for _ in range(2)]
        encoder = make_conditional_encoder(event_shape, *sizes, network, hidden_units, input_layers=layers[0])
        decoder = make_conditional_decoder(likelihood.params_shape(event_shape), *sizes, network, hidden_units)
        if classifier is None:
            classifier = make_encoder(event_shape, sizes[1], network, hidden_units, 1, layers[1], "classifier")
    preprocessing = auto_preprocessing(preprocessing, likelihood, event_shape)
    own = {"prior": prior, "objective": objective, "label_prior": label_prior, "seed": seed}
    return SemiSupervisedVAE(encoder, decoder, classifier, likelihood, **own, preprocessing=preprocessing)
