import dataclasses

import numpy as np
import pytest
from tasks.compression.stand_in import Bernoulli, Counts, Grey, Halves, StandIn, coder_of, draw

from keras_vae.tasks.compression.block_coder import BlockCoder, batches_of


def coder(likelihood=Bernoulli, latent_dims=(3, 2), event_shape=(8,), bits=8, **kwargs):
    return BlockCoder(coder_of(StandIn(likelihood, latent_dims, event_shape), bits), **kwargs)


@pytest.mark.parametrize("likelihood", [Bernoulli, Grey, Counts, Halves])
@pytest.mark.parametrize("n", [1, 2, 40])
def test_blocks_come_back(likelihood, n, rng):
    blocks = coder(likelihood)
    x = draw(blocks.coder.exact, n, rng)
    np.testing.assert_array_equal(blocks.decode(blocks.encode(x), n), x)


def large(rng, n=200):
    blocks = coder(Grey, event_shape=(200,))
    return blocks, draw(blocks.coder.exact, n, rng)


def test_a_large_block_has_many_stacks_and_comes_back(rng):
    blocks, x = large(rng)
    block = blocks.encode(x)
    assert len(block.steps) >= 3
    assert len(block.words) == 2 ** (len(block.steps) - 1)
    np.testing.assert_array_equal(blocks.decode(block, len(x)), x)


@pytest.mark.slow
@pytest.mark.parametrize("n", [197, 198, 199])
def test_the_last_batch_may_be_short(n, rng):
    blocks, x = large(rng)
    np.testing.assert_array_equal(blocks.decode(blocks.encode(x[:n]), n), x[:n])


def test_many_stacks_cost_next_to_nothing(rng):
    blocks, x = large(rng)
    one = BlockCoder(blocks.coder, max_streams=1).encode(x)
    many = blocks.encode(x)
    assert len(one.words) == 1
    bits = [32 * sum(map(len, block.words)) for block in (one, many)]
    assert bits[1] < 1.004 * bits[0]


def test_a_single_row_takes_no_bits_that_it_does_not_give(rng):
    """Without fewer bins a first row would put `8 * 5` bits for its latents on the stack."""
    blocks = coder()
    x = draw(blocks.coder.exact, 1, rng)
    block = blocks.encode(x)
    assert block.lead[0] < 8
    assert len(block.words[0]) == 1
    np.testing.assert_array_equal(blocks.decode(block, 1), x)


def test_rows_are_told_as_they_are_done(rng):
    blocks, x = large(rng)
    told = []
    block = blocks.encode(x, told.append)
    assert sum(told) == len(x)
    assert len(told) == 1 + sum(block.steps) - len(block.lead)
    told.clear()
    blocks.decode(block, len(x), told=told.append)
    assert sum(told) == len(x)


def test_batches_follow_the_steps():
    assert batches_of((2, 0, 2), 9) == [(0, 1, 1), (1, 1, 1), (2, 4, 4), (6, 4, 3)]


@pytest.mark.parametrize("steps", [(2,), (4,), (1, 0, 0), (3, 1), (10**18,)])
def test_steps_for_other_rows_are_refused(steps):
    with pytest.raises(ValueError, match="steps for other than its 3 rows"):
        batches_of(steps, 3)


def test_blocks_that_contradict_themselves_are_refused(rng):
    blocks, x = large(rng)
    block = blocks.encode(x)
    for change, message in [
        ({"words": block.words[:-1]}, "has 3 stacks, which are not those of its steps"),
        ({"lead": (9,)}, "first rows that this coder does not code"),
        ({"lead": (1,) * (block.steps[0] + 1)}, "first rows that this coder does not code"),
        ({"words": (np.concatenate([[7], block.words[0]]), *block.words[1:])}, "more than its rows"),
    ]:
        with pytest.raises(ValueError, match=message):
            blocks.decode(dataclasses.replace(block, **change), len(x))
