"""The compiled model of a recommender, from its settings and how often each item was chosen."""

import numpy as np

from keras_vae.models.autoencoder import Autoencoder
from keras_vae.models.make_vae import initial_weights_from
from keras_vae.models.vae import VAE
from keras_vae.objectives.past_posterior import PastPosterior
from keras_vae.optimizers import Adam, RowAdam
from keras_vae.tasks.ratings.networks import click_decoder, click_encoder
from keras_vae.tasks.ratings.rec_vae import RecVAE
from keras_vae.tasks.ratings.sampled_softmax import SampledSoftmaxVAE


def build_model(settings, popularity, n_steps):
    """The model, untrained but for the bias of the items: the log of how often each was chosen.

    Args:
        settings: dict, as `Recommender.settings_`.
        popularity: array `(n_items,)`. Users of each item.
        n_steps: int. Steps of a pass over the users.

    Returns:
        `VAE` or `Autoencoder`, compiled.

    Raises:
        ValueError: for settings that make no model.
    """
    kind, n_items, n_latent = settings["model"], len(popularity), settings["latent_dim"]
    is_sampled = settings["sampled_items"] is not None
    hidden = settings["hidden_units"][::-1] if settings["decoder"] == "mirrored" else ()
    with initial_weights_from(settings["seed"]):
        encoder = click_encoder(
            n_items,
            n_latent,
            settings["hidden_units"],
            settings["dropout"],
            1 if kind == "mult_dae" else 2,
            settings["encoder"] == "residual",
            "rows" if is_sampled else "dense",
            settings["seed"],
        )
        decoder = click_decoder(n_items, n_latent, hidden)
    # An item that nobody has is a third as likely as one of a single user.
    counts = np.maximum(popularity, 1 / 3)
    decoder.get_layer("x_params").bias.assign(np.log(counts / counts.sum()))
    model = _graph(kind, encoder, decoder, settings, popularity, n_steps)
    model.compile((RowAdam if is_sampled else Adam)(settings["learning_rate"]))
    return model


def _graph(kind, encoder, decoder, settings, popularity, n_steps):
    seed, n_sampled = settings["seed"], settings["sampled_items"]
    if n_sampled is not None and kind != "mult_vae":
        raise ValueError(f"`sampled_items` must be None for the model {kind}. Received: sampled_items={n_sampled}")
    if kind == "mult_dae":
        return Autoencoder(encoder, decoder, "multinomial")
    if kind == "rec_vae":
        return RecVAE(encoder, decoder, PastPosterior(settings["beta"]), n_steps=n_steps, seed=seed)
    if n_sampled is not None:
        return SampledSoftmaxVAE(encoder, decoder, n_sampled, beta=settings["beta"], seed=seed)
    return VAE(encoder, decoder, "multinomial", beta=settings["beta"], seed=seed)
