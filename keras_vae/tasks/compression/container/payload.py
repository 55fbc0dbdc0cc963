"""A coded block as bytes."""

import numpy as np

from keras_vae.tasks.compression.block_coder import Block
from keras_vae.tasks.compression.container.fields import Fields, number

WORD_BYTES = 4
# Stacks of a block that any writer makes: 2^12.
MAX_PHASES = 13


def block_to_bytes(block):
    """Lead, steps and lengths of the stacks, then their words as little-endian uint32."""
    parts = [number(len(block.lead)), bytes(block.lead), number(len(block.steps)), *map(number, block.steps)]
    parts += [number(len(words)) for words in block.words]
    return b"".join(parts + [words.astype("<u4").tobytes() for words in block.words])


def block_from_bytes(data, what):
    """The `Block` of bytes.

    Args:
        data: bytes.
        what: str. What they are, for messages.

    Raises:
        ValueError: if they are not a block.
    """
    fields = Fields(data, what)
    lead = tuple(fields.take(fields.number()))
    n_phases = fields.number()
    if not 1 <= n_phases <= MAX_PHASES:
        raise ValueError(f"{what} is damaged: it has 2^{n_phases - 1} stacks")
    steps = tuple(fields.number() for _ in range(n_phases))
    lengths = [fields.number() for _ in range(2 ** (n_phases - 1))]
    if sum(lengths) * WORD_BYTES != fields.n_left:
        raise ValueError(f"{what} is damaged: it is not as long as its stacks")
    words = tuple(np.frombuffer(fields.take(n * WORD_BYTES), "<u4").astype(np.uint32) for n in lengths)
    if any(len(w) and not w[-1] for w in words):
        raise ValueError(f"{what} is damaged: a stack ends in a zero")
    return Block(lead, steps, words)
