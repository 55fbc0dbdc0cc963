import io
import json
import zipfile

import h5py
import keras
import numpy as np
import pytest
from tasks.compression.trained import trained

from keras_vae.tasks.compression.model_file import ENTRY, read_model_file, write_model_file

CONTENT = {"arguments": {"bits": 6, "block_rows": 10}, "fingerprint": "0f"}


@pytest.fixture(scope="module")
def model():
    return trained("bernoulli", "ladder", epochs=0)[0]


@pytest.fixture
def path(model, tmp_path):
    write_model_file(tmp_path / "c.keras", model, "lossless", CONTENT)
    return tmp_path / "c.keras"


def test_it_comes_back(model, path):
    loaded, content, check = read_model_file(path, "lossless")
    assert content == {"version": 1, "kind": "lossless", **CONTENT}
    assert type(loaded) is type(model)
    check(b"\x0f")
    with pytest.raises(ValueError, match="was written as the model 0f and is 1f here"):
        check(b"\x1f")


def test_a_file_from_before_there_were_kinds_is_lossless(path):
    with_entry(path, lambda entry: json.dumps({k: v for k, v in json.loads(entry).items() if k != "kind"}))
    assert read_model_file(path, "lossless")[1]["arguments"] == CONTENT["arguments"]
    with pytest.raises(ValueError, match="is a file of a lossless compressor, not of a lossy one"):
        read_model_file(path, "lossy")


def test_keras_reads_it_as_the_model(model, path):
    for a, b in zip(keras.models.load_model(path).get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def parts_of(path):
    """What the weights of a Keras file belong to."""
    with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as weights:
        return set(weights)


@pytest.mark.slow
def test_the_state_of_the_training_is_left_out(tmp_path):
    model, _ = trained("bernoulli", "ladder", epochs=1)
    model.save(tmp_path / "whole.keras")
    write_model_file(tmp_path / "own.keras", model, "lossless", CONTENT)
    assert parts_of(tmp_path / "whole.keras") - parts_of(tmp_path / "own.keras") == {"optimizer"}
    loaded, _, _ = read_model_file(tmp_path / "own.keras", "lossless")
    for a, b in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    # What was saved can still be trained.
    assert model.compiled


def test_another_ending_is_refused(model, tmp_path):
    with pytest.raises(ValueError, match=r"`path` must end in .keras. Received: path='.*c.h5'"):
        write_model_file(tmp_path / "c.h5", model, "lossless", CONTENT)


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
        (lambda entry: json.dumps({**json.loads(entry), "kind": "other"}), "is a file of a other compressor, not of a"),
    ],
)
def test_an_entry_that_does_not_fit_is_refused(change, message, path):
    with_entry(path, change)
    with pytest.raises(ValueError, match=message):
        read_model_file(path, "lossless")


def test_files_of_other_kinds_are_refused(model, tmp_path):
    model.save(tmp_path / "m.keras")
    (tmp_path / "no.keras").write_bytes(b"no zip")
    for name in ("m.keras", "no.keras"):
        with pytest.raises(ValueError, match=f"{name} is not a file of a compressor"):
            read_model_file(tmp_path / name, "lossless")
    with pytest.raises(FileNotFoundError):
        read_model_file(tmp_path / "absent.keras", "lossless")
