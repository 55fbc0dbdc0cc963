"""Words that are spelled by what a vocabulary looks like."""

import numpy as np
import pytest

from keras_vae.tasks.compression.text.byte_model import ByteModel, known_bytes

VOCABULARY = [b"walk", b"walked", b"walking", b"talk", b"talked", b"talking", b"say", b"saying", b"said"]


def spelled(model, words):
    """The words again, and the bits that each took."""
    bits, known = np.zeros(len(words)), known_bytes(words)

    def answer(places, p):
        assert np.all((p > 0) & (p < 1) & (p * 2**24 == np.rint(p * 2**24)))
        yes = known(places, p)
        bits[places] -= np.log2(np.where(yes, p, 1 - p))
        return yes

    return model.spell(len(words), answer), bits


@pytest.mark.parametrize("vocabulary", [VOCABULARY, [], [b""]], ids=["words", "none", "an empty word"])
def test_any_words_are_spelled(vocabulary):
    words = [b"walks", b"", b"\x00\xff\x80", b"a", bytes(range(256))]
    assert spelled(ByteModel(vocabulary), words)[0] == words
    assert ByteModel(vocabulary).spell(0, None) == []


def test_a_word_without_an_end_is_refused(monkeypatch):
    monkeypatch.setattr("keras_vae.tasks.compression.text.byte_model.MAX_BYTES", 20)
    with pytest.raises(ValueError, match="it has a word without an end"):
        ByteModel(VOCABULARY).spell(1, lambda places, p: p < 0)


def test_what_looks_like_the_vocabulary_takes_few_bits():
    _, bits = spelled(ByteModel(VOCABULARY), [b"walking", b"sayed", b"\xf0\x9f\x90\x88\xff"])
    assert bits[0] < 6 < bits[1] < 14 < 50 < bits[2]


def test_probabilities_of_all_words_add_up_to_one():
    model = ByteModel([b"ab", b"b"])
    _, bits = spelled(model, [b""] + [bytes([i]) for i in range(256)])
    of_longer = 0.0
    for i in range(256):
        contexts = np.array([[256, 256, 256, 256, i]])
        end = model.p_yes(contexts, np.zeros(1, int))[0]
        of_longer += 2.0 ** -bits[1 + i] / end * (1 - end)
    np.testing.assert_allclose((2.0**-bits).sum() + of_longer, 1.0, rtol=1e-5)
