"""Images as arrays `(n, height, width, channels)` of values from 0 to 1."""

import numpy as np

from keras_vae.tasks.images.restoration.image_values import check_levels


def unit_images(name, images, event_shape=None):
    """Images of 8 bits, or of values from 0 to 1, in one form.

    Args:
        name: str. Name of the argument, for messages.
        images: array `(n, height, width)` or `(n, height, width, channels)`, uint8 or floats from 0 to 1.
        event_shape: tuple `(height, width, channels)` that every image must have, or None.

    Returns:
        NumPy array `(n, height, width, channels)`, float32, from 0 to 1.

    Raises:
        ValueError: for another shape, no image, values out of range or not finite.
    """
    images = np.asarray(images)
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or not images.size or (event_shape is not None and images.shape[1:] != tuple(event_shape)):
        wanted = "(n, height, width, channels)" if event_shape is None else f"(n, {', '.join(map(str, event_shape))})"
        raise ValueError(f"`{name}` must have shape {wanted} with n >= 1. Received: {name}.shape={images.shape}")
    if images.dtype == np.uint8:
        check_levels(images, name)
        return images.astype(np.float32) / 255.0
    if images.dtype.kind not in "fiub":
        raise ValueError(f"`{name}` must hold numbers. Received: dtype {images.dtype}")
    images = images.astype(np.float32)
    low, high = images.min(), images.max()
    if not (low >= 0.0 and high <= 1.0):  # NaN is in no range.
        raise ValueError(
            f"`{name}` must hold uint8, or values from 0 to 1. Received: values from {low:.4g} to {high:.4g}"
        )
    return images
