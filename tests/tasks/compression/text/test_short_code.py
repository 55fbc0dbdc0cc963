"""Answers as the fewest bytes."""

import numpy as np
import pytest

from keras_vae.tasks.compression.text.short_code import ShortReader, shortest


def answers(rng, n):
    p = np.clip((rng.random(n) ** 3 * 2**24).astype(int), 1, 2**24 - 1)
    return list(zip(p.tolist(), (rng.random(n) < p / 2**24).tolist(), strict=True))


@pytest.mark.parametrize("n", [0, 1, 2, 10, 300])
def test_answers_come_back_in_less_than_a_byte_and_a_bit_more_than_they_need(rng, n):
    for _ in range(30):
        told = answers(rng, n)
        data = shortest(told)
        reader = ShortReader(data)
        assert [reader.answer(p) for p, _ in told] == [yes for _, yes in told]
        assert reader.is_read
        bits = -sum(np.log2(p / 2**24 if yes else 1 - p / 2**24) for p, yes in told)
        assert 8 * len(data) < bits + 10


def test_other_bytes_are_seen(rng):
    told = answers(rng, 50)
    reader = ShortReader(shortest(told) + b"\x01")
    for p, _ in told:
        reader.answer(p)
    assert not reader.is_read
