"""Reading of a file that is there, may be read, and is the same afterwards as before."""

import contextlib
import gzip
import os
import pathlib
import zlib
from collections.abc import Iterator


def check_file(path: str | pathlib.Path) -> pathlib.Path:
    """The path of a file that can be read.

    Raises:
        FileNotFoundError: if there is no such file, or it is a link to nothing.
        ValueError: if it is empty or no file.
        PermissionError: if it may not be read.
    """
    path = pathlib.Path(path)
    if path.is_symlink() and not path.exists():
        raise FileNotFoundError(f"{path} is a link to {os.readlink(path)}, which does not exist")
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}")
    if not path.is_file():
        raise ValueError(f"{path} must be a file. Received: a {'folder' if path.is_dir() else 'device or pipe'}")
    if not os.access(path, os.R_OK):
        raise PermissionError(f"{path} may not be read: you have no read permission for it")
    if path.stat().st_size == 0:
        raise ValueError(f"{path} is empty")
    return path


@contextlib.contextmanager
def unchanged(path: str | pathlib.Path) -> Iterator[None]:
    """A `with` block in which a file is read, and which fails if the file was changed meanwhile.

    Raises:
        ValueError: if its size or the time of its last change is another at the end.
    """
    before = _state(path)
    yield
    if _state(path) != before:
        raise ValueError(f"{path} was changed while it was read; try again when nothing writes to it")


def read_bytes(path: str | pathlib.Path) -> bytes:
    """All bytes of a file; those of a file ending in `.gz` are unpacked.

    Raises:
        FileNotFoundError, PermissionError: as `check_file`.
        ValueError: if it is empty, damaged, or changes while it is read.
    """
    path = check_file(path)
    with unchanged(path):
        content = path.read_bytes()
    if path.suffix.lower() == ".gz":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{path} cannot be unpacked: {error}") from error
    if not content.strip():
        raise ValueError(f"{path} is empty")
    return content


def decode_text(content: bytes, source: str | pathlib.Path, strict: bool = False) -> tuple[str, str]:
    """Text of the bytes of a file, and the name of its encoding.

    A byte-order mark says which it is; else UTF-16 is known by the zero bytes of its plain letters; else it is UTF-8
    if it can be, and else cp1252, the Latin-1 of Windows.

    Args:
        content: bytes, not empty.
        source: Path or str, for the message.
        strict: bool. Whether bytes that are neither UTF-8 nor UTF-16 with a mark are refused, and every NUL.

    Returns:
        (text, encoding): both str.

    Raises:
        ValueError: if the bytes are no text; the message names the line where `strict`.
    """
    encoding = _encoding(content[:3] if strict else content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if strict:
            line = _line_number(content[: error.start].decode(encoding, "replace"))
            name = "UTF-16" if encoding == "utf-16" else "UTF-8"
            raise ValueError(
                f"{source} must be {name}. Received: the byte 0x{content[error.start]:02x} in line {line}"
            ) from error
        # cp1252 has five bytes without a character; Latin-1 has a (control) character for each.
        encoding = "latin-1" if encoding == "cp1252" else "cp1252"
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            encoding = "latin-1"
            text = content.decode(encoding)
    if strict and "\0" in text:
        raise ValueError(f"{source} must be text. Received: NUL in line {_line_number(text[: text.index(chr(0))])}")
    if "\0" in text[:100_000] or _share_of_controls(text[:10_000]) > 0.02:
        raise ValueError(f"{source} is no text: it holds bytes that no text has")
    return text, encoding


def lines_of(text: str) -> list[str]:
    """Lines of a text, which end in a line feed, a carriage return or both (and at no other character)."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _line_number(text_before):
    return len(lines_of(text_before))


def _state(path):
    state = os.stat(path)
    return state.st_size, state.st_mtime_ns


def _encoding(content):
    if content.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    head = content[:2000]
    if len(head) >= 4 and head[1::2].count(0) > 0.3 * len(head[1::2]):
        return "utf-16-le"
    if len(head) >= 4 and head[0::2].count(0) > 0.3 * len(head[0::2]):
        return "utf-16-be"
    return "utf-8"


def _share_of_controls(text):
    controls = sum(1 for character in text if ord(character) < 32 and character not in "\t\n\r\f\v")
    return controls / max(len(text), 1)
