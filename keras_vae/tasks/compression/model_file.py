"""The file of a compressor: a Keras model, and beside it in the same archive what its coder needs."""

import json
import pathlib
import zipfile

import keras

from keras_vae._files import atomic_path
from keras_vae.models.registered import register_classes

ENTRY = "compression.json"
VERSION = 1
# What a file of before there were others is.
LOSSLESS, TEXT = "lossless", "text"


def write_model_file(path, model, kind, content):
    """Write a model and what its coder needs.

    Args:
        path: str or path that ends in `.keras`.
        model: Keras model.
        kind: str. Which compressor reads it.
        content: dict that JSON can hold, with the "fingerprint" of the codec.

    Raises:
        ValueError: for another ending.
    """
    path = pathlib.Path(path)
    if path.suffix != ".keras":
        raise ValueError(f"`path` must end in .keras. Received: path={str(path)!r}")
    with atomic_path(path) as temporary:
        _without_optimizer(model).save(temporary)
        with zipfile.ZipFile(temporary, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(ENTRY, json.dumps({"version": VERSION, "kind": kind, **content}))


def _without_optimizer(model):
    """The model without the state of its training, which is twice as large as its weights."""
    content = keras.saving.serialize_keras_object(model)
    content.pop("compile_config", None)
    copy = keras.saving.deserialize_keras_object(content)
    copy.set_weights(model.get_weights())
    return copy


def read_model_file(path, kind):
    """Model and content, as they were written, and a check of what is made of them.

    Args:
        path: str or path.
        kind: as in `write_model_file`.

    Returns:
        `(model, content, check)`: the last is a function of the fingerprint of the codec, bytes, that raises a
        ValueError where this machine computes other numbers from the file than the one that wrote it.

    Raises:
        ValueError: if the file is not one of such a compressor.
    """
    content = _read_entry(path, kind)
    register_classes()
    # Only classes of Keras and of this library are made: a file holds no code.
    model = keras.models.load_model(path, safe_mode=True)

    def check(fingerprint):
        if fingerprint.hex() != content["fingerprint"]:
            raise ValueError(
                f"{path} was written as the model {content['fingerprint']} and is {fingerprint.hex()} here: this "
                "version computes other numbers from it, and could not decompress its files"
            )

    return model, content, check


def kind_of_file(path):
    """Which compressor has written a file, str.

    Raises:
        ValueError: if none has.
    """
    return _read_content(path).get("kind", LOSSLESS)


def _read_content(path):
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


def _read_entry(path, kind):
    content = _read_content(path)
    found = content.get("kind", LOSSLESS)
    if found != kind:
        raise ValueError(f"{path} is a file of a {found} compressor, not of a {kind} one")
    return content
