"""Counted runs of tokens: by hand, by the definition written out, and by what is published for the Penn Treebank."""

import collections
import gzip
import os
import pathlib

import numpy as np
import pytest

from keras_vae.data.tokenizer import Tokenizer
from keras_vae.tasks.text.ngram_model import NGramModel

START, UNKNOWN, END, A, B, C = 1, 2, 3, 4, 5, 6


def test_two_sentences_as_worked_by_hand():
    model = NGramModel([[A, B, END], [A, C, END]], n_tokens=7, order=2)
    # Too few runs for discounts: 1/2, 1 and 3/2. One token before a, b and c, two before the end; five in all, of which
    # the discounts take half: p(a) = (1 - 1/2) / 5 + 1/2 / 5 = 0.2, p(end) = 0.3.
    a_after_start = (2 - 1) / 2 + 1 / 2 * 0.2
    b_after_a = (1 - 1 / 2) / 2 + 1 / 2 * 0.2
    end_after_b = (1 - 1 / 2) / 1 + 1 / 2 * 0.3
    expected = np.log(a_after_start * b_after_a * end_after_b)
    np.testing.assert_allclose(model.log_prob([[A, B, END], [A, C, END]]), expected, rtol=1e-12)
    # After the unknown there was nothing: the single tokens say it.
    np.testing.assert_allclose(np.exp(model.log_probs([[A, UNKNOWN]]))[0], [0, 0, 0.1, 0.3, 0.2, 0.2, 0.2], rtol=1e-12)


def test_single_tokens_as_worked_by_hand():
    model = NGramModel([[A, A, B, END]], n_tokens=7, order=1)
    # Counts 2, 1, 1 of 4: the discounts 1, 1/2 and 1/2 leave a half for the five that can come.
    np.testing.assert_allclose(np.exp(model.log_probs([[]]))[0], [0, 0, 0.1, 0.225, 0.35, 0.225, 0.1], rtol=1e-12)


class ByDefinition:
    """Interpolated modified Kneser-Ney in dictionaries, token by token."""

    def __init__(self, sentences, n_predicted, order):
        self.n_predicted, self.order = n_predicted, order
        raw = [collections.Counter() for _ in range(order)]
        for sentence in sentences:
            tokens = (START, *sentence)
            for end in range(1, len(tokens)):
                for length in range(1, min(order, end + 1) + 1):
                    raw[length - 1][tokens[end - length + 1 : end + 1]] += 1
        self.counts = [raw[-1]]
        for length in range(order - 1, 0, -1):
            ways = {run: len({longer[0] for longer in raw[length] if longer[1:] == run}) for run in raw[length - 1]}
            kept = {run: raw[length - 1][run] if run[0] == START else n for run, n in ways.items()}
            self.counts.insert(0, kept)

    def discount(self, length, count):
        n = collections.Counter(self.counts[length - 1].values())
        if 0 in (n[1], n[2], n[3], n[4]):
            return (0.0, 0.5, 1.0, 1.5)[min(count, 3)]
        y = n[1] / (n[1] + 2 * n[2])
        k = min(count, 3)
        return 0.0 if k == 0 else k - (k + 1) * y * n[k + 1] / n[k]

    def probability(self, history, token):
        length = len(history) + 1
        lower = self.probability(history[1:], token) if history else 1.0 / self.n_predicted
        here = {run[-1]: n for run, n in self.counts[length - 1].items() if run[:-1] == history}
        if not here:
            return lower
        total, count = sum(here.values()), here.get(token, 0)
        left = sum(self.discount(length, n) for n in here.values())
        return (count - self.discount(length, count) + left * lower) / total

    def log_prob(self, sentence):
        tokens = (START, *sentence)
        histories = [tokens[max(0, i - self.order + 1) : i] for i in range(1, len(tokens))]
        return sum(np.log(self.probability(h, t)) for h, t in zip(histories, tokens[1:], strict=True))


def toy_text(rng, n, n_words):
    """Sentences in which a token depends on the last; the first of them are the most frequent."""
    order = rng.permutation(n_words)
    sentences = []
    for length in rng.integers(1, 9, size=n):
        words = [int(rng.geometric(0.25)) % n_words]
        for _ in range(length - 1):
            words.append(int((order[words[-1]] + rng.geometric(0.4)) % n_words))
        sentences.append([*(4 + w for w in words), END])
    return sentences


