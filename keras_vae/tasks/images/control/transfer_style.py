"""The style of one image in the content of another, by a VAE that is told the content."""

from typing import Any

import numpy as np

from keras_vae.tasks.images.control.class_labels_of import checked_labels, n_classes_of, read_classes
from keras_vae.training.containers import as_array


def transfer_style(
    model: Any,
    content: Any,
    style: Any,
    style_labels: Any = None,
    n_samples: int = 16,
    seed: int = 0,
    batch_size: int = 256,
) -> np.ndarray:
    """Images with the content of some and the style of others.

    The content is the class, which the model is told; what it need not be told is left for the code z: how thick a
    stroke is, how it leans. The code of the style image, read under its own class, is decoded under the other class. A
    `beta` above 1 and few latents keep the class out of z; `encode` and any classifier of codes show whether they do.

    Args:
        model: a trained VAE that is told the class: `keras_vae.make_vae(..., n_classes=10)`, or a semi-supervised one.
        content: class labels `(n,)`, one label, or images `(n, *event_shape)` whose class is read, see `read_classes`.
        style: images `(n, *event_shape)`; one style goes with all contents, and one content with all styles.
        style_labels: class labels `(n,)` of the style images, or None to read them.
        n_samples, seed, batch_size: as in `read_classes`.

    Returns:
        NumPy array `(n, *event_shape)`: means of p(x|z, class), in the units of the model.

    Raises:
        ValueError: for a model that is told no label, labels that are none of its classes, or images that do not fit.

    References:
        Kingma et al. 2014, section 4.2 and figure 1 (analogies). https://arxiv.org/abs/1406.5298
    """
    told = {"n_classes": n_classes_of(model), "n_samples": n_samples, "seed": seed, "batch_size": batch_size}
    labels = _labels("content", content, model, **told)
    z = _codes(style, style_labels, model, **told)
    n = max(len(labels), len(z))
    _check_numbers(len(labels), len(z))
    rows = np.repeat(z, n, axis=0) if len(z) == 1 else z
    return model.decode(rows, condition=np.broadcast_to(labels, n), batch_size=batch_size)


def _labels(name, content, model, n_classes, **reading):
    """The class of every content, given as a label or read off an image."""
    content = as_array(name, content)
    content = content[None] if content.ndim == 0 or content.shape == model.event_shape else content
    return checked_labels(name, content, n_classes) if content.ndim == 1 else read_classes(model, content, **reading)


def _codes(style, labels, model, n_classes, **reading):
    """The mean codes of the style images under their own classes."""
    style = as_array("style", style)
    style = style[None] if style.shape == model.event_shape else style
    labels = read_classes(model, style, **reading) if labels is None else labels
    labels = checked_labels("style_labels", labels, n_classes)
    if len(labels) != len(style):
        raise ValueError(
            f"`style_labels` must be one label for each of {len(style)} style images. Received: {len(labels)}"
        )
    return np.asarray(model.encode(style, condition=labels, batch_size=reading["batch_size"])[0])


def _check_numbers(n_contents, n_styles):
    if {n_contents, n_styles} - {1, max(n_contents, n_styles)}:
        raise ValueError(
            "`content` and `style` must be as many as each other, or one of them a single one. "
            f"Received: {n_contents} and {n_styles}"
        )
