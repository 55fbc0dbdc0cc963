"""Metadata of a container as few bytes: names of many files may weigh as much as what the files hold."""

import json
import lzma
import zlib

# Deflate makes at most so many bytes of one, and is taken for what would become more.
MAX_RATIO = 1032
# With which LZMA begins in this format; deflated data begin with another byte.
LZMA_START = b"\x5d"
MEMORY = 2**24


def pack(metadata):
    """A dict that JSON can hold as bytes, none for an empty one."""
    if not metadata:
        return b""
    content = json.dumps(metadata, separators=(",", ":")).encode()
    deflated, packed = zlib.compress(content, 9), lzma.compress(content, lzma.FORMAT_ALONE)
    return packed if len(packed) < len(deflated) and len(content) <= MAX_RATIO * len(packed) else deflated


def unpack(packed):
    """The dict of bytes.

    Raises:
        ValueError: if `pack` did not make them.
    """
    if not packed:
        return {}
    try:
        content = json.loads(_unpacked(packed))
    except (zlib.error, lzma.LZMAError, ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise ValueError("its metadata cannot be read")
    return content


def _unpacked(packed):
    if packed[:1] != LZMA_START:
        return zlib.decompress(packed)
    unpacker = lzma.LZMADecompressor(lzma.FORMAT_ALONE, MEMORY)
    return unpacker.decompress(packed, MAX_RATIO * len(packed))
