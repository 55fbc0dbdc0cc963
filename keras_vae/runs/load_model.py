"""A model out of its `.keras` file."""

import os
import zipfile

import keras

from keras_vae.models.latent_model import LatentModel
from keras_vae.models.registered import register_classes


def load_model(path):
    """A `.keras` file as a model of this library; Keras's safe mode stays on: reading the file runs no code from it.

    Args:
        path: str or path.

    Returns:
        A `keras_vae.models.LatentModel`, such as a `VAE`.

    Raises:
        ValueError: if it cannot be read, or is another model.
    """
    register_classes()
    try:
        model = keras.models.load_model(path)
    except Exception as error:
        # Keras, h5py and zipfile raise half a dozen types for a damaged file; the first line says which it was.
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        if os.path.isfile(path) and not zipfile.is_zipfile(path):
            reason = "it is damaged or cut off: no .keras archive"  # Keras would call it missing.
        raise ValueError(f"{path} cannot be read as a model: {reason}") from None
    if not isinstance(model, LatentModel):
        raise ValueError(f"{path} must hold a model of keras-vae. Received: {type(model).__name__}")
    return model