@pytest.mark.parametrize(("order", "n"), [(1, 60), (2, 60), (3, 60), (4, 8)])
def test_it_is_the_definition_written_out(rng, order, n):
    n_words = 12
    sentences, others = toy_text(rng, n, n_words), toy_text(rng, 20, n_words + 2)
    model = NGramModel(sentences, n_words + 6, order)
    by_definition = ByDefinition(sentences, n_words + 4, order)
    expected = [by_definition.log_prob(sentence) for sentence in sentences[:10] + others]
    np.testing.assert_allclose(model.log_prob(sentences[:10] + others), expected, rtol=1e-10)


@pytest.mark.parametrize("order", [1, 2, 5])
def test_the_tokens_after_any_history_add_up_to_one(rng, order):
    model = NGramModel(toy_text(rng, 300, 30), 36, order)
    histories = [rng.integers(2, 36, size=k) for k in (0, 1, 1, 2, 3, 7, 20)]
    histories += [np.array(sentence[:-1]) for sentence in toy_text(rng, 20, 30)]
    found = np.exp(model.log_probs(histories))
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-12)
    assert np.all(found[:, :2] == 0.0)
    assert np.all(found[:, 2:] > 0.0)


def test_a_sentence_is_the_sum_of_its_tokens_padded_or_not(rng):
    sentences = toy_text(rng, 200, 20)
    model = NGramModel(sentences, 24, 4)
    for sentence in sentences[:5]:
        steps = model.log_probs([sentence[:i] for i in range(len(sentence))])
        expected = steps[np.arange(len(sentence)), sentence].sum()
        padded = np.array([[*sentence, *3 * [0]]])
        np.testing.assert_allclose(model.log_prob([sentence]), expected, rtol=1e-12)
        np.testing.assert_allclose(model.log_prob(padded), expected, rtol=1e-12)


def test_no_sentence_and_no_token_are_refused():
    with pytest.raises(ValueError, match="`sentences` must hold at least one sentence"):
        NGramModel([], 7)
    with pytest.raises(ValueError, match=r"`sentences` must have tokens. Received: sentence 1 has none"):
        NGramModel([[A, END], [0, 0]], 7)
    with pytest.raises(ValueError, match=r"`sentences` must be tokens from 2 to 6. Received: 1"):
        NGramModel([[START, A, END]], 7)
    with pytest.raises(ValueError, match=r"`sentences` must be tokens from 0 to 6. Received: 7"):
        NGramModel([[A, END]], 7).log_prob([[7, END]])
    with pytest.raises(ValueError, match="`order` must be a whole number >= 1"):
        NGramModel([[A, END]], 7, 0)
    with pytest.raises(ValueError, match="`n_tokens` must be a whole number >= 3"):
        NGramModel([[A, END]], 2)
    assert NGramModel([[A, END]], 7).log_prob([]).shape == (0,)


def test_runs_longer_than_any_sentence_say_nothing():
    np.testing.assert_array_equal(
        NGramModel([[A, END]], 7, 9).log_probs([[], [A]]), NGramModel([[A, END]], 7, 3).log_probs([[], [A]])
    )


@pytest.mark.data
def test_the_penn_treebank_is_as_perplexing_as_published():
    folder = os.environ.get("KERAS_VAE_DATA")
    if not folder:
        pytest.skip("KERAS_VAE_DATA is not set")
    train, test = (
        gzip.decompress((pathlib.Path(folder) / "ptb" / f"ptb.{part}.txt.gz").read_bytes()).decode().splitlines()
        for part in ("train", "test")
    )
    tokenizer = Tokenizer.learn(train)
    model = NGramModel(tokenizer.ids(train), tokenizer.n_tokens, order=5)
    nats = -model.log_prob(tokenizer.ids(test))
    # As it was measured; models that put four start tokens before a text come out at 145.5. The end is counted.
    assert np.exp(nats.sum() / 82_430) == pytest.approx(141.2, abs=0.1)
    assert nats.mean() == pytest.approx(108.5, abs=0.05)
