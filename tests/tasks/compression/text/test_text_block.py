"""Blocks of any bytes, and damaged ones."""

import numpy as np
import pytest
from tasks.compression.text.text_stand_in import SENTENCES, StandIn, drawn_text

from keras_vae.tasks.compression.text.text_block import PACKED, TOLD, TextBlock

CONTENTS = {
    "text": drawn_text(80),
    "text with unknown words": drawn_text(60) + b"the zoo\nthe zoo\nthe \xff ran\n a new dog",
    "bytes among text": drawn_text(60) + b"\x00\x01\xfe\n\n \r\n" + drawn_text(20).replace(b"\n", b" \r\n\t"),
    "a long line": drawn_text(90).replace(b"\n", b" "),
    "random": np.random.default_rng(0).bytes(2000),
    "one byte": b"\x00",
    "blank": b"\n \n",
    "a byte order mark": b"\xef\xbb\xbfthe cat",
}


@pytest.fixture(scope="module")
def blocks():
    return TextBlock(StandIn(2))


@pytest.mark.parametrize("bits_back", [False, True])
@pytest.mark.parametrize("name", CONTENTS)
def test_every_byte_comes_back(blocks, name, bits_back):
    payload = blocks.encode(CONTENTS[name], bits_back)
    assert blocks.decode(payload, len(CONTENTS[name])) == CONTENTS[name]
    assert len(payload) <= len(CONTENTS[name]) + 2
    assert payload[0] == (TOLD if "text" in name and not bits_back else payload[0])


@pytest.mark.parametrize("unit", ["characters", "bytes", "pieces"])
def test_every_byte_comes_back_in_other_units(unit):
    blocks = TextBlock(StandIn(0, unit, **({"max_tokens": 300} if unit == "pieces" else {})))
    data = SENTENCES[0].encode() + b"\r\n\xff\n caf\xc3\xa9 the cat\n"
    assert blocks.decode(blocks.encode_told(data), len(data)) == data


def test_random_bytes_and_blank_ones_are_packed(blocks):
    assert blocks.encode(CONTENTS["random"], False)[0] == PACKED
    assert len(blocks.encode(CONTENTS["random"], False)) == 2002
    with pytest.raises(ValueError, match="it has more packed bytes than it may"):
        blocks.decode(blocks.encode(CONTENTS["random"], False), 1999)
    with pytest.raises(ValueError, match="it has 2000 bytes, not 2001"):
        blocks.decode(blocks.encode(CONTENTS["random"], False), 2001)


def test_a_block_of_another_kind_is_refused(blocks):
    with pytest.raises(ValueError, match="it is of a kind that this version does not know"):
        blocks.decode(b"\x07abc", 3)


def test_damage_is_a_clear_error_or_other_bytes(blocks, rng):
    data = CONTENTS["bytes among text"]
    payload = blocks.encode(data, True)
    said = set()
    for place in [1, 2, 4, 7, 11, 16, 22, *rng.integers(30, len(payload), 3)]:
        damaged = bytearray(payload)
        damaged[place] ^= 1 << rng.integers(8)
        for changed in (bytes(damaged), payload[:place]):
            try:
                assert blocks.decode(changed, len(data)) != data
            except ValueError as error:
                said.add(str(error)[:24])
    assert len(said) > 2
