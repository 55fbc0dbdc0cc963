"""The judge of texts: each figure counted in another way, and the order it must put texts into."""

import collections

import numpy as np
import pytest

from keras_vae.data.tokenizer import Tokenizer
from keras_vae.tasks.text.ngram_model import NGramModel
from keras_vae.tasks.text.text_judge import TextJudge, distinct_runs

NOUNS, VERBS, PLACES = ("cat", "dog", "cow", "hen"), ("sat", "ran", "slept"), ("here", "there", "at home")


def sentences(rng, n):
    return [
        " ".join(("the", rng.choice(NOUNS), rng.choice(VERBS), *([rng.choice(PLACES)] * int(rng.integers(2)))))
        for _ in range(n)
    ]


@pytest.fixture
def parts(rng):
    return sentences(rng, 300), sentences(rng, 100)


@pytest.fixture
def judge(parts):
    return TextJudge(Tokenizer.learn(parts[0]), *parts, order=3)


def test_every_figure_is_what_plain_python_counts(rng, judge, parts):
    train, test = parts
    texts = [*sentences(rng, 40), "the the the", "cow", ""]
    found = judge(texts)
    words = [text.split() for text in texts]
    for length, share in found.distinct.items():
        runs = [tuple(w[i : i + length]) for w in words for i in range(len(w) - length + 1)]
        assert share == pytest.approx(len(set(runs)) / len(runs))
    assert found.share_in_train == pytest.approx(np.mean([text in set(train) for text in texts]))
    assert found.share_different == pytest.approx(len(set(texts)) / len(texts))
    assert found.mean_length == pytest.approx(np.mean([len(w) + 1 for w in words]))
    assert found.n == 43
    ids, n_tokens = judge.tokenizer.ids, judge.tokenizer.n_tokens
    nats = -NGramModel(ids(train), n_tokens, 3).log_prob(ids(texts))
    assert found.forward_perplexity == pytest.approx(np.exp(nats.sum() / sum(len(w) + 1 for w in words)))
    once = [np.array([i, 3]) for i in range(2, n_tokens) if i != 3]
    nats = -NGramModel(ids(texts) + once, n_tokens, 3).log_prob(ids(test))
    assert found.reverse_perplexity == pytest.approx(np.exp(nats.sum() / sum(len(t.split()) + 1 for t in test)))
    np.testing.assert_allclose(
        judge.forward(texts[:2]),
        -NGramModel(ids(train), n_tokens, 3).log_prob(ids(texts[:2])) / [len(w) + 1 for w in words[:2]],
    )


def test_lengths_that_are_two_words_off_are_two_off(judge, parts):
    test = parts[1]
    assert judge(test).length_distance == 0.0
    assert judge([f"{text} cow cow" for text in test]).length_distance == pytest.approx(2.0)


def test_real_text_beats_word_salad_and_variety_beats_one_sentence(rng, judge):
    real = judge(sentences(rng, 200))
    words = [*NOUNS, *VERBS, "the"]
    salad = judge([" ".join(rng.choice(words, size=4)) for _ in range(200)])
    likely = sentences(rng, 200)
    dull = judge(200 * [likely[np.argmin(judge.forward(likely))]])
    assert real.forward_perplexity < salad.forward_perplexity
    assert real.reverse_perplexity < salad.reverse_perplexity
    # The trap: one sentence for ever is more fluent than real text. The way back shows it.
    assert dull.forward_perplexity < real.forward_perplexity
    assert dull.reverse_perplexity > real.reverse_perplexity
    assert (dull.share_different, dull.share_in_train) == (1 / 200, 1.0)
    assert dull.distinct[2] < real.distinct[2] < salad.distinct[2]


def test_rows_of_tokens_are_judged_as_their_texts(rng, judge):
    texts = sentences(rng, 30)
    of_texts = judge(texts)
    assert judge(judge.tokenizer.rows(texts)) == of_texts
    assert judge(judge.tokenizer.ids(texts)) == of_texts


@pytest.mark.parametrize("length", [1, 2, 4])
def test_runs_do_not_cross_from_one_text_to_the_next(rng, length):
    rows = [[*rng.integers(4, 7, size=n).tolist(), 3] for n in rng.integers(0, 6, size=50)]
    runs = collections.Counter(tuple(r[i : i + length]) for r in rows for i in range(len(r) - length))
    assert distinct_runs(rows, length) == pytest.approx(len(runs) / sum(runs.values()))
    assert distinct_runs([[4, 3], [5, 3]], 2) == 0.0


def test_no_text_is_refused(judge, parts):
    with pytest.raises(ValueError, match=r"`texts` must hold at least one text. Received: none"):
        judge([])
    with pytest.raises(ValueError, match=r"`texts` must be a list of texts. Received: one text"):
        judge("the cat sat")
    with pytest.raises(ValueError, match=r"`train` must hold at least one text"):
        TextJudge(judge.tokenizer, [], parts[1])
    with pytest.raises(ValueError, match="`order` must be a whole number >= 1"):
        TextJudge(judge.tokenizer, *parts, order=0)
    with pytest.raises(ValueError, match="`length` must be a whole number >= 1"):
        distinct_runs([[4, 3]], 0)
