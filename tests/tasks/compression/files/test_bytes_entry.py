"""Files of bytes, for a model of text."""

import numpy as np
import pytest
from tasks.compression.text.text_stand_in import StandIn, drawn_text

from keras_vae.tasks.compression import TextCompressor
from keras_vae.tasks.compression.files.archive import compress_files, decompress_file, verify_file
from keras_vae.tasks.compression.files.bytes_entry import BytesEntry
from keras_vae.tasks.compression.files.listing import list_file


@pytest.fixture(scope="module")
def compressor():
    return TextCompressor(StandIn(0), block_bytes=600)


def test_files_of_any_kind_come_back(compressor, tmp_path):
    contents = {"a.txt": drawn_text(40), "b": b"", "sub/c.png": b"\x89PNG no picture", "d.csv": b"1,2\r\n"}
    for name, content in contents.items():
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    told = compress_files(compressor, [tmp_path / "in"], tmp_path / "x.kvz")
    assert told["way"] == list_file(tmp_path / "x.kvz")["way"] == "language model"
    assert told["bytes_of_values"] == sum(map(len, contents.values()))
    verify_file(compressor, tmp_path / "x.kvz", [tmp_path / "in"])
    decompress_file(compressor, tmp_path / "x.kvz", tmp_path / "out")
    assert {name: (tmp_path / "out" / name).read_bytes() for name in contents} == contents


def test_one_file_and_an_empty_one(compressor, tmp_path):
    for name, content in {"a.txt": drawn_text(5), "empty.txt": b""}.items():
        (tmp_path / name).write_bytes(content)
        compress_files(compressor, [tmp_path / name], tmp_path / "x.kvz", force=True)
        decompress_file(compressor, tmp_path / "x.kvz", tmp_path / "again.txt", force=True)
        assert (tmp_path / "again.txt").read_bytes() == content


def test_nothing_is_written_of_a_damaged_file(compressor, tmp_path):
    (tmp_path / "a.txt").write_bytes(drawn_text(40))
    compress_files(compressor, [tmp_path / "a.txt"], tmp_path / "x.kvz")
    packed = (tmp_path / "x.kvz").read_bytes()
    (tmp_path / "x.kvz").write_bytes(packed[:-3])
    with pytest.raises(ValueError, match="the file was cut off"):
        decompress_file(compressor, tmp_path / "x.kvz", tmp_path / "again.txt")
    assert not (tmp_path / "again.txt").exists()


def test_keys_are_refused_and_so_is_a_file_that_changes(compressor, tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"abc")
    with pytest.raises(ValueError, match="has no arrays"):
        BytesEntry.of_path(path, "a.txt", None, ("x",))
    entry = BytesEntry.of_path(path, "a.txt", None, ())
    assert BytesEntry.of_dict(entry.as_dict()) == entry
    for content in (b"ab", b"abcd"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="has changed while it was read"):
            entry.load(path, np.zeros(3, np.uint8), None)
