"""What codecs share: arrays to containers of blocks and back, whatever a block is coded by."""

import abc
import zlib

import numpy as np

from keras_vae._progress import progress
from keras_vae.tasks.compression.container.container import Container, checksum, write
from keras_vae.tasks.compression.container.header import BlockEntry, Header
from keras_vae.tasks.compression.whole_numbers import check_array, check_whole_numbers, fits


class BlockwiseCodec(abc.ABC):
    """Compresses arrays block by block.

    Attributes:
        fingerprint: bytes, of the model.
        event_shape: tuple of int. Shape of a row.
        levels: int or None. Values are 0 to levels - 1; None for counts.
        unit: str. What a row is called while it is counted.
    """

    unit = "row"

    @abc.abstractmethod
    def encode_block(self, rows, told):
        """Rows as bytes.

        Args:
            rows: array `(n, *event_shape)`, n >= 1.
            told: function that is called with the number of rows whenever some are done.
        """

    @abc.abstractmethod
    def decode_block(self, payload, n_rows, dtype, name, told):
        """The rows of bytes.

        Args:
            payload: bytes, as `encode_block` gave them.
            n_rows: int >= 1.
            dtype: of the array.
            name: str, the block in messages.
            told: as in `encode_block`.

        Raises:
            ValueError: if they are not such bytes.
        """

    def compress(self, x, block_rows, metadata=None, verify=True):
        """An array as a container.

        Args:
            x: array `(n, *event_shape)` of whole numbers.
            block_rows: int >= 1. Rows of a block at most, which can be decoded alone.
            metadata: dict that JSON can hold, or None.
            verify: bool. Whether to decode what was written, and compare.

        Returns:
            bytes.

        Raises:
            ValueError: for an array that cannot be compressed.
            RuntimeError: if it was not what came back.
        """
        x = check_array(x, self.event_shape)
        check_whole_numbers(x, self.levels)
        # Blocks of about the same size.
        block_rows = -(-len(x) // max(1, -(-len(x) // block_rows))) or 1
        payloads, entries = [], []
        with progress(total=len(x), desc="compressing", unit=self.unit) as bar:
            for start in range(0, len(x), block_rows):
                rows = x[start : start + block_rows]
                payloads.append(self.encode_block(rows.reshape(len(rows), *self.event_shape), bar.update))
                stored, content = zlib.crc32(payloads[-1]), checksum(np.ascontiguousarray(rows))
                entries.append(BlockEntry(len(payloads[-1]), stored, content))
        header = Header(self.fingerprint, x.dtype, x.shape, block_rows, tuple(entries), metadata or {})
        data = write(header, payloads)
        if verify:
            self._check_comes_back(data, x)
        return data

    def _check_comes_back(self, data, x):
        try:
            n_other = self.n_other_rows(data, x)
        except ValueError as error:
            raise RuntimeError(f"the compressed rows do not come back: {error}") from error
        if n_other:
            raise RuntimeError("the compressed rows do not come back as they were")

    def n_other_rows(self, data, x=None):
        """How many rows of an array are not those of a container. One block at a time is decoded and dropped.

        Args:
            data: bytes, as `compress` gives them.
            x: array, or None to look at the container alone: its rows have the checksums of those that were compressed.

        Returns:
            int, 0 if all rows are the same to the last bit.

        Raises:
            ValueError: for damaged data, those of another model, or an array of another type or shape.
        """
        container = Container.read(data, None if x is None else x.nbytes)
        header = container.header
        self._check_header(container)
        if x is not None and (x.dtype.str, x.shape) != (header.dtype.str, header.shape):
            raise ValueError(
                f"`x` must be as the file says, {header.dtype} of shape {header.shape}. "
                f"Received: x of dtype {x.dtype} and shape {x.shape}"
            )
        payloads, n_other = [container.payload(block) for block in range(len(header.blocks))], 0
        with progress(total=header.shape[0], desc="checking", unit="row") as bar:
            for block, payload in enumerate(payloads):
                rows, own = self._decode(container, block, payload, bar.update), slice(*header.rows_of(block))
                if x is not None and rows.tobytes() != x[own].tobytes():
                    # Not by their values: there are two zeros.
                    n_other += sum(a.tobytes() != b.tobytes() for a, b in zip(rows, x[own], strict=True))
        return n_other

    def decompress(self, data, rows=None, max_bytes=None):
        """The array of a container, or some of its rows.

        Args:
            data: bytes, as `compress` gives them.
            rows: slice, or None for all. Only the blocks that hold them are decoded.
            max_bytes: as in `Container.read`.

        Returns:
            array of the type and shape that were compressed.

        Raises:
            ValueError: for damaged data, or those of another model.
        """
        container = Container.read(data, max_bytes)
        header = container.header
        self._check_header(container)
        wanted = range(header.shape[0])[slice(None) if rows is None else rows]
        ends = sorted((wanted[0], wanted[-1])) if len(wanted) else (0, -1)
        blocks = range(ends[0] // header.block_rows, -(-(ends[1] + 1) // header.block_rows))
        # All damage is found before the first block is decoded.
        payloads = {block: container.payload(block) for block in blocks}
        start = blocks.start * header.block_rows
        x = np.empty((min(blocks.stop * header.block_rows, header.shape[0]) - start, *header.shape[1:]), header.dtype)
        with progress(total=len(x), desc="decompressing", unit=self.unit) as bar:
            for block, payload in payloads.items():
                own = slice(*(row - start for row in header.rows_of(block)))
                x[own] = self._decode(container, block, payload, bar.update)
        if wanted.step == 1:
            return x[wanted.start - start : wanted.stop - start]
        return x[np.array(wanted, np.int64) - start]

    def _check_header(self, container):
        container.check_made_by(self.fingerprint)
        header = container.header
        if not fits(header.shape[1:], self.event_shape):
            raise ValueError(f"the file holds examples of shape {header.shape[1:]}, the model has {self.event_shape}")

    def _decode(self, container, number, payload, told):
        header, name = container.header, container.name(number)
        start, end = header.rows_of(number)
        x = self.decode_block(payload, end - start, header.dtype, name, told)
        x = x.reshape(end - start, *header.shape[1:])
        if checksum(x) != header.blocks[number].content:
            raise ValueError(f"{name} decodes to other rows than those that were compressed")
        return x
