"""Writes containers and reads them, with a clear error for every kind of damage.

    bytes     what
    4         magic: "KVZ" and an end-of-file character of old systems, behind which nobody prints
    2         version of the format
    4         length of the header
    8         checksum of all above and of the header
    ...       header: fingerprint of the model, type and shape, rows per block, index of the blocks, metadata
    ...       blocks, in order

Numbers are little-endian. Every bit is covered by a checksum: a header is only read where it is as it was written, and
so is a block. What is allocated for a container is bounded before: see `Container.read`.
"""

import hashlib
import struct
import zlib

from keras_vae.tasks.compression.container.header import CHECKSUM_BYTES, Header

MAGIC = b"KVZ\x1a"
VERSION = 1
START = struct.Struct("<4sHI")
# An array may have so many bytes for each of its container, where nobody allows more.
MEMORY_FACTOR = 2**20


def checksum(*parts):
    """Eight bytes that change with any of the parts, bytes or arrays without gaps."""
    digest = hashlib.blake2b(digest_size=CHECKSUM_BYTES)
    for part in parts:
        digest.update(part)
    return digest.digest()


def write(header, payloads):
    """A container as bytes.

    Args:
        header: `Header`.
        payloads: list of bytes, the blocks that it speaks of.
    """
    content = header.to_bytes()
    start = START.pack(MAGIC, VERSION, len(content))
    return b"".join([start, checksum(start, content), content, *payloads])


class Container:
    """A container that was read and checked up to its blocks.

    Attributes:
        header: `Header`.
    """

    def __init__(self, header, blocks, ends):
        self.header, self._blocks, self._ends = header, blocks, ends

    @classmethod
    def read(cls, data, max_bytes=None):
        """Read the header, and check everything that can be without decoding.

        Args:
            data: bytes.
            max_bytes: int. Bytes that the array may have, or None for 2^20 for each of the container.

        Returns:
            `Container`.

        Raises:
            ValueError: if the data are no bytes or not a whole container of this version, or the array has too many of
                them.
        """
        try:
            content = memoryview(data)
        except TypeError:
            raise ValueError(f"`data` must be bytes, the content of a file. Received: {type(data).__name__}") from None
        header, rest = _read_header(content)
        n_bytes = sum(entry.n_bytes for entry in header.blocks)
        if len(rest) < n_bytes:
            raise ValueError(f"the file was cut off: {n_bytes - len(rest)} bytes of its blocks are missing")
        if len(rest) > n_bytes:
            raise ValueError(f"the file has {len(rest) - n_bytes} bytes behind its last block")
        allowed = len(data) * MEMORY_FACTOR if max_bytes is None else max_bytes
        if header.n_bytes > allowed:
            raise ValueError(
                f"the file says that it holds {header.n_bytes} bytes of data, more than the {allowed} that are "
                "allowed: pass `max_bytes` if you trust it"
            )
        ends, at = [], 0
        for entry in header.blocks:
            at += entry.n_bytes
            ends.append(at)
        return cls(header, rest, ends)

    def check_made_by(self, fingerprint):
        """Check that the model at hand is the one that is needed.

        Args:
            fingerprint: bytes, of the model at hand.

        Raises:
            ValueError: if it is another.
        """
        if self.header.fingerprint != fingerprint:
            raise ValueError(
                f"the file was made by another model, {self.header.fingerprint.hex()}; this one is {fingerprint.hex()}"
            )

    def payload(self, block):
        """The bytes of a block.

        Args:
            block: int, its number.

        Raises:
            ValueError: if they are not those that were written.
        """
        entry = self.header.blocks[block]
        end = self._ends[block]
        payload = bytes(self._blocks[end - entry.n_bytes : end])
        if zlib.crc32(payload) != entry.stored:
            raise ValueError(f"{self.name(block)} is damaged: its bytes have another checksum")
        return payload

    def name(self, block):
        """A block for messages."""
        first, end = self.header.rows_of(block)
        return f"block {block} (rows {first} to {end - 1})"


def _read_header(data):
    """The header, and what follows it."""
    if not len(data):
        raise ValueError("the file is empty")
    if bytes(data[: len(MAGIC)]) != MAGIC[: len(data)]:
        raise ValueError("the file is no container of compressed data, or its first bytes are damaged")
    if len(data) < START.size + CHECKSUM_BYTES:
        raise ValueError("the file was cut off: its header is missing")
    _, version, n_bytes = START.unpack(data[: START.size])
    if version != VERSION:
        raise ValueError(f"the file has version {version} of the format; this program reads version {VERSION}")
    at = START.size + CHECKSUM_BYTES
    if len(data) < at + n_bytes:
        raise ValueError("the file was cut off, or damaged: its header is longer than the file")
    content = data[at : at + n_bytes]
    if checksum(data[: START.size], content) != bytes(data[START.size : at]):
        raise ValueError("the header is damaged: it has another checksum")
    return Header.of_bytes(content), data[at + n_bytes :]
