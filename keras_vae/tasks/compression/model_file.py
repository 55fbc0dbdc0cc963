"""The file of a compressor: a Keras model, and beside it in the same archive what its coder needs."""

import json
import pathlib
import zipfile

import keras
import numpy as np

from keras_vae._files import atomic_path
from keras_vae.models.registered import register_classes
from keras_vae.tasks.compression.codec import Codec
from keras_vae.tasks.compression.exact.exact_model import ExactModel

ENTRY = "compression.json"
VERSION = 1


def write_model_file(path, model, codec, arguments):
    """Write a model and its codec.

    Args:
        path: str or path that ends in `.keras`.
        model: `VAE` or `LadderVAE`.
        codec: its `Codec`.
        arguments: dict that JSON can hold. Of the compressor.

    Raises:
        ValueError: for another ending.
    """
    path = pathlib.Path(path)
    if path.suffix != ".keras":
        raise ValueError(f"`path` must end in .keras. Received: path={str(path)!r}")
    content = {
        "version": VERSION,
        "arguments": arguments,
        "marginals": [[part.tolist() for part in pair] for pair in codec.marginals],
        "fingerprint": codec.fingerprint.hex(),
    }
    with atomic_path(path) as temporary:
        _without_optimizer(model).save(temporary)
        with zipfile.ZipFile(temporary, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(ENTRY, json.dumps(content))


def _without_optimizer(model):
    """The model without the state of its training, which is twice as large as its weights."""
    content = keras.saving.serialize_keras_object(model)
    content.pop("compile_config", None)
    copy = keras.saving.deserialize_keras_object(content)
    copy.set_weights(model.get_weights())
    return copy


def read_model_file(path):
    """Model, codec and arguments, as they were written.

    Raises:
        ValueError: if the file is not one of a compressor, or this machine computes other numbers from it.
    """
    content = _read_entry(path)
    register_classes()
    # Only classes of Keras and of this library are made: a file holds no code.
    model = keras.models.load_model(path, safe_mode=True)
    marginals = [tuple(np.array(part, np.float64) for part in pair) for pair in content["marginals"]]
    codec = Codec(ExactModel.of(model), content["arguments"]["bits"], marginals)
    if codec.fingerprint.hex() != content["fingerprint"]:
        raise ValueError(
            f"{path} was written as the model {content['fingerprint']} and is {codec.fingerprint.hex()} here: this "
            "version computes other numbers from it, and could not decompress its files"
        )
    return model, codec, content["arguments"]


def _read_entry(path):
    try:
        with zipfile.ZipFile(path) as archive:
            content = json.loads(archive.read(ENTRY))
    except FileNotFoundError:
        raise
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is not a file of a compressor: {error}") from None
    if content.get("version") != VERSION:
        raise ValueError(f"{path} has version {content.get('version')}; this program reads version {VERSION}")
    return content
