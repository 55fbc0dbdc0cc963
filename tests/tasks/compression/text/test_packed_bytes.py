"""Bytes packed by the compressors of Python."""

import numpy as np
import pytest

from keras_vae.tasks.compression.text.packed_bytes import pack, unpack

CONTENTS = {
    "none": b"",
    "random": np.random.default_rng(0).bytes(500),
    "short": b"a rose is a rose is a rose is a rose",
    "words": " ".join(np.random.default_rng(0).choice(["the", "cat", "dog", "saw", "a"], 3000)).encode(),
    "repeated": np.random.default_rng(1).bytes(3000) * 2,
}


@pytest.mark.parametrize("name", CONTENTS)
def test_bytes_come_back(name):
    data = CONTENTS[name]
    assert unpack(pack(data), len(data)) == data
    assert len(pack(data)) <= len(data) + 1


def test_each_way_is_the_shortest_for_something():
    assert {pack(data)[0] for name, data in CONTENTS.items() if name != "none"} == {0, 1, 2, 3}


@pytest.mark.parametrize("name", [name for name in CONTENTS if name != "none"])
def test_more_bytes_than_there_may_be_are_refused(name):
    with pytest.raises(ValueError, match="it has more packed bytes than it may"):
        unpack(pack(CONTENTS[name]), len(CONTENTS[name]) - 1)


@pytest.mark.parametrize(
    ("packed", "match"),
    [(b"\x01\xff\xff", "cannot be read"), (b"\x02abc", "cannot be read"), (b"\x09a", "in the way 9")],
)
def test_other_bytes_are_refused(packed, match):
    with pytest.raises(ValueError, match=match):
        unpack(packed, 100)
