"""Whether data are those that a training began with, or at least of the same shape."""

import os
import zlib

import numpy as np

from keras_vae.data.dataset import PARTS


def check_event_shape(dataset, event_shape):
    """Check that a data set has examples of this shape.

    Args:
        dataset: `Dataset`.
        event_shape: tuple of ints. Shape of the examples that a model was trained on.

    Raises:
        ValueError: if it has another.
    """
    if tuple(dataset.event_shape) != tuple(event_shape):
        raise ValueError(
            f"the data must have examples of shape {tuple(event_shape)}, as the run was trained on. "
            f"Received: {dataset.name} with examples of shape {tuple(dataset.event_shape)}"
        )


def fingerprint(dataset):
    """Checksum of the parts of a data set, str; for a folder of images of the names and sizes of the files.

    Args:
        dataset: `Dataset`.
    """
    checksum = 0
    for part in PARTS:
        x, files = getattr(dataset, f"x_{part}"), getattr(dataset, f"{part}_files")
        if x is not None and x.dtype == object:
            checksum = zlib.crc32("\n".join(x).encode(), checksum)
        elif x is not None:
            checksum = zlib.crc32(np.ascontiguousarray(x), checksum)
        for file in files or ():
            checksum = zlib.crc32(f"{os.path.basename(file)} {os.path.getsize(file)}".encode(), checksum)
    return f"{checksum:08x}"
