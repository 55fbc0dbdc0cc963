"""Interpolations: distances by the definition, and paths whose measures are known."""

import functools

import numpy as np
import pytest

from keras_vae.data.tokenizer import Tokenizer
from keras_vae.data.word_distance import word_distance
from keras_vae.tasks.text.paths import path_quality
from keras_vae.tasks.text.text_judge import TextJudge

TRAIN = ["a cat sat here", "a dog ran there", "a cow sat there", "a cat ran", "a dog sat"]


@pytest.fixture
def judge():
    return TextJudge(Tokenizer.learn(TRAIN), TRAIN, TRAIN, order=2)


def distance_by_definition(a, b):
    @functools.cache
    def of(i, j):
        if i == 0 or j == 0:
            return i + j
        return min(of(i - 1, j) + 1, of(i, j - 1) + 1, of(i - 1, j - 1) + (a[i - 1] != b[j - 1]))

    return of(len(a), len(b))


def test_the_distance_is_its_definition(rng):
    a, b = ([rng.integers(4, 8, size=n).tolist() for n in rng.integers(0, 9, size=80)] for _ in range(2))
    found = word_distance([[*row, 3] for row in a], [[*row, 3] for row in b])
    np.testing.assert_array_equal(found, [distance_by_definition(x, y) for x, y in zip(a, b, strict=True)])
    np.testing.assert_array_equal(word_distance(a, a), 0)


def test_paths_worked_by_hand(judge):
    paths = [
        ["a cat sat here", "a cat sat there", "a cow sat there", "a dog ran there"],
        ["a cat ran", "a cat ran", "a dog sat", "a cat ran"],
    ]
    # Distances to the start: 0 1 2 3, and 0 0 2 0.
    found = path_quality(judge, paths)
    assert found.n_different == (4 + 2) / 2
    assert found.share_rising == pytest.approx(4 / 6)
    assert found.share_not_falling == pytest.approx(5 / 6)
    assert found.n == 2

    def perplexity(texts):
        lengths = np.array([len(text.split()) + 1 for text in texts])
        return np.exp((judge.forward(texts) * lengths).sum() / lengths.sum())

    middle = [text for path in paths for text in path[1:3]]
    ends = [text for path in paths for text in (path[0], path[-1])]
    assert found.middle_by_ends == pytest.approx(perplexity(middle) / perplexity(ends))


def test_a_path_that_stands_still_is_seen(judge):
    found = path_quality(judge, [3 * ["a cat ran"]])
    assert (found.n_different, found.share_rising, found.share_not_falling) == (1.0, 0.0, 1.0)
    assert found.middle_by_ends == pytest.approx(1.0)


def test_what_does_not_fit_is_refused(judge):
    for paths in ([], [["a", "b"]], [["a", "b", "c"], ["a", "b", "c", "d"]]):
        with pytest.raises(ValueError, match="`paths` must be lists of one length of at least 3"):
            path_quality(judge, paths)
    with pytest.raises(ValueError, match=r"`a` and `b` must be as many rows. Received: 1 and 2"):
        word_distance([[4, 3]], [[4, 3], [5, 3]])
