"""Tests of `token_batches`: every row once an epoch, little padding, and an order that seed and epoch decide about."""

import gzip
import os
import pathlib

import numpy as np
import pytest

from keras_vae.data.token_batches import token_batches
from keras_vae.data.tokenizer import Tokenizer

N = 503


@pytest.fixture
def rows(rng):
    """Rows of one end and up to 40 tokens before it; the first of those is the number of the row."""
    lengths = rng.integers(1, 40, N)
    return [np.array([*([100 + i] * n), 3], np.int32) for i, n in enumerate(lengths)]


def taken(dataset, n=None):
    return [batch.numpy() for batch in (dataset if n is None else dataset.take(n))]


def numbers(batches):
    return [batch[:, 0].tolist() for batch in batches]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [None, 3])
@pytest.mark.parametrize("batch_size", [1, 32, N, 1000])
def test_an_epoch_has_every_row_once_as_it_was(rows, seed, batch_size):
    dataset = token_batches(rows, batch_size, seed=seed)
    batches = taken(dataset)
    assert len(batches) == int(dataset.cardinality()) == -(-N // batch_size)
    assert sorted(map(len, batches))[1:] == [batch_size] * (len(batches) - 1)
    assert sorted(np.concatenate(numbers(batches)).tolist()) == list(range(100, 100 + N))
    for batch in batches:
        assert batch.dtype == np.int32
        for row in batch:
            whole = rows[row[0] - 100]
            np.testing.assert_array_equal(row[: len(whole)], whole)
            assert not row[len(whole) :].any()
        # As wide as its longest row.
        assert batch[:, -1].any()


def test_rows_of_an_array_are_those_of_a_list_whatever_padding_they_have(rows):
    padded = np.zeros((N, 60), np.int32)
    for row, tokens in zip(padded, rows, strict=True):
        row[: len(tokens)] = tokens
    for a, b, c in zip(
        *(taken(token_batches(given, 32, seed=1)) for given in (rows, padded, list(padded))), strict=True
    ):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)


def test_without_a_seed_rows_come_by_length_and_always_alike(rows):
    dataset = token_batches(rows, 32)
    first, second = taken(dataset), taken(dataset)
    widths = [batch.shape[1] for batch in first]
    assert widths == sorted(widths)
    assert numbers(first) == numbers(second)
    order = np.argsort([len(row) for row in rows], kind="stable") + 100
    assert np.concatenate(numbers(first)).tolist() == order.tolist()


def test_every_pass_is_a_new_epoch_that_seed_and_number_decide_about(rows):
    dataset = token_batches(rows, 32, seed=7)
    epochs = [numbers(taken(dataset)) for _ in range(3)]
    assert epochs[0] != epochs[1] != epochs[2]
    assert numbers(taken(token_batches(rows, 32, seed=7, start_epoch=2))) == epochs[2]
    assert numbers(taken(token_batches(rows, 32, seed=8))) != epochs[0]
    n = len(epochs[0])
    endless = token_batches(rows, 32, seed=7, start_epoch=1, repeat=True)
    assert int(endless.cardinality()) == -1
    assert numbers(taken(endless, 2 * n)) == epochs[1] + epochs[2]


def test_batches_come_neither_by_length_nor_in_the_order_of_the_rows(rows):
    batches = taken(token_batches(rows, 16, seed=0))
    widths = [batch.shape[1] for batch in batches]
    assert abs(np.corrcoef(widths, np.arange(len(widths)))[0, 1]) < 0.5
    middles = [np.mean(batch) for batch in numbers(batches)]
    assert abs(np.corrcoef(middles, np.arange(len(middles)))[0, 1]) < 0.5


def test_a_small_pool_leaves_chance_and_padding_and_a_large_one_neither(rows):
    def padding(pool):
        batches = taken(token_batches(rows, 16, seed=0, pool=pool))
        return 1 - sum(map(np.count_nonzero, batches)) / sum(batch.size for batch in batches)

    assert padding(1) > 0.3 > 0.1 > padding(8) > padding(100)


def test_a_row_of_padding_alone_is_a_row():
    batches = taken(token_batches([[], [4, 3], [0, 0]], 3))
    assert batches[0].tolist() == [[0, 0], [0, 0], [4, 3]]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({"rows": []}, "`rows` must hold at least one. Received: none", id="none"),
        pytest.param({"rows": np.zeros((0, 3), int)}, "`rows` must hold at least one", id="no rows"),
        pytest.param({"rows": [[4.5, 3]]}, "`rows` must be rows of whole numbers", id="fractions"),
        pytest.param({"rows": [[-4, 3]]}, "`rows` must be tokens from 0 to 2147483647. Received: -4", id="negative"),
        pytest.param({"rows": ["a text"]}, "`rows` must be rows of whole numbers", id="texts"),
        pytest.param({"batch_size": 0}, "`batch_size` must be a whole number >= 1", id="batch"),
        pytest.param({"seed": -1}, "`seed` must be a whole number >= 0", id="seed"),
        pytest.param({"start_epoch": -1}, "`start_epoch` must be a whole number >= 0", id="epoch"),
        pytest.param({"pool": 0}, "`pool` must be a whole number >= 1", id="pool"),
    ],
)
def test_what_makes_no_batches_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        token_batches(**({"rows": [[4, 3]]} | given))


@pytest.mark.data
def test_batches_of_the_penn_treebank_are_less_than_5_percent_padding():
    folder = os.environ.get("KERAS_VAE_DATA")
    if not folder:
        pytest.skip("KERAS_VAE_DATA is not set")
    lines = gzip.decompress((pathlib.Path(folder) / "ptb" / "ptb.train.txt.gz").read_bytes()).decode().splitlines()
    rows = Tokenizer.learn(lines).ids(lines)
    batches = taken(token_batches(rows, 64, seed=0))
    n_tokens, n_places = sum(map(np.count_nonzero, batches)), sum(batch.size for batch in batches)
    assert n_tokens == 929_589
    assert 1 - n_tokens / n_places < 0.05
