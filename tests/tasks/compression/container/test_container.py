import struct
import zlib

import numpy as np
import pytest

from keras_vae.tasks.compression.container.container import MAGIC, Container, checksum, write
from keras_vae.tasks.compression.container.header import BlockEntry, Header

PAYLOADS = [b"first block", b"", b"third"]


def header(**changes):
    entries = tuple(BlockEntry(len(p), zlib.crc32(p), checksum(p)) for p in PAYLOADS)
    values = {"dtype": np.dtype("u1"), "shape": (9, 2), "block_rows": 4, "blocks": entries, "metadata": {}}
    return Header(bytes(16), **{**values, **changes})


DATA = write(header(), PAYLOADS)


def test_containers_come_back():
    container = Container.read(DATA)
    assert container.header == header()
    assert [container.payload(block) for block in range(3)] == PAYLOADS
    assert container.name(2) == "block 2 (rows 8 to 8)"


def test_an_empty_file_is_refused():
    with pytest.raises(ValueError, match="the file is empty"):
        Container.read(b"")


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n" + bytes(100), b"KVX", b"P"])
def test_other_files_are_refused(data):
    with pytest.raises(ValueError, match="no container of compressed data"):
        Container.read(data)


def test_a_file_that_was_cut_off_is_refused():
    for n in range(1, len(DATA)):
        with pytest.raises(ValueError, match="the file was cut off"):
            Container.read(DATA[:n])


def test_bytes_behind_the_last_block_are_refused():
    with pytest.raises(ValueError, match="the file has 2 bytes behind its last block"):
        Container.read(DATA + b"ab")


def test_another_version_is_refused():
    with pytest.raises(ValueError, match="the file has version 2 of the format; this program reads version 1"):
        Container.read(MAGIC + struct.pack("<H", 2) + DATA[6:])


def read_all(data):
    container = Container.read(data)
    return [container.payload(block) for block in range(3)]


def test_every_changed_bit_is_found():
    for bit in range(8 * len(DATA)):
        changed = bytearray(DATA)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ValueError, match=r"damaged|cut off|version"):
            read_all(bytes(changed))


def test_a_damaged_block_is_named_and_the_others_can_be_read():
    container = Container.read(DATA[:-1] + b"X")
    assert container.payload(0) == PAYLOADS[0]
    with pytest.raises(ValueError, match=r"block 2 \(rows 8 to 8\) is damaged: its bytes have another checksum"):
        container.payload(2)


def test_more_bytes_than_are_allowed_are_refused_before_they_are_allocated():
    data = write(header(shape=(9, 2**50)), PAYLOADS)
    with pytest.raises(ValueError, match=r"holds 10133099161583616 bytes of data, more than the .* pass `max_bytes`"):
        Container.read(data)
    assert Container.read(data, max_bytes=2**60).header.shape == (9, 2**50)
    with pytest.raises(ValueError, match="more than the 17 that are allowed"):
        Container.read(DATA, max_bytes=17)


@pytest.mark.parametrize("data", ["x.kvz", 3, None])
def test_what_is_no_bytes_is_refused(data):
    with pytest.raises(ValueError, match=f"`data` must be bytes, .* Received: {type(data).__name__}"):
        Container.read(data)


def test_any_object_that_holds_bytes_can_be_read():
    assert Container.read(memoryview(bytearray(DATA))).payload(0) == PAYLOADS[0]
