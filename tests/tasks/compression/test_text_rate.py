"""The curve of rate and reconstruction of a small model."""

import pytest

import keras_vae as kv
from keras_vae.tasks.compression import text_rate, text_rate_curve

TEXTS = ["the cat sat", "the dog sat down", "a cat ran", "the dog ran to the cat"]


@pytest.fixture(scope="module")
def model():
    return kv.make_sequence_vae(kv.data.Tokenizer.learn(TEXTS), latent_dim=2, units=8, seed=0)


def test_fewer_bits_come_first_and_words_are_judged_as_they_stand(model):
    points = text_rate_curve(model, TEXTS, TEXTS, steps=(0.1, 5.0))
    assert [p.step for p in points] == [5.0, 0.1]
    assert points[0].bits_per_text <= points[1].bits_per_text
    assert all(0 <= p.bleu <= 100 and 0 <= p.exact <= 1 for p in points)


def test_what_comes_back_whole_has_all_of_the_score(model, monkeypatch):
    monkeypatch.setattr(type(model), "decode", lambda self, z, strategy: TEXTS)
    (point,) = text_rate_curve(model, TEXTS, TEXTS, steps=(1.0,))
    assert (point.bleu, point.exact) == (pytest.approx(100.0), 1.0)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"texts": []}, "`texts` must hold at least 1 texts. Received: 0"),
        ({"known": TEXTS[:1]}, "`known` must hold at least 2 texts. Received: 1"),
        ({"steps": (0.0,)}, "`steps` must be"),
        ({"model": object()}, "`model` must have codes, as a SequenceVAE. Received: object"),
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
