"""Models whose training begins with the best linear model of their data, not with random weights."""

import math

import keras

from keras_vae.tasks.factor_start import start_from_factors
from keras_vae.tasks.vae.pyramid_start import MAX_VALUES, pyramid_fits, start_from_pyramid

FACTOR_LIKELIHOODS = ("gaussian", "student_t", "mixed")
# Channels of a ladder that has its own widths, at the least.
OWN_WIDTH = 32


def start_of(settings, event_shape):
    """What a training starts from: "factors", "pyramid", or None for random weights.

    Args:
        settings: dict with `graph`, `network`, `likelihood`, `latent_dim`, `hidden_units` and `condition`, chosen.
        event_shape: tuple of ints.
    """
    likelihood = settings["likelihood"]
    if settings["condition"] is not None:
        return None  # The best linear model of all rows is none of rows of which the class is known.
    if settings["network"] == "skip":
        return "factors" if likelihood in FACTOR_LIKELIHOODS else None
    if settings["graph"] == "ladder" and settings["network"] == "resnet":
        narrowest = min(settings["hidden_units"] or [OWN_WIDTH])
        if pyramid_fits(event_shape, likelihood, len(settings["latent_dim"]), narrowest):
            return "pyramid"
    return None


def start(model, settings, event_shape, rows):
    """Set the weights of a model to what its training starts from.

    Args:
        model: as `build_model` makes it.
        settings: dict, as `Task.settings_`.
        event_shape: tuple of ints.
        rows: as in `build_model`.
    """
    kind = start_of(settings, event_shape)
    if kind == "factors":
        parts = (rows("train"), rows("validation"))
        parts = (None if x is None else as_encoder_takes(model.preprocessing, x) for x in parts)
        start_from_factors(model, *parts, settings["seed"])
    if kind == "pyramid":
        n = max(1, MAX_VALUES // math.prod(event_shape))
        start_from_pyramid(model, as_encoder_takes(model.preprocessing, rows("train", n)))


def as_encoder_takes(preprocessing, x):
    """Rows behind the preprocessing of a model, which may be None."""
    return x if preprocessing is None else keras.ops.convert_to_numpy(preprocessing(x))
