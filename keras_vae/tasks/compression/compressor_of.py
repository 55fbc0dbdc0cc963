"""The compressor of a model that is at hand, or in a file."""

import pathlib

from keras_vae.tasks.compression.compressor import Compressor
from keras_vae.tasks.compression.model_file import TEXT, kind_of_file
from keras_vae.tasks.compression.text_compressor import TextCompressor, is_text_model


def compressor_of(model):
    """A `TextCompressor` for a model of text, and a `Compressor` for any other."""
    return TextCompressor(model) if is_text_model(model) else Compressor(model=model)


def load_compressor(path):
    """The lossless compressor of a `.keras` file that one has saved.

    Args:
        path: str or path.

    Raises:
        ValueError: if the file is not one of such a compressor.
    """
    path = pathlib.Path(path)
    return TextCompressor.load(path) if kind_of_file(path) == TEXT else Compressor.load(path)
