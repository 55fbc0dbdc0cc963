import numpy as np
import pytest

from keras_vae.tasks.compression.container.fields import number, string
from keras_vae.tasks.compression.container.header import BlockEntry, Header

ENTRIES = (BlockEntry(300, 2**32 - 1, b"12345678"), BlockEntry(0, 0, b"abcdefgh"))


def header(**changes):
    values = {
        "fingerprint": bytes(range(16)),
        "dtype": np.dtype(">u2"),
        "shape": (7, 2, 3),
        "block_rows": 4,
        "blocks": ENTRIES,
        "metadata": {"names": ["ä.png", "b.png"]},
    }
    return Header(**{**values, **changes})


@pytest.mark.parametrize("dtype", ["?", "u1", "i1", "<i2", ">u4", "<i8", "<f2", ">f4", "<f8"])
def test_headers_come_back(dtype):
    one = header(dtype=np.dtype(dtype))
    assert Header.of_bytes(one.to_bytes()) == one
    assert Header.of_bytes(one.to_bytes()).dtype.str == np.dtype(dtype).str


def test_an_array_without_rows_has_no_blocks():
    one = header(shape=(0, 3), blocks=(), metadata={})
    assert Header.of_bytes(one.to_bytes()) == one


def test_blocks_know_their_rows_and_the_array_its_size():
    assert [header().rows_of(block) for block in range(2)] == [(0, 4), (4, 7)]
    assert header().n_bytes == 7 * 2 * 3 * 2


def raw(dtype=b"|u1", shape=(7, 2), block_rows=4, rest=b""):
    return b"".join([bytes(16), string(dtype), number(len(shape)), *map(number, (*shape, block_rows)), rest])


INDEX = b"".join(number(e.n_bytes) + e.stored.to_bytes(4, "little") + e.content for e in ENTRIES)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"abc", "ends within a field"),
        (raw(dtype=b"|O8"), "the type '.O8'"),
        (raw(dtype=b"<f16"), "the type '<f16'"),
        (raw(dtype=b""), "the type ''"),
        (raw(shape=()), "it has 0 axes"),
        (raw(shape=(1,) * 33), "it has 33 axes"),
        (raw(rest=INDEX[:-1]), "ends within a field"),
        (raw(rest=INDEX[:-2]), "no index of 7 rows in blocks of 4"),
        (raw(block_rows=0), "no index of 7 rows in blocks of 0"),
        (raw(shape=(2**62, 1), block_rows=1), "no index of"),
        (raw(rest=INDEX + string(b"{}")), "metadata cannot be read"),
        (raw(rest=INDEX + string(b"") + b"x"), "1 bytes follow its last field"),
    ],
)
def test_other_bytes_are_refused(data, message):
    with pytest.raises(ValueError, match=f"the header is damaged: .*{message}"):
        Header.of_bytes(data)
