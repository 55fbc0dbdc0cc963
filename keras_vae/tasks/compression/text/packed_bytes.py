"""Bytes that no model knows, as the shortest of what the compressors of Python make of them."""

import bz2
import lzma
import zlib

LZMA = [{"id": lzma.FILTER_LZMA2, "preset": 9, "dict_size": 2**20}]


def pack(data):
    """A byte that says how, and the bytes packed; nothing for no bytes."""
    if not data:
        return b""
    found = [data, zlib.compress(data, 9, -15), bz2.compress(data), lzma.compress(data, lzma.FORMAT_RAW, filters=LZMA)]
    way = min(range(len(found)), key=lambda i: len(found[i]))
    return bytes([way]) + found[way]


def unpack(packed, max_bytes):
    """The bytes that were packed.

    Args:
        packed: bytes.
        max_bytes: int. As many as there may be.

    Raises:
        ValueError: if they are not such bytes, or too many.
    """
    if not packed:
        return b""
    way, content = packed[0], packed[1:]
    try:
        if way == 0:
            data = content
        elif way == 1:
            data = zlib.decompressobj(-15).decompress(content, max_bytes + 1)
        elif way == 2:
            data = bz2.BZ2Decompressor().decompress(content, max_bytes + 1)
        elif way == 3:
            data = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=LZMA).decompress(content, max_bytes + 1)
        else:
            raise ValueError(f"it has bytes packed in the way {way}")
    except (zlib.error, lzma.LZMAError, OSError, EOFError):
        raise ValueError("its packed bytes cannot be read") from None
    if len(data) > max_bytes:
        raise ValueError("it has more packed bytes than it may")
    return data
