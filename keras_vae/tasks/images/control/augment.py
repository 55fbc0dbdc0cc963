"""More labelled images of a small set, drawn by a VAE around those that are there."""

import warnings
from typing import Any

import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int, check_number
from keras_vae.models.make_vae import make_vae
from keras_vae.optimizers import Adam
from keras_vae.tasks.images.control.class_labels_of import n_classes_of
from keras_vae.tasks.images.control.codes_around import codes_around
from keras_vae.tasks.images.control.spread_labels import spread_labels
from keras_vae.tasks.images.generation.unit_images import unit_images

# The graph of neighbours is made of so many images without a label at most.
MAX_SPREAD = 10_000
LATENT_DIM, HIDDEN_UNITS, BATCH_SIZE = 32, (512, 512), 64


def augment(
    x: Any,
    y: Any,
    n_per_class: int,
    unlabelled: Any = None,
    model: Any = None,
    width: float = 1.0,
    mix: float = 0.5,
    n_steps: int = 2000,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """New images of every class of a labelled set, and their labels.

    A new image is decoded from a code between two of its class, with the noise of their posteriors. Images without a
    label whose neighbours among the codes make their class sure count as labelled ones; a comparison with methods that
    see the labelled images alone must say that they were there.

    Args:
        x: images `(n, height, width)` or `(n, height, width, channels)`, uint8 or from 0 to 1.
        y: labels `(n,)`, whole numbers or words.
        n_per_class: int >= 1. New images of each class.
        unlabelled: more images of the same kind, or None.
        model: a VAE trained on such images from 0 to 1, also one that is told the class, as a number in the order of
            the sorted labels; or None to train one.
        width: float >= 0. Factor on the noise of the posterior.
        mix: float in [0, 1]. How far a code may be on the way to the other one.
        n_steps: int >= 1. Steps of the training, of 64 images.
        seed: int. Seed of training and draws.

    Returns:
        `(images, labels)`: as many axes and the type of `x` and `y`, class by class.

    Raises:
        ValueError: for images, labels or a model that do not fit, or a number out of bounds.
    """
    width, mix = check_number("width", width, 0.0), check_number("mix", mix, 0.0, 1.0)
    images = unit_images("x", x)
    names, classes = _classes_of(y, len(images))
    told = np.repeat(np.arange(len(names)), check_int("n_per_class", n_per_class, 1))
    others = None if unlabelled is None else unit_images("unlabelled", unlabelled, images.shape[1:])
    model = _trained(images, others, n_steps, check_int("seed", seed, 0)) if model is None else model
    is_told = _check_model(model, images.shape[1:], len(names), others)
    codes, classes = _codes_and_classes(model, images, classes, others, is_told, seed)
    z = _new_codes(codes, classes, told, width, mix, seed)
    return _like(x, model.decode(z, condition=told if is_told else None)), names[told]


def _classes_of(y, n):
    """The classes by name, sorted, and the number of the class of every row."""
    y = np.asarray(y)
    if y.shape != (n,) or y.dtype.kind not in "iubUS":
        raise ValueError(
            f"`y` must be {n} labels, one for each image, whole numbers or words. "
            f"Received: shape {y.shape}, dtype {y.dtype}"
        )
    return np.unique(y, return_inverse=True)


def _trained(images, others, n_steps, seed):
    """A VAE of images from 0 to 1, trained on all of them."""
    n_steps = check_int("n_steps", n_steps, 1)
    images = images if others is None else np.concatenate([images, others])
    vae = make_vae(images.shape[1:], LATENT_DIM, "dense", HIDDEN_UNITS, "bernoulli", seed=seed)
    vae.compile(Adam(1e-3))
    rows = tf.data.Dataset.from_tensor_slices(images).shuffle(len(images), seed=seed).repeat().batch(BATCH_SIZE)
    with warnings.catch_warnings():
        # A cross-entropy is all that is wanted here.
        warnings.filterwarnings("ignore", message=".*holds grey values")
        vae.fit(rows, steps_per_epoch=n_steps, epochs=1, shuffle=False, verbose=0)
    return vae


def _check_model(model, event_shape, n_classes, others):
    """Whether a model is told the class; refuses one that cannot be used."""
    if not getattr(model, "has_gaussian_posterior", False) or model.event_shape != event_shape:
        raise ValueError(
            f"`model` must be a VAE with a Gaussian posterior for images of shape {event_shape}. "
            f"Received: {type(model).__name__} for {getattr(model, 'event_shape', None)}"
        )
    if model.condition_shape is None:
        return False
    found = n_classes_of(model)
    if found != n_classes:
        raise ValueError(f"`model` must be told the {n_classes} classes of `y`. Received: one of {found} classes")
    if others is not None:
        raise ValueError(
            "`model` must be one that is told no class beside `unlabelled`: the class of those images is read from "
            "their codes. Received: a model that is told the class"
        )
    return True


def _codes_and_classes(model, images, classes, others, is_told, seed):
    """Codes `(z_mean, z_log_var)` of the images and their classes, with the other images whose class is sure."""
    codes = model.encode(images, condition=classes if is_told else None)
    if others is None:
        return codes, classes
    if len(others) > MAX_SPREAD:
        others = others[np.random.default_rng(seed).permutation(len(others))[:MAX_SPREAD]]
    found = model.encode(others)
    spread, is_sure = spread_labels(codes[0], classes, found[0])
    codes = tuple(np.concatenate([a, b[is_sure]]) for a, b in zip(codes, found, strict=True))
    return codes, np.concatenate([classes, spread[is_sure]])


def _new_codes(codes, classes, told, width, mix, seed):
    """A code of the class that is told for every entry, between two of the class."""
    rng = np.random.default_rng(seed)
    n_classes = told[-1] + 1
    of_class = [np.flatnonzero(classes == k) for k in range(n_classes)]
    chosen = [np.concatenate([rng.choice(rows, len(told) // n_classes) for rows in of_class]) for _ in range(2)]
    here, there = (tuple(part[rows] for part in codes) for rows in chosen)
    return codes_around(here, there, width, mix, tf.constant([seed, 3], tf.int64)).numpy()


def _like(x, images):
    """Images from 0 to 1 with the axes and the type of `x`."""
    x = np.asarray(x)
    images = np.clip(images[..., 0] if x.ndim == 3 else images, 0.0, 1.0)
    return np.round(images * 255.0).astype(np.uint8) if x.dtype == np.uint8 else images.astype(np.float32)
