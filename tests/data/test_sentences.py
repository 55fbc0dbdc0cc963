"""Tests of `sentences_as_bytes`: what counts as a list of texts. What is refused stands in test_tokenizer.py, too."""

import numpy as np
import pandas
import pytest
import tensorflow as tf

from keras_vae.data.sentences import sentences_as_bytes

TEXTS = ["a", "ä\0 ", ""]
ENCODED = [text.encode() for text in TEXTS]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(TEXTS, id="list"),
        pytest.param(tuple(TEXTS), id="tuple"),
        pytest.param((text for text in TEXTS), id="generator"),
        pytest.param(np.array(TEXTS, object), id="array of objects"),
        pytest.param(pandas.Series(TEXTS, index=[5, 6, 7]), id="column"),
        pytest.param(tf.constant(ENCODED), id="tensor"),
        pytest.param(ENCODED, id="bytes"),
        pytest.param([TEXTS[0], *ENCODED[1:]], id="both"),
    ],
)
def test_any_list_of_texts_becomes_utf_8(given):
    assert sentences_as_bytes(given) == ENCODED


def test_strings_of_numpy_are_texts():
    found = sentences_as_bytes(np.array(["a", "ä"]))
    assert found == [b"a", "ä".encode()]
    assert {type(text) for text in found} == {bytes}


def test_bytes_may_be_anything_where_that_is_said():
    assert sentences_as_bytes([b"\xff", "a"], any_bytes=True) == [b"\xff", b"a"]
    with pytest.raises(ValueError, match=r"every one of `x` must be Unicode text. Received: b'\\xff' at 1$"):
        sentences_as_bytes(["a", b"\xff"], "x")


def test_no_sentences_are_no_sentences():
    assert sentences_as_bytes([]) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({"a": "b"}, r"`x` must be a list of texts, shape \(n,\). Received: \{'a': 'b'\}", id="dict"),
        pytest.param(b"abc", "must be a list of texts. Received: one text, b'abc'", id="one"),
        pytest.param("a" * 99, "Received: one text, 'a{56}[.]{3}$", id="a long one"),
        pytest.param(None, "Received: None", id="None"),
        pytest.param(
            ["a", None, np.nan], "must be a text. Received: None at 1, and 1 others that are none", id="holes"
        ),
        pytest.param(pandas.Series(["a", pandas.NA]), "Received: (<NA>|nan) at 1$", id="NA"),
        pytest.param(np.arange(3), r"Received: (np.int64\()?0\)? at 0, and 2 others", id="numbers"),
    ],
)
def test_what_is_no_list_of_texts_is_told(given, message):
    with pytest.raises(ValueError, match=message):
        sentences_as_bytes(given, "x")
