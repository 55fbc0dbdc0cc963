import io
import json
import zipfile

import h5py
import keras
import numpy as np
import pytest
from tasks.compression.trained import trained

from keras_vae.tasks.compression.codec import Codec
from keras_vae.tasks.compression.exact.exact_model import ExactModel
from keras_vae.tasks.compression.model_file import ENTRY, read_model_file, write_model_file

ARGUMENTS = {"bits": 6, "block_rows": 10}


@pytest.fixture(scope="module")
def model():
    return trained("bernoulli", "ladder", epochs=0)[0]


@pytest.fixture
def path(model, tmp_path):
    write_model_file(tmp_path / "c.keras", model, Codec(ExactModel.of(model), 6), ARGUMENTS)
    return tmp_path / "c.keras"


def test_it_comes_back(model, path):
    loaded, codec, arguments = read_model_file(path)
    before = Codec(ExactModel.of(model), 6)
    assert codec.fingerprint == before.fingerprint
    assert arguments == ARGUMENTS
    for pair, other in zip(codec.marginals, before.marginals, strict=True):
        np.testing.assert_array_equal(pair, other)
    assert type(loaded) is type(model)


def test_keras_reads_it_as_the_model(model, path):
    for a, b in zip(keras.models.load_model(path).get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def parts_of(path):
    """What the weights of a Keras file belong to."""
    with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as weights:
        return set(weights)


def test_the_state_of_the_training_is_left_out(tmp_path):
    model, _ = trained("bernoulli", "ladder", epochs=1)
    model.save(tmp_path / "whole.keras")
    write_model_file(tmp_path / "own.keras", model, Codec(ExactModel.of(model), 6), ARGUMENTS)
    assert parts_of(tmp_path / "whole.keras") - parts_of(tmp_path / "own.keras") == {"optimizer"}
    loaded, _, _ = read_model_file(tmp_path / "own.keras")
    for a, b in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    # What was saved can still be trained.
    assert model.compiled


def test_another_ending_is_refused(model, tmp_path):
    with pytest.raises(ValueError, match=r"`path` must end in .keras. Received: path='.*c.h5'"):
        write_model_file(tmp_path / "c.h5", model, None, ARGUMENTS)


def with_entry(path, change):
    """The file with another entry."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[ENTRY] = change(parts[ENTRY])
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda entry: b"{", "not a file of a compressor"),
        (lambda entry: json.dumps({**json.loads(entry), "version": 9}), "has version 9; this program reads version 1"),
        (lambda entry: json.dumps({**json.loads(entry), "fingerprint": "00"}), "was written as the model 00 and is"),
    ],
)
def test_an_entry_that_does_not_fit_is_refused(change, message, path):
    with_entry(path, change)
    with pytest.raises(ValueError, match=message):
        read_model_file(path)


def test_files_of_other_kinds_are_refused(model, tmp_path):
    model.save(tmp_path / "m.keras")
    (tmp_path / "no.keras").write_bytes(b"no zip")
    for name in ("m.keras", "no.keras"):
        with pytest.raises(ValueError, match=f"{name} is not a file of a compressor"):
            read_model_file(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        read_model_file(tmp_path / "absent.keras")
