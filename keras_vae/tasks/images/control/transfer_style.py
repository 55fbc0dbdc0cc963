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
    stroke is, how it leans. So the code of the style image, read under its own class, is decoded under the class of the
    content. Whether z knows nothing of the class can be seen by `encode` and any classifier of codes; the KL of the
    bound is paid for it, and a `beta` a little above 1 makes it dearer.

    Args:
        model: a trained VAE that is told the class: `keras_vae.make_vae(..., n_classes=10)`, or a semi-supervised one.
        content: class labels `(n,)`, one label, or images `(n, *event_shape)` whose class is read, see `read_classes`.
        style: images `(n, *event_shape)`, or `(1, *event_shape)` or `event_shape` for one style of all. As many styles
            beside one content are that content in all styles.
        style_labels: class labels `(n,)` of the style images, or None to read them.
        n_samples, seed: as in `read_classes`.
        batch_size: int. Images per call.

    Returns:
        NumPy array `(n, *event_shape)`: means of p(x|z, class), in the units of the model.

    Raises:
        ValueError: for a model that is told no label, labels that are none of its classes, images that do not fit, or
            numbers of them that do not fit each other.

    Examples:
        Three images in the style of the first:

        >>> from keras_vae.tasks.images import transfer_style
        >>> model = kv.make_vae((8, 8, 1), latent_dim=4, n_classes=10, seed=0)
        >>> transfer_style(model, [0, 1, 2], x[0]).shape
        (3, 8, 8, 1)

    References:
        Kingma et al. 2014, section 4.2 and figure 1 (analogies). https://arxiv.org/abs/1406.5298
    """
    n_classes = n_classes_of(model)
    style = as_array("style", style)
    style = style[None] if style.shape == model.event_shape else style
    read = {"n_samples": n_samples, "seed": seed, "batch_size": batch_size}
    content = as_array("content", content)
    content = content[None] if content.ndim == 0 or content.shape == model.event_shape else content
    is_labels = content.ndim == 1
    labels = checked_labels("content", content, n_classes) if is_labels else read_classes(model, content, **read)
    if style_labels is None:
        style_labels = read_classes(model, style, **read)
    style_labels = checked_labels("style_labels", style_labels, n_classes)
    if len(style_labels) != len(style):
        raise ValueError(
            f"`style_labels` must be one label for each of {len(style)} style images. Received: {len(style_labels)}"
        )
    n = max(len(labels), len(style))
    if {len(labels), len(style)} - {1, n}:
        raise ValueError(
            "`content` and `style` must be as many as each other, or one of them a single one. "
            f"Received: {len(labels)} and {len(style)}"
        )
    z = np.asarray(model.encode(style, condition=style_labels, batch_size=batch_size)[0])
    rows = np.broadcast_to(z, (n, z.shape[1])) if len(z) == 1 else z
    return model.decode(rows, condition=np.broadcast_to(labels, n), batch_size=batch_size)
