import gzip
import os

import pytest

from keras_vae.data.whole_file import check_file, decode_text, lines_of, read_bytes, unchanged


def test_bytes_come_as_they_are_and_packed_ones_unpacked(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"a,b\r\n")
    (tmp_path / "a.csv.GZ").write_bytes(gzip.compress(b"a,b\r\n"))
    assert read_bytes(tmp_path / "a.csv") == read_bytes(tmp_path / "a.csv.GZ") == b"a,b\r\n"


@pytest.mark.parametrize("content", [b"", b" \n\t\n"])
def test_an_empty_file_is_refused(tmp_path, content):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.csv is empty"):
        read_bytes(tmp_path / "a.csv")


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no file .*none\.csv"):
        check_file(tmp_path / "none.csv")
    (tmp_path / "link.csv").symlink_to(tmp_path / "none.csv")
    with pytest.raises(FileNotFoundError, match=r"link\.csv is a link to .*none\.csv, which does not exist"):
        check_file(tmp_path / "link.csv")
    with pytest.raises(ValueError, match=r"must be a file\. Received: a folder"):
        check_file(tmp_path)
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(ValueError, match=r"must be a file\. Received: a device or pipe"):
        check_file(tmp_path / "pipe.csv")


def test_a_file_without_read_permission_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_text("a")
    # An administrator may read everything, so that taking the permission away would show nothing here.
    monkeypatch.setattr(os, "access", lambda file, mode: False)
    with pytest.raises(PermissionError, match=r"a\.csv may not be read: you have no read permission"):
        check_file(path)


def test_damaged_archives_are_refused(tmp_path):
    packed = gzip.compress(b"a,b\n1,2\n" * 100)
    for number, content in enumerate((packed[:20], b"no archive", packed[:15] + b"x" + packed[16:])):
        path = tmp_path / f"{number}.csv.gz"
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"\.csv\.gz cannot be unpacked"):
            read_bytes(path)


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a")
    with unchanged(path):
        path.read_text()
    with pytest.raises(ValueError, match=r"a\.csv was changed while it was read"), unchanged(path):
        path.write_text("ab")
    os.utime(path, ns=(0, 0))
    with pytest.raises(ValueError, match="was changed while it was read"), unchanged(path):
        os.utime(path, ns=(0, 1_000_000))


TEXT = "Größe, naïve, 5 €\n" * 3


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        (TEXT, "utf-8", "utf-8"),
        (TEXT, "utf-8-sig", "utf-8-sig"),
        (TEXT, "utf-16", "utf-16"),
        (TEXT, "utf-16-le", "utf-16-le"),
        (TEXT, "utf-16-be", "utf-16-be"),
        (TEXT, "cp1252", "cp1252"),
        ("caf\xe9 \x81\n", "latin-1", "latin-1"),
        ("plain\n", "ascii", "utf-8"),
    ],
)
def test_encodings_are_found_out(text, encoding, found):
    assert decode_text(text.encode(encoding), "f") == (text, found)


def test_lines_end_at_line_ends_alone():
    assert lines_of("a\r\nb\rc\nd\x0be\u2028f") == ["a", "b", "c", "d\x0be\u2028f"]


@pytest.mark.parametrize("content", [bytes(range(256)) * 4, b"\x89PNG\r\n\x1a\n" + b"\x00\x01" * 50, b"\x01\x02\x03 a"])
def test_bytes_that_are_no_text_are_refused(content):
    with pytest.raises(ValueError, match="f is no text"):
        decode_text(content, "f")


def test_a_strict_reader_takes_no_other_encoding_and_names_the_line():
    assert decode_text("ä\nö".encode(), "a", strict=True) == ("ä\nö", "utf-8")
    assert decode_text("ä\nö".encode("utf-16"), "a", strict=True) == ("ä\nö", "utf-16")
    with pytest.raises(ValueError, match=r"a must be UTF-8. Received: the byte 0xe4 in line 3$"):
        decode_text("ä\r\n\r\n".encode() + b"\xe4", "a", strict=True)
    with pytest.raises(ValueError, match=r"a must be UTF-16. Received: the byte 0x00 in line 2$"):
        decode_text("ä\n".encode("utf-16-le").join([b"\xff\xfe", b"\x00\xd8"]), "a", strict=True)
    with pytest.raises(ValueError, match=r"a must be text. Received: NUL in line 2"):
        decode_text(b"a\nb\0c", "a", strict=True)
    assert decode_text(b"\xe4", "a") == ("ä", "cp1252")
