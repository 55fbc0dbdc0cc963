"""What a container says of its content before the blocks, as bytes and back."""

import dataclasses
import math
import re
from typing import Any

import numpy as np

from keras_vae.tasks.compression.container.fields import Fields, number, string
from keras_vae.tasks.compression.container.metadata import pack, unpack

# Lengths of checksums and of the fingerprint of a model, in bytes.
CHECKSUM_BYTES, FINGERPRINT_BYTES = 8, 16
DTYPES = re.compile(r"\|[bu]1|\|i1|[<>][ui][248]|[<>]f[248]")
MAX_AXES = 32
WHAT = "the header"


@dataclasses.dataclass(frozen=True)
class BlockEntry:
    """What the index says of a block.

    Attributes:
        n_bytes: int. Its length in the file.
        stored: int. CRC-32 of these bytes.
        content: bytes. Checksum of the rows that they decode to.
    """

    n_bytes: int
    stored: int
    content: bytes


@dataclasses.dataclass(frozen=True)
class Header:
    """What is in a container.

    Attributes:
        fingerprint: bytes. Of the model that is needed to decode it.
        dtype: `np.dtype` of the array.
        shape: tuple of int, rows first.
        block_rows: int >= 1. Rows of each block; the last may have fewer.
        blocks: tuple of `BlockEntry`.
        metadata: dict that JSON can hold, such as names of files.
    """

    fingerprint: bytes
    dtype: np.dtype
    shape: tuple[int, ...]
    block_rows: int
    blocks: tuple[BlockEntry, ...]
    metadata: dict[str, Any]

    @property
    def n_bytes(self):
        """Bytes of the array."""
        return math.prod(self.shape) * self.dtype.itemsize

    def rows_of(self, block):
        """First and last row but one of a block, as a pair."""
        start = block * self.block_rows
        return start, min(start + self.block_rows, self.shape[0])

    def to_bytes(self):
        parts = [self.fingerprint, string(self.dtype.str.encode()), number(len(self.shape))]
        parts += [number(n) for n in (*self.shape, self.block_rows)]
        for entry in self.blocks:
            parts += [number(entry.n_bytes), entry.stored.to_bytes(4, "little"), entry.content]
        return b"".join([*parts, string(pack(self.metadata))])

    @classmethod
    def of_bytes(cls, data):
        """The header of bytes.

        Raises:
            ValueError: if they are not a header.
        """
        fields = Fields(data, WHAT)
        fingerprint, name = fields.take(FINGERPRINT_BYTES), fields.string().decode("latin-1")
        if not DTYPES.fullmatch(name):
            raise ValueError(f"{WHAT} is damaged: it has the type {name!r}")
        n_axes = fields.number()
        if not 1 <= n_axes <= MAX_AXES:
            raise ValueError(f"{WHAT} is damaged: it has {n_axes} axes")
        shape, block_rows = tuple(fields.number() for _ in range(n_axes)), fields.number()
        blocks = _read_index(fields, shape[0], block_rows)
        metadata = _read_metadata(fields.string())
        fields.end()
        return cls(fingerprint, np.dtype(name), shape, block_rows, blocks, metadata)


def _read_index(fields, n_rows, block_rows):
    n_blocks = -(-n_rows // block_rows) if block_rows else -1
    # Before any list is made: every block has a line of its own.
    if not 0 <= n_blocks * (5 + CHECKSUM_BYTES) <= fields.n_left:
        raise ValueError(f"{WHAT} is damaged: it has no index of {n_rows} rows in blocks of {block_rows}")
    entries = []
    for _ in range(n_blocks):
        n_bytes, stored = fields.number(), int.from_bytes(fields.take(4), "little")
        entries.append(BlockEntry(n_bytes, stored, fields.take(CHECKSUM_BYTES)))
    return tuple(entries)


def _read_metadata(packed):
    try:
        return unpack(packed)
    except ValueError as error:
        raise ValueError(f"{WHAT} is damaged: {error}") from None
