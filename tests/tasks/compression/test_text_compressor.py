"""`TextCompressor` with models of the library."""

import numpy as np
import pytest

import keras_vae as kv
from keras_vae.tasks.compression import Compressor, TextCompressor
from keras_vae.tasks.compression.compressor_of import compressor_of, load_compressor

TEXTS = ["the cat sat on the mat", "a dog ran", "the dog sat"] * 4
DATA = "\n".join(TEXTS).encode() + b"\r\n\xff\x00 zoo the zoo\n"


@pytest.fixture(scope="module")
def model():
    return kv.make_language_model(kv.data.Tokenizer.learn(TEXTS), units=8, seed=0)


@pytest.fixture(scope="module")
def compressor(model):
    return TextCompressor(model)


def test_bytes_come_back_and_some_of_them(compressor):
    packed = compressor.compress(DATA)
    assert compressor.decompress(packed) == DATA
    assert compressor.decompress(packed, slice(4, 9)) == DATA[4:9]
    assert compressor.compress(np.frombuffer(DATA, np.uint8)) == packed
    assert compressor.bits_per_character(DATA) == 8 * len(packed) / len(DATA)
    assert np.isnan(compressor.bits_per_character(b""))
    assert compressor.decompress(compressor.compress(b"")) == b""


def test_texts_come_back_one_by_one(compressor):
    records = compressor.compress_each(["the cat ran", b"\xff"])
    assert compressor.decompress_each(records[::-1]) == [b"\xff", b"the cat ran"]
    assert compressor.compress_each([]) == compressor.decompress_each([]) == []


def test_what_does_not_come_back_is_an_error(compressor, monkeypatch):
    monkeypatch.setattr(compressor.codec_.records, "decode", lambda records: [b""])
    with pytest.raises(RuntimeError, match="the compressed texts do not come back as they were"):
        compressor.compress_each(["the cat"])
    monkeypatch.setattr(compressor.codec_, "decode_block", lambda *_: np.zeros(len(DATA), np.uint8))
    with pytest.raises(RuntimeError, match="the compressed rows do not come back"):
        compressor.compress(DATA)


def test_it_is_saved_and_loaded(compressor, tmp_path):
    compressor.save(tmp_path / "c.keras")
    loaded = load_compressor(tmp_path / "c.keras")
    assert isinstance(loaded, TextCompressor)
    assert loaded.decompress(compressor.compress(DATA)) == DATA
    with pytest.raises(ValueError, match="is a file of a text compressor, not of a lossless one"):
        Compressor.load(tmp_path / "c.keras")
    with pytest.raises(ValueError, match=r"`path` must end in .keras"):
        compressor.save(tmp_path / "c.bin")


def test_a_sequence_vae_goes_through_its_codes():
    vae = kv.make_sequence_vae(kv.data.Tokenizer.learn(TEXTS), latent_dim=2, units=8, seed=0)
    compressor = TextCompressor(vae, way="bits back")
    block = compressor.codec_._blocks
    payload = block.encode_told(DATA, bits_back=True)
    assert block.decode(payload, len(DATA)) == DATA
    assert compressor.decompress(compressor.compress(DATA)) == DATA


def test_the_compressor_is_that_of_the_model(model):
    assert isinstance(compressor_of(model), TextCompressor)
    assert isinstance(compressor_of(object()), Compressor)


@pytest.mark.parametrize(
    ("change", "data", "match"),
    [
        ({"way": "zip"}, b"a", "`way` must be"),
        ({"way": "bits back"}, b"a", "`way` must not be 'bits back' for a model without codes"),
        ({"block_bytes": 0}, b"a", "`block_bytes` must be"),
        ({"model": object()}, b"a", "`model` must be a LanguageModel or a SequenceVAE. Received: object"),
        ({}, "text", "`data` must be bytes, or a uint8 array"),
        ({}, np.zeros(3), "`data` must be bytes, or a uint8 array"),
    ],
)
def test_other_arguments_are_refused(model, change, data, match):
    with pytest.raises(ValueError, match=match):
        TextCompressor(**{"model": model, **change}).compress(data)


def test_records_are_of_texts(compressor):
    with pytest.raises(ValueError, match=r"`texts` must be bytes or str. Received: int"):
        compressor.compress_each([1])
