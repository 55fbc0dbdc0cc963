"""Tests of pieces of words: what is refused, and the writing of the character that sentencepiece writes a space as."""

import base64
import sys

import pytest

from keras_vae.data.text_pieces import ESCAPES, Pieces, escaped, learn_pieces
from keras_vae.data.tokenizer import Tokenizer

pytest.importorskip("sentencepiece")


def unescaped(text):
    for plain, written in reversed(ESCAPES):
        text = text.replace(written, plain)
    return text


@pytest.mark.parametrize(
    "text", ["", "a", "\u2581", "\ue000", "\ue000\u2581", "\ue000\ue001\ue002", "\u2581\ue002\ue000\ue000"]
)
def test_escapes_are_undone_and_leave_no_blank_of_sentencepiece(text):
    assert "\u2581" not in escaped(text)
    assert unescaped(escaped(text)) == text


def test_pieces_are_numbered_and_spelled():
    pieces = Pieces(learn_pieces([b"the cat", b"the dog"] * 9, 300))
    flat, lengths = pieces.split([b"the cat", b"", "ß".encode()])
    assert b"".join(pieces.spellings[number] for number in flat) == "the catß".encode()
    assert lengths.tolist()[1:] == [0, 2]
    assert pieces.names[0] == "<unk>"
    assert pieces.spellings[0] == b""


def test_a_sentence_of_any_length_is_learned_from():
    pieces = Pieces(learn_pieces([b"xyzzy " * 2000], 280))
    assert any("xyzzy" in name for name in pieces.names)


def test_the_same_sentences_give_the_same_pieces():
    assert learn_pieces([b"the cat", b"a dog"], 280) == learn_pieces([b"the cat", b"a dog"], 280)


def test_what_is_no_model_is_refused():
    with pytest.raises(ValueError, match="`pieces_model` is no model of sentencepiece"):
        Pieces(b"no model")
    config = Tokenizer.learn(["the cat", "a dog"], "pieces", max_tokens=280).get_config()
    other = Tokenizer.learn(["the cow", "a pig"], "pieces", max_tokens=280).get_config()
    with pytest.raises(ValueError, match="`vocabulary` must hold the pieces of `pieces_model`"):
        Tokenizer(**(config | {name: other[name] for name in ("vocabulary", "counts")}))
    with pytest.raises(ValueError, match="`pieces_model` is no model of sentencepiece"):
        Tokenizer(**(config | {"pieces_model": base64.b64encode(b"no model").decode()}))


def test_the_package_that_is_needed_is_named(monkeypatch):
    config = Tokenizer.learn(["the cat", "a dog"], "pieces", max_tokens=280).get_config()
    monkeypatch.setitem(sys.modules, "sentencepiece", None)
    for make in (lambda: Tokenizer.learn(["a cat"], "pieces"), lambda: Tokenizer.from_config(config)):
        with pytest.raises(ImportError, match=r'need the package sentencepiece: pip install "keras_vae\[text\]"'):
            make()
    assert Tokenizer.learn(["a cat"]).n_tokens == 6
