"""The model that the settings of `keras-vae train` describe."""

import contextlib

import keras

from keras_vae.models.make_vae import make_ladder_vae, make_vae
from keras_vae.tasks.vae.make_objective import check_components, make_objective, make_prior
from keras_vae.tasks.vae.preprocessing import make_preprocessing
from keras_vae.tasks.vae.starts import as_encoder_takes, start


def build_model(settings, event_shape, likelihood, data, rows, n_classes=None):
    """The untrained model.

    Args:
        settings: dict, as `Task.settings_`.
        event_shape: tuple of ints. Shape of one example.
        likelihood: `Likelihood`.
        data: `Dataset` of the training, from which the preprocessing is learned.
        rows: Callable from the name of a part, and a number or None for all, to its first rows as the model takes them,
            array; None for a part that is not there.
        n_classes: int or None. Classes that the model is told.

    Returns:
        `VAE` or `LadderVAE`, not compiled.

    Raises:
        ValueError: for settings that do not fit each other.
    """
    preprocessing = make_preprocessing(data, likelihood.values, likelihood.standardized_columns)
    common = {
        "network": settings["network"],
        "hidden_units": settings["hidden_units"],
        "likelihood": likelihood,
        "objective": make_objective(settings),
        "seed": settings["seed"],
        "preprocessing": preprocessing,
    }
    latent_dim, prior = settings["latent_dim"], settings["prior"]
    with precision_of_networks(settings["mixed_precision"]):
        if settings["graph"] == "ladder":
            if prior != "standard_normal":
                raise ValueError(f"`prior` must be standard_normal for a ladder. Received: prior={prior!r}")
            check_components(settings)
            model = make_ladder_vae(event_shape, tuple(latent_dim), **common)
        elif len(latent_dim) != 1:
            raise ValueError(
                f"`latent_dim` must be one number for the graph vae; a ladder has several. Received: {latent_dim}"
            )
        else:
            prior = make_prior(settings, lambda n: as_encoder_takes(preprocessing, rows("train", n)))
            model = make_vae(event_shape, latent_dim[0], **common, prior=prior, n_classes=n_classes)
    start(model, settings, event_shape, rows)
    return model


@contextlib.contextmanager
def precision_of_networks(is_mixed):
    """Let the networks made in the block compute in bfloat16, if wanted, and leave Keras as it was."""
    before = keras.config.dtype_policy()
    if is_mixed:
        keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
