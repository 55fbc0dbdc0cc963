import numpy as np
import pytest

from keras_vae.tasks.compression.container.container import checksum, write
from keras_vae.tasks.compression.container.header import BlockEntry, Header
from keras_vae.tasks.compression.files.listing import list_file


def write_one(path, shape=(5, 4), **metadata):
    """A container whose blocks are nonsense: they are not looked at."""
    blocks = (BlockEntry(3, 0, checksum(b"")),) * -(-shape[0] // 2)
    header = Header(bytes(range(16)), np.dtype("<u2"), shape, 2, blocks, metadata)
    path.write_bytes(write(header, [b"abc"] * len(blocks)))
    return path


def test_the_header_says_what_is_in_a_file(tmp_path):
    told = list_file(write_one(tmp_path / "x.kvz"))
    size = (tmp_path / "x.kvz").stat().st_size
    files = [{"name": "x.npy", "deflated": False, "rows": 5}]
    files[0]["arrays"] = ({"key": "", "dtype": "<u2", "shape": (5, 4), "by_columns": False},)
    assert told == {
        "file": str(tmp_path / "x.kvz"),
        "bytes": size,
        "model": bytes(range(16)).hex(),
        "kind": "array",
        "shape": [5, 4],
        "dtype": "<u2",
        "blocks": 3,
        "rows_of_a_block": 2,
        "bits_per_dim": 8 * size / 20,
        "bytes_of_values": 40,
        "files": files,
        "way": None,
    }


def test_an_empty_array_has_no_bits_per_dimension(tmp_path):
    assert list_file(write_one(tmp_path / "x.kvz", (0, 4)))["bits_per_dim"] is None


def test_a_file_of_large_arrays_can_be_listed(tmp_path):
    assert list_file(write_one(tmp_path / "x.kvz", (1, 2**50)))["bytes_of_values"] == 2**51


def test_a_damaged_header_is_refused(tmp_path):
    path = write_one(tmp_path / "x.kvz")
    data = bytearray(path.read_bytes())
    data[30] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match="the header is damaged"):
        list_file(path)
    path.write_bytes(data[:-1])
    with pytest.raises(ValueError, match="damaged"):
        list_file(path)
