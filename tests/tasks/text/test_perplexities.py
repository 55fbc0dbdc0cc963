"""Perplexity in both conventions, by hand and as the papers quote it."""

import numpy as np
import pytest

from keras_vae.tasks.text.perplexities import perplexity


def test_a_uniform_model_is_as_perplexed_as_it_has_choices():
    lengths = np.array([3, 1, 6])
    found = perplexity(-np.log(7.0) * lengths, lengths)
    assert found.with_end == pytest.approx(7.0)
    assert found.words_only == pytest.approx(7.0 ** (10 / 7))
    assert found.nats_per_text == pytest.approx(np.log(7.0) * 10 / 3)
    assert (found.n_texts, found.n_tokens) == (3, 10)


def test_the_two_conventions_are_those_of_the_penn_treebank():
    # 3,761 sentences of 82,430 tokens: 102.5 nats a sentence are 107.5 with the ends, and 134.3 without.
    lengths = np.full(3761, 21)
    lengths[: 82_430 - lengths.sum()] += 1
    found = perplexity(np.full(3761, -102.5), lengths)
    assert found.with_end == pytest.approx(107.5, abs=0.1)
    assert found.words_only == pytest.approx(134.3, abs=0.1)
    assert str(found) == "102.50 nats a text, perplexity 107.4 (134.3 if the ends are not counted as tokens)"


def test_empty_texts_have_no_words():
    assert perplexity([-1.0, -1.0], [1, 1]).words_only == np.inf


def test_what_does_not_fit_is_refused():
    for log_prob, lengths in (([], []), ([-1.0], [1, 2]), (-1.0, 1), ([[-1.0]], [[1]])):
        with pytest.raises(ValueError, match=r"`log_prob` and `n_tokens` must be of one shape \(n,\), n >= 1"):
            perplexity(log_prob, lengths)
    with pytest.raises(ValueError, match=r"`n_tokens` must be at least 1, the end of each text. Received: 0"):
        perplexity([-1.0], [0])
