"""Which classes a model is told, and which of them it sees in an image."""

from typing import Any

import numpy as np

from keras_vae._keras import all_layers
from keras_vae.layers.class_labels import ClassLabels
from keras_vae.training.containers import as_array


def n_classes_of(model: Any) -> int:
    """How many classes the labels of a model have, which are all of its condition.

    Args:
        model: a model made with `n_classes`.

    Raises:
        ValueError: for a model that is told no label, or something beside it.
    """
    network = getattr(model, "condition_network", None)
    layers = [] if network is None else [part for part in all_layers(network) if isinstance(part, ClassLabels)]
    if len(layers) != 1 or model.condition_shape != ():
        raise ValueError(
            "`model` must be told the class and nothing else: keras_vae.make_vae(..., n_classes=10). "
            f"Received: a {type(model).__name__} with the condition {getattr(model, 'condition_shape', None)}"
        )
    return layers[0].n_classes


def checked_labels(name: str, labels: Any, n_classes: int) -> np.ndarray:
    """Labels as whole numbers `(n,)` from 0 to `n_classes - 1`.

    Raises:
        ValueError: for another shape or other values.
    """
    labels = as_array(name, labels)
    is_class = labels.ndim == 1 and len(labels) and np.isin(labels, np.arange(n_classes)).all()
    if not is_class:
        found = f"values from {labels.min()} to {labels.max()}" if labels.size else "none"
        raise ValueError(
            f"`{name}` must be class labels (n,), whole numbers from 0 to {n_classes - 1}. "
            f"Received: shape {labels.shape}, {found}"
        )
    return labels.astype(np.int64)


def read_classes(model: Any, images: Any, n_samples: int = 16, seed: int = 0, batch_size: int = 256) -> np.ndarray:
    """The class under which a model finds each image most likely: the largest bound on log p(x|class).

    With equal classes this is the most probable one by Bayes' rule. A model that has a classifier is asked that.

    Args:
        model: a VAE that is told the class.
        images: array `(n, *event_shape)`, in the units of the model.
        n_samples: int >= 1. Draws per image and class.
        seed: int. The same seed gives the same numbers.
        batch_size: int. Images per call.

    Returns:
        NumPy array `(n,)` of whole numbers.

    Raises:
        ValueError: for a model that is told no label, or images that do not fit it.

    Examples:
        >>> from keras_vae.tasks.images import read_classes
        >>> model = kv.make_vae((8, 8, 1), latent_dim=4, n_classes=10, seed=0)
        >>> read_classes(model, x[:3], n_samples=2).shape
        (3,)
    """
    n_classes = n_classes_of(model)
    if getattr(model, "has_classifier", False):
        return model.classify(images, batch_size=batch_size).argmax(axis=1)
    images = as_array("images", images)
    told = [np.full(len(images), label) for label in range(n_classes)]
    bounds = [model.log_prob(images, n_samples, seed=seed, condition=c, batch_size=batch_size) for c in told]
    return np.argmax(bounds, axis=0)
