"""The model of a restorer: a `VAE` of p(clean image | degraded image), and its networks for other sizes."""

import math

from keras_vae.models.make_vae import initial_weights_from
from keras_vae.models.vae import VAE
from keras_vae.optimizers import Adam
from keras_vae.tasks.images.restoration import networks
from keras_vae.tasks.images.restoration.estimate_and_bound import EstimateAndBound
from keras_vae.tasks.images.restoration.networks import LATENT_STRIDE, reach_of


def build_model(settings, event_shape, degradation, over):
    """The compiled, untrained model.

    Args:
        settings: dict, as `Restorer.settings_`.
        event_shape: `(height, width, channels)` of a clean image.
        degradation: as in `degradations`.
        over: as in `EstimateAndBound`.

    Returns:
        `VAE` with a condition network.
    """
    with initial_weights_from(settings["seed"]):
        told, encoder, decoder = make_networks(settings, event_shape, degradation)
    objective = EstimateAndBound(over=over)
    model = VAE(encoder, decoder, "gaussian", objective=objective, seed=settings["seed"], condition_network=told)
    model.compile(Adam(settings["learning_rate"]))
    return model


def make_networks(settings, event_shape, degradation):
    """Condition network, encoder and decoder for images of this shape; arguments as in `build_model`."""
    told = networks.condition_network(degradation, event_shape, settings["hidden_units"])
    shapes = {name: tuple(tensor.shape[1:]) for name, tensor in told.output.items()}
    parts = (part(event_shape, shapes, settings["latent_channels"]) for part in (networks.encoder, networks.decoder))
    return told, *parts


def stride_of(settings, degradation):
    """The sides of an image that the networks take as a whole are multiples of this."""
    return math.lcm(2 ** (len(settings["hidden_units"]) - 1), LATENT_STRIDE, degradation.factor)


def margin_of(settings, degradation):
    """How many pixels around a tile its pixels depend on at most, a multiple of the stride."""
    stride = stride_of(settings, degradation)
    return -(-(reach_of(settings["hidden_units"]) + 3 * degradation.factor) // stride) * stride
