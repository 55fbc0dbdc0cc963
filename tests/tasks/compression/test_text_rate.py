"""The curve of rate and reconstruction of a small model."""

import numpy as np
import pytest

import keras_vae as kv
from keras_vae.tasks.compression import text_rate, text_rate_curve
from keras_vae.tasks.compression.text.code_tables import CodeTables

TEXTS = ["the cat sat", "the dog sat down", "a cat ran", "the dog ran to the cat"]


# Two of five have a word that the models do not know.
OTHERS = ["the cat ran to the cat", "a bird sat", "the dog", "a cat sat on the dog", "the mouse ran to a cat"] * 40


@pytest.fixture(scope="module")
def model():
    return kv.make_sequence_vae(kv.data.Tokenizer.learn(TEXTS), latent_dim=2, units=8, seed=0, max_length=12)


@pytest.fixture(scope="module")
def language_model():
    return kv.make_language_model(kv.data.Tokenizer.learn(TEXTS), units=8, seed=0, max_length=12)


@pytest.fixture
def written(monkeypatch):
    """Texts of every point, as they come back in turn."""
    found = []

    def noted(texts, back):
        found.append(back)
        return 0.0

    monkeypatch.setattr(text_rate, "bleu", noted)
    return found


def test_fewer_bits_come_first_and_words_are_judged_as_they_stand(model):
    points = text_rate_curve(model, TEXTS, TEXTS, steps=(0.1, 5.0))
    assert [p.step for p in points] == [5.0, 0.1]
    assert points[0].bits_per_text <= points[1].bits_per_text
    assert all(0 <= p.bleu <= 100 and 0 <= p.exact <= 1 for p in points)


def test_what_comes_back_whole_has_all_of_the_score(model, monkeypatch):
    monkeypatch.setattr(type(model), "write", lambda self, z, strategy, forced: self.as_tokens(TEXTS))
    (point,) = text_rate_curve(model, TEXTS, TEXTS, steps=(1.0,))
    assert (point.bleu, point.exact) == (pytest.approx(100.0), 1.0)


def told(model, texts, n):
    """The first words of texts as the model knows them."""
    return [text.split()[:n] for text in model.tokenizer.texts(model.as_tokens(texts))]


@pytest.mark.slow
def test_reconstructions_begin_with_the_words_that_were_told(model, written):
    points = text_rate_curve(model, OTHERS, TEXTS, steps=(1.0,), first_words=(1, 3))
    assert [p.first_words for p in points] == [1, 3]
    for back, n in zip(written, (1, 3), strict=True):
        assert [text.split()[:n] for text in back] == told(model, OTHERS, n)
    # What follows is written, where the end is not among the words.
    assert [text for text in written[1] if text.startswith("the dog")] == ["the dog"] * 40
    assert any(len(text.split()) > 3 for text in written[1])
    assert any(text.startswith("a <unk> sat") for text in written[1])


def test_a_search_begins_with_the_words_that_were_told(model, written):
    text_rate_curve(model, OTHERS[:5], TEXTS, (1.0,), (2,), "beam", beam=3)
    assert [text.split()[:2] for text in written[0]] == told(model, OTHERS[:5], 2)


def test_words_cost_what_the_decoder_says_of_them_given_the_rounded_code(model):
    step, numbers = 0.5, (0, 1, 2, 4, 12)
    points = text_rate_curve(model, OTHERS, TEXTS, steps=(step,), first_words=numbers)
    assert [p.first_words for p in points] == list(numbers)
    tables, tokens = CodeTables(*model.encode(TEXTS)[:2], step), model.as_tokens(OTHERS)
    z = tables.codes(tables.rounded(model.encode(OTHERS)[0]))
    of_words = -np.asarray(model.decoder.log_prob(model.decoder([z, model.decoder.told_before(tokens)]), tokens))
    for point, n in zip(points, numbers, strict=True):
        n_bytes = (point.bits_per_text - points[0].bits_per_text) * len(OTHERS) / 8
        assert n_bytes == pytest.approx(of_words[:, :n].sum() / np.log(2) / 8, rel=0.01, abs=8.0)


def test_all_words_are_the_text(model):
    points = text_rate_curve(model, TEXTS, TEXTS, steps=(1.0, 4.0), first_words=(100,))
    assert [(p.exact, p.bleu) for p in points] == [(1.0, pytest.approx(100.0))] * 2


def test_points_of_all_steps_and_words_are_sorted_by_bits(model):
    points = text_rate_curve(model, OTHERS, TEXTS, steps=(0.1, 5.0), first_words=(1, 0))
    assert {(p.step, p.first_words) for p in points} == {(0.1, 0), (0.1, 1), (5.0, 0), (5.0, 1)}
    bits = [p.bits_per_text for p in points]
    assert bits == sorted(bits)


def test_a_language_model_writes_the_rest_after_the_first_words_alone(language_model, written):
    points = text_rate_curve(language_model, OTHERS, (), first_words=(0, 2, 9))
    assert [(p.step, p.first_words) for p in points] == [(0.0, 0), (0.0, 2), (0.0, 9)]
    assert points[0].bits_per_text == 0.0
    assert len(set(written[0])) == 1
    assert [text.split()[:2] for text in written[1]] == told(language_model, OTHERS, 2)
    nats = -language_model.log_prob(OTHERS).sum()
    assert points[2].bits_per_text * len(OTHERS) == pytest.approx(nats / np.log(2), rel=0.01, abs=64)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"texts": []}, "`texts` must hold at least 1 texts. Received: 0"),
        ({"known": TEXTS[:1]}, "`known` must hold at least 2 texts. Received: 1"),
        ({"steps": (0.0,)}, "`steps` must be"),
        ({"model": object()}, "`model` must be a LanguageModel or a SequenceVAE. Received: object"),
        ({"first_words": (0, -1)}, "`first_words` must be a whole number >= 0. Received: first_words=-1"),
        ({"first_words": (1.5,)}, "`first_words` must be a whole number >= 0. Received: first_words=1.5"),
        ({"texts": ["the " * 12]}, "`texts` must have at most max_length=12 tokens a text, the end included.* 13"),
    ],
)
def test_other_arguments_are_refused(model, change, match):
    arguments = {"model": model, "texts": TEXTS, "known": TEXTS, **change}
    with pytest.raises(ValueError, match=match):
        text_rate_curve(**arguments)


def test_without_sacrebleu_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sacrebleu", None)
    with pytest.raises(ImportError, match=r"BLEU needs the package sacrebleu: pip install"):
        text_rate.bleu(["a"], ["a"])
