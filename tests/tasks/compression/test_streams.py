import sys

import constriction
import numpy as np
import pytest

from keras_vae.tasks.compression.bisection import UNIT, Question
from keras_vae.tasks.compression.streams import Streams


def question(rng, n, m, active=None):
    p = rng.integers(0, int(UNIT) // 2 + 1, (n, m)) / UNIT
    return Question(p, rng.integers(0, 2, (n, m)) == 1, active)


def words(rng, n):
    return rng.integers(1, 2**32, n, dtype=np.uint32)


def same(a, b):
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("n_words", [0, 1, 2, 3, 50])
def test_pushing_what_was_popped_leaves_the_stacks_as_they_were(n_words, rng):
    before = [words(rng, n_words), words(rng, n_words + 1)]
    streams = Streams(before)
    questions = [question(rng, 2, m) for m in (40, 1, 300)]
    popped = [(q, streams.pop(q)) for q in questions]
    streams.push(popped)
    assert same(streams.words(), before)


def test_popping_gives_what_was_pushed_in_its_order_where_there_was_something_to_ask(rng):
    streams = Streams([words(rng, 3)] * 4)
    asked = [(question(rng, 3, 20), rng.integers(0, 2, (3, 20)) == 1)]
    asked.append((question(rng, 3, 20, active=rng.integers(0, 3, (3, 20)) == 1), rng.integers(0, 2, (3, 20)) == 1))
    asked.append((question(rng, 3, 20, active=np.zeros((3, 20), bool)), rng.integers(0, 2, (3, 20)) == 1))
    streams.push(asked)
    for q, answers in asked:
        active = np.ones(q.p.shape, bool) if q.active is None else q.active
        np.testing.assert_array_equal(streams.pop(q)[active], answers[active])
    assert same(streams.words(), [words(np.random.default_rng(0), 3)] * 4)


def test_an_empty_stack_gives_the_likelier_answer_for_nothing(rng):
    streams, q = Streams(), question(rng, 1, 100)
    np.testing.assert_array_equal(streams.pop(q), q.flipped)
    assert streams.n_bits() == [0]


@pytest.mark.parametrize("p", [0.001, 0.1, 0.5])
def test_a_stack_grows_by_the_logarithm_of_the_probability(p, rng):
    answers = rng.random((1, 20000)) < p
    p = np.full(answers.shape, np.rint(p * UNIT) / UNIT)
    streams = Streams()
    streams.push([(Question(p, np.zeros(p.shape, bool), None), answers)])
    # The first word of an empty stack may begin with as many zeros as a probability has bits.
    assert 0.0 <= streams.n_bits()[0] + np.log2(np.where(answers, p, 1.0 - p)).sum() < 25.0


def test_answers_of_no_probability_can_be_pushed():
    q = Question(np.zeros((1, 3)), np.zeros((1, 3), bool), None)
    streams = Streams()
    streams.push([(q, np.array([[True, False, True]]))])
    assert streams.n_bits() == [48]
    np.testing.assert_array_equal(streams.pop(q), [[True, False, True]])


def test_nothing_is_pushed_of_no_questions():
    streams = Streams()
    streams.push([])
    assert streams.n_bits() == [0]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 1000, 2**20 + 1, 2**23 - 1, 2**23])
def test_the_coder_makes_the_whole_number_of_a_probability_that_the_docstring_says(count):
    """Its state after one symbol tells how large the symbol's share of 2^24 is."""
    model, unit = constriction.stream.model.Bernoulli(perfect=False), 2**24
    coder = constriction.stream.stack.AnsCoder(np.array([12345, 2**31], np.uint32))
    before = coder.pos()[1]
    coder.encode_reverse(np.array([1], np.int32), model, np.array([count / unit]))
    share = unit - 1 - (unit - count) * (unit - 2) // unit
    quotient, remainder = divmod(before, share)
    if quotient >= 2**40:
        # A word was written first.
        quotient, remainder = divmod(before >> 32, share)
    assert coder.pos()[1] == quotient * unit + (unit - share) + remainder


@pytest.mark.parametrize("content", [[1, 2, 3, 4, 5, 6], [7, 0, 0, 5, 6, 7], [3], [0, 9]])
def test_stacks_are_cut_and_joined_again(content):
    before = [np.array(content, np.uint32), np.array([5, 6, 7], np.uint32)]
    streams = Streams(before)
    streams.split()
    assert len(streams) == 4
    streams.join()
    assert same(streams.words(), before)


def test_a_stack_never_ends_in_a_zero():
    with pytest.raises(ValueError, match="never ends in a zero word"):
        Streams([[1, 0]])


def test_without_constriction_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "constriction", None)
    with pytest.raises(ImportError, match=r'pip install "keras-vae\[compression\]"'):
        Streams()
