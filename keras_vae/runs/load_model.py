"""A model out of its `.keras` file."""

import os
import zipfile

import keras

from keras_vae.models.registered import register_classes
from keras_vae.training.trainer import Trainer


def load_model(path):
    """A `.keras` file as a model of this library; Keras's safe mode stays on: reading the file runs no code from it.

    Args:
        path: str or path.

    Returns:
        A model of this library, such as a `VAE`.

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
    if not isinstance(model, Trainer):
        raise ValueError(f"{path} must hold a model of keras-vae. Received: {type(model).__name__}")
    return model


def check_code(model):
    """Check that a model has an encoder, as a language model has not.

    Raises:
        ValueError: if it has none.
    """
    if not hasattr(model, "encode"):
        raise ValueError(
            f"the run must be that of a model with a code. Received: {type(model).__name__}, which has no encoder"
        )
