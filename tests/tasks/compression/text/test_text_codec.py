"""Containers of text: which way is shorter, blocks alone, other models and damage."""

import numpy as np
import pytest
from tasks.compression.text.text_stand_in import SENTENCES, StandIn, drawn_text

from keras_vae.tasks.compression.container.container import Container
from keras_vae.tasks.compression.text.text_codec import TextCodec

DATA = np.frombuffer(drawn_text(100), np.uint8)


@pytest.fixture(scope="module")
def codec():
    return TextCodec(StandIn(2))


@pytest.fixture(scope="module")
def packed(codec):
    return codec.compress(DATA, 700, {"a": 1})


def test_the_header_says_which_way_is_shorter(codec, packed):
    sizes = {way: len(codec.compress(DATA, 700, way=way)) for way in ("language model", "bits back")}
    header = Container.read(packed).header
    # One whose codes have little to say is better without them.
    assert header.metadata == {"a": 1, "way": "language model"}
    assert sizes["language model"] < sizes["bits back"]
    assert (header.shape, header.dtype, len(header.blocks)) == ((len(DATA),), np.uint8, -(-len(DATA) // 700))


def test_bits_back_is_taken_where_it_is_shorter(codec, monkeypatch):
    encode = codec._blocks.encode
    monkeypatch.setattr(
        codec._blocks, "encode", lambda data, back: encode(data, back) + b"" if back else data + b"long"
    )
    monkeypatch.setattr(codec._blocks, "decode", lambda payload, n: DATA.tobytes())
    assert Container.read(codec.compress(DATA, 10_000, verify=False)).header.metadata == {"way": "bits back"}


@pytest.mark.parametrize("rows", [slice(0, 10), slice(650, 750), slice(-5, None), slice(100, 900, 7)])
def test_a_part_is_decoded_from_its_blocks_alone(codec, packed, rows):
    np.testing.assert_array_equal(codec.decompress(packed, rows), DATA[rows])


def test_the_fingerprint_is_of_the_weights_and_the_vocabulary(codec, packed, monkeypatch):
    assert TextCodec(StandIn(2)).fingerprint == codec.fingerprint
    other = TextCodec(StandIn(2, sentences=SENTENCES[:-1]))
    monkeypatch.setattr(StandIn, "get_weights", lambda self: [np.ones(3, np.float32)])
    assert len({codec.fingerprint, other.fingerprint, TextCodec(StandIn(2)).fingerprint}) == 3
    with pytest.raises(ValueError, match="the file was made by another model"):
        other.decompress(packed)


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.99])
def test_a_file_that_was_cut_or_changed_is_refused(codec, packed, part):
    place = int(part * len(packed))
    changed = bytearray(packed)
    changed[place] ^= 1
    for damaged in (packed[:place], bytes(changed)):
        with pytest.raises(ValueError, match=r"the file|the header|block|is damaged|was cut off"):
            codec.decompress(damaged)


def test_a_machine_whose_floats_are_far_off_is_told_so(codec, packed):
    other = TextCodec(StandIn(2))
    other._blocks.sentences._words._steps._decoder.noise.assign(0.5)
    with pytest.raises(ValueError, match=r"cannot be decoded|decodes to other rows"):
        other.decompress(packed)
