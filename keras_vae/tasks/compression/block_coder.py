"""A block of rows as the words of several stacks, which can be decoded without any other block."""

import dataclasses

import numpy as np

from keras_vae.tasks.compression.streams import Streams

MAX_STREAMS = 64
# A stack costs about 16 bits that its last word leaves empty, and 24 that say how long it is.
STREAM_BITS = 40
# Stacks may cost this part of a block.
STREAM_SHARE = 0.0025
# Numbers of bits per latent that are tried for the first rows.
FEW_BITS = (0, 1, 2, 3, 4, 6, 8, 10, 12, 14)
# Rows for which they are, at most: each is coded in all these ways.
MAX_LEAD = 64


@dataclasses.dataclass(frozen=True)
class Block:
    """A coded block.

    Attributes:
        lead: tuple of int. Bits per latent of the first rows.
        steps: tuple of int. How many batches of one row were coded, then of two, of four and so on. All are full but
            the last.
        words: tuple of uint32 arrays. The stacks.
    """

    lead: tuple[int, ...]
    steps: tuple[int, ...]
    words: tuple[np.ndarray, ...]


class BlockCoder:
    """Codes blocks of rows, many rows side by side, with few bits for the beginning.

    Bits back needs bits on the stack before the first row: some that nobody gets anything for. There are few of them:

    - The first rows are coded with fewer bins per latent, as many as make the stack shortest; so they take few bits off
      a stack that has few, at the price of latents that are less fitting. What an empty stack is asked for costs
      nothing and gives the likeliest latents (see `Streams`).
    - A block begins with one stack. When that holds the bits that two rows take off, it is cut into two, which code two
      rows side by side, then four, up to 64: the first row of a stack takes off bits that another one has lent. The
      receiver joins them again.

    Args:
        coder: `RowCoder`.
        max_streams: int >= 1. Stacks at most.
    """

    def __init__(self, coder, max_streams=MAX_STREAMS):
        self.coder, self.max_streams = coder, max_streams

    def encode(self, x, told=None):
        """Code rows.

        Args:
            x: array of whole numbers `(n, *event_shape)`, n >= 1, of any type.
            told: function that is called with the number of rows whenever some are done, or None.

        Returns:
            `Block`.
        """
        told = told or (lambda n: None)
        streams, lead = self._encode_lead(x)
        told(len(lead))
        steps, start = [len(lead)], len(lead)
        while start < len(x):
            if self._should_split(streams, start, len(x)):
                streams.split()
                steps.append(0)
                continue
            rows = x[start : start + len(streams)]
            self.coder.encode(streams, rows)
            steps[-1] += 1
            start += len(rows)
            told(len(rows))
        return Block(tuple(lead), tuple(steps), tuple(streams.words()))

    def _encode_lead(self, x):
        """The stack after the first rows, until it holds what a row takes off it, and the bits per latent of each."""
        choices = [self.coder.with_bits(bits) for bits in FEW_BITS if bits < self.coder.bits] + [self.coder]
        streams, lead = Streams(), []
        while len(lead) < min(len(x), MAX_LEAD) and streams.n_bits()[0] < self.coder.n_needed:
            tried = []
            for coder in choices:
                tried.append((Streams(streams.words()), coder.bits))
                coder.encode(tried[-1][0], x[len(lead) : len(lead) + 1])
            # Of equal ones that with more bins.
            streams, bits = min(reversed(tried), key=lambda pair: pair[0].n_bits()[0])
            lead.append(bits)
        return streams, lead

    def _should_split(self, streams, n_done, n_rows):
        n_wanted, held = 2 * len(streams), streams.n_bits()
        if n_wanted > min(self.max_streams, n_rows - n_done) or min(held) < 2 * self.coder.n_needed:
            return False
        return n_wanted * STREAM_BITS <= STREAM_SHARE * sum(held) / n_done * n_rows

    def decode(self, block, n_rows, dtype=np.int64, told=None):
        """The rows of a block.

        Args:
            block: `Block`.
            n_rows: int >= 1.
            dtype: of the array.
            told: as in `encode`.

        Returns:
            array `(n_rows, *event_shape)`.

        Raises:
            ValueError: if the block is not one of so many rows, or not of this model.
        """
        batches = batches_of(block.steps, n_rows)
        if len(block.words) != 2 ** (len(block.steps) - 1):
            raise ValueError(f"the block has {len(block.words)} stacks, which are not those of its steps")
        if len(block.lead) > block.steps[0] or any(bits > self.coder.bits for bits in block.lead):
            raise ValueError("the block has first rows that this coder does not code")
        streams = Streams(block.words)
        x = np.empty((n_rows, *self.coder.exact.event_shape), dtype)
        for start, width, n in reversed(batches):
            while len(streams) > width:
                streams.join()
            coder = self.coder.with_bits(block.lead[start]) if start < len(block.lead) else self.coder
            x[start : start + n] = coder.decode(streams, n)
            if told is not None:
                told(n)
        while len(streams) > 1:
            streams.join()
        if streams.n_bits() != [0]:
            raise ValueError("the block holds more than its rows")
        return x


def batches_of(steps, n_rows):
    """The batches of a block in the order of coding: tuples of the first row, the number of stacks, and that of rows.

    Args:
        steps: as in `Block`.
        n_rows: int >= 1.

    Raises:
        ValueError: if so many steps do not code so many rows.
    """
    batches, start = [], 0
    for power, n_steps in enumerate(steps):
        for _ in range(n_steps):
            batches.append((start, 2**power, min(2**power, n_rows - start)))
            start += batches[-1][2]
            if not batches[-1][2]:
                break
    if start != n_rows or not all(n for *_, n in batches):
        raise ValueError(f"the block has steps for other than its {n_rows} rows")
    return batches
