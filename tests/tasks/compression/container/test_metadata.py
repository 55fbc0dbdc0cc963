import json
import lzma
import tracemalloc
import zlib

import numpy as np
import pytest

from keras_vae.tasks.compression.container.metadata import pack, unpack

NAMES = [f"cats/{i:05}.png" for i in range(10_000)]


@pytest.mark.parametrize(
    "metadata",
    [{}, {"a": 1}, {"names": ["ä", "b\udc80"]}, {"names": NAMES}, {"a": "x" * 10**7}],
    ids=["none", "small", "words", "many", "same"],
)
def test_metadata_come_back(metadata):
    assert unpack(pack(metadata)) == metadata


def test_names_that_follow_each_other_cost_few_bits():
    """Deflated they take 19 bits each: an eighth of what a black and white digit does."""
    assert 8 * len(pack({"names": NAMES})) / len(NAMES) < 4


@pytest.mark.parametrize(
    "packed",
    [
        b"{}",
        b"\x5d",
        zlib.compress(b"{"),
        zlib.compress(b"[1]"),
        zlib.compress(b"\xff"),
        zlib.compress(b"[" * 10**5),
        pack({"names": NAMES})[:-200],
        # More than deflate could have made of so few bytes.
        lzma.compress(json.dumps({"a": "x" * 10**7}).encode(), lzma.FORMAT_ALONE),
        # A dictionary of 4 GiB is asked for.
        b"\x5d\xff\xff\xff\xff" + pack({"names": NAMES})[5:],
    ],
)
def test_other_bytes_are_refused_without_much_memory(packed):
    tracemalloc.start()
    with pytest.raises(ValueError, match="its metadata cannot be read"):
        unpack(packed)
    assert tracemalloc.get_traced_memory()[1] < 2**25
    tracemalloc.stop()


def test_changed_bytes_are_refused_or_are_a_dict(rng):
    packed = np.frombuffer(pack({"names": NAMES[:300]}), np.uint8)
    refused = 0
    for _ in range(300):
        changed = packed.copy()
        changed[rng.integers(len(packed))] ^= 1 << rng.integers(8)
        try:
            assert isinstance(unpack(changed.tobytes()), dict)
        except ValueError:
            refused += 1
    assert refused > 200
