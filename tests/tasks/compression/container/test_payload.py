import numpy as np
import pytest

from keras_vae.tasks.compression.block_coder import Block
from keras_vae.tasks.compression.container.fields import number
from keras_vae.tasks.compression.container.payload import block_from_bytes, block_to_bytes

BLOCK = Block((0, 4), (3, 200), (np.array([1, 2**32 - 1], np.uint32), np.array([], np.uint32)))


def test_blocks_come_back():
    block = block_from_bytes(block_to_bytes(BLOCK), "block 0")
    assert (block.lead, block.steps) == (BLOCK.lead, BLOCK.steps)
    assert [words.tolist() for words in block.words] == [[1, 2**32 - 1], []]


def test_words_are_little_endian():
    assert block_to_bytes(Block((), (1,), (np.array([1], ">u4"),))).endswith(b"\x01\x00\x00\x00")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "ends within a field"),
        (block_to_bytes(BLOCK)[:-1], "not as long as its stacks"),
        (block_to_bytes(BLOCK) + b"\x00", "not as long as its stacks"),
        (number(0) + number(0), "stacks"),
        (number(0) + number(60), "2\\^59 stacks"),
        (block_to_bytes(Block((), (1,), (np.array([5, 0], np.uint32),))), "a stack ends in a zero"),
    ],
)
def test_other_bytes_are_refused(data, message):
    with pytest.raises(ValueError, match=f"block 0 is damaged: .*{message}"):
        block_from_bytes(data, "block 0")
