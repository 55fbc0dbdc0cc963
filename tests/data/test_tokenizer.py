"""Tests of `Tokenizer`: every text comes back, numbers by falling count, graph and Python alike."""

import collections
import json
import pickle
import re
import unicodedata

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_vae._token_ids import N_UNPREDICTED
from keras_vae.data.tokenizer import Tokenizer

ODD = [
    "",
    " ",
    "  two  blanks ",
    "Plain text.",
    "tab\tnewline\nCRLF\r\nend\x0b\x0c",
    "NUL \0 inside\0",
    "\ufeffBOM before",
    "no-break\u00a0space, ideographic\u3000space, next\x85line, separators\u2028\u2029, \x1c\x1d\x1e\x1f",
    "e\u0301 combining \u0301alone, é composed",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 family \U0001f1e9\U0001f1ea flag",
    "שלום עולם مرحبا \u202eright to left\u202c",
    "\ufffd\ufffe\uffff\ufdd0\ue000\ue001\ue002\U0010ffff",
    "▁ ▅ a▁b\ue000▁\ue002",
    "<pad> <s> </s> <unk> [UNK] <0x41> ⁇",
    "\u0130I\u0131i ΑΣ ΑΣ. ǅ ß ẞ",
    "日本語の文章 中文",
]
WORDS = ["the cat sat on the mat", "the dog sat", "a cat ran", "the end"]
GRAPH_UNITS = ["words", "characters", "bytes"]
UNITS = [*GRAPH_UNITS, "pieces"]
INVALID = [b"\xff", b"a\xc3", b"\xed\xa0\x80", b"\0\xfe", bytes(range(256))]


def learn(unit, sentences=ODD, **options):
    if unit == "pieces":
        pytest.importorskip("sentencepiece")
        options = {"max_tokens": 400} | options
    return Tokenizer.learn(sentences, unit, **options)


@pytest.mark.parametrize("unit", ["characters", "bytes", "pieces"])
def test_every_text_comes_back_as_it_was(unit):
    tokenizer = learn(unit)
    assert tokenizer.texts(tokenizer.rows(ODD)) == ODD
    assert tokenizer.texts(tokenizer.ids(ODD)) == ODD


@pytest.mark.parametrize("unit", ["bytes", "pieces"])
def test_bytes_and_pieces_hold_texts_that_they_have_never_seen(unit):
    tokenizer = learn(unit, ["nothing like them"])
    every = ["".join(map(chr, range(start, start + 256))) for start in (*range(0, 0xD800, 256), 0xE000, 0x1F600)]
    assert tokenizer.texts(tokenizer.ids([*ODD, *every])) == [*ODD, *every]


def test_bytes_that_are_no_utf_8_come_back_from_the_graph_and_are_marked_in_a_text():
    tokenizer = learn("bytes", INVALID)
    rows = tokenizer.rows(INVALID)
    assert tokenizer.graph_texts(rows).numpy().tolist() == INVALID
    assert tokenizer.texts(rows)[:2] == ["\ufffd", "a\ufffd"]


def test_words_come_back_with_one_space_between_them():
    tokenizer = learn("words")
    # The blanks of ASCII, and no others, end a word.
    expected = [" ".join(re.split("[ \t\n\v\f\r]+", text.strip(" \t\n\v\f\r"))) for text in ODD]
    assert tokenizer.texts(tokenizer.rows(ODD)) == expected
    assert "no-break\u00a0space," in tokenizer.vocabulary


@pytest.mark.parametrize("unit", UNITS)
def test_special_tokens_that_are_spelled_out_are_text_like_any_other(unit):
    marks = ["<pad> <unk>", "</s> <s> [UNK] <end>"]
    tokenizer = learn(unit, marks)
    rows = tokenizer.rows(marks)
    assert tokenizer.texts(rows) == marks
    assert not np.isin(rows, [Tokenizer.START_ID, Tokenizer.UNKNOWN_ID]).any()
    assert [(row == Tokenizer.END_ID).sum() for row in rows] == [1, 1]


def test_words_are_numbered_by_falling_count_and_then_in_order_of_the_text():
    tokenizer = learn("words", WORDS)
    assert tokenizer.vocabulary == ("the", "cat", "sat", "a", "dog", "end", "mat", "on", "ran")
    assert tokenizer.counts == (0, 0, 0, 4, 4, 2, 2, 1, 1, 1, 1, 1, 1)
    assert tokenizer.n_tokens == 13
    assert tokenizer.ids(["the end", "", "a zebra"])[0].tolist() == [4, 9, 3]
    assert tokenizer.rows(["the end", "", "a zebra"]).tolist() == [[4, 9, 3], [3, 0, 0], [7, 2, 3]]


@pytest.mark.parametrize("unit", UNITS)
def test_counts_are_those_of_the_training_part_and_fall(unit):
    tokenizer = learn(unit, ODD * 2)
    counted = collections.Counter(np.concatenate(tokenizer.ids(ODD * 2)).tolist())
    assert tokenizer.counts == tuple(counted[token] for token in range(tokenizer.n_tokens))
    assert list(tokenizer.counts[4:]) == sorted(tokenizer.counts[4:], reverse=True)
    assert tokenizer.counts[:4] == (0, 0, 0, 2 * len(ODD))
    assert N_UNPREDICTED == 2


@pytest.mark.parametrize("unit", UNITS)
def test_the_order_of_the_sentences_changes_nothing(unit):
    assert learn(unit, ODD) == learn(unit, ODD[::-1])


def test_rare_words_are_unknown_by_count_or_by_size():
    assert learn("words", WORDS, min_count=2).vocabulary == ("the", "cat", "sat")
    small = learn("words", WORDS, max_tokens=6)
    assert small.vocabulary == ("the", "cat")
    assert small.counts == (0, 0, 8, 4, 4, 2)
    assert small.texts(small.rows(["the dog"])) == ["the <unk>"]
    assert small.texts(small.rows(["the dog"]), unknown_mark="?") == ["the ?"]
    assert learn("characters", ["aab"], min_count=2).vocabulary == ("a",)


def test_bytes_are_always_all_of_them():
    tokenizer = learn("bytes", ["banana"], max_tokens=260)
    assert tokenizer.n_tokens == 260
    assert tokenizer.vocabulary[:4] == (b"a", b"n", b"b", b"\0")
    assert set(tokenizer.vocabulary) == {bytes([number]) for number in range(256)}


@pytest.mark.parametrize("unit", UNITS)
def test_small_letters_are_made_of_capital_ones(unit):
    tokenizer = learn(unit, ["ÄRGER und\0 Text", "Z"], lower=True)
    assert tokenizer.texts(tokenizer.rows(["ÄRGER und\0 Text"])) == ["ärger und\0 text"]


def test_small_letters_are_those_of_python_letter_by_letter():
    tokenizer = learn("bytes", ["a"], lower=True)
    capitals = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    expected = "".join(c.lower() if len(c.lower()) == 1 else c for c in capitals)
    assert tokenizer.texts(tokenizer.ids(["".join(capitals)])) == [expected]
    assert [c for c in capitals if len(c.lower()) > 1] == ["\u0130"]


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("unit", GRAPH_UNITS)
def test_graph_and_python_agree_on_odd_texts(unit, lower):
    tokenizer = learn(unit, ODD[::2], lower=lower)
    in_graph = tf.function(tokenizer.graph_rows)(tf.constant([text.encode() for text in ODD]))
    np.testing.assert_array_equal(in_graph, tokenizer.rows(ODD))
    assert in_graph.dtype == tf.int32
    back = tf.function(tokenizer.graph_texts)(in_graph)
    assert [text.decode() for text in back.numpy()] == tokenizer.texts(tokenizer.ids(ODD))


@pytest.mark.parametrize("unit", GRAPH_UNITS)
def test_graph_and_hand_written_python_agree(unit):
    tokenizer = learn(unit, ODD[::2])
    token = {text: number for number, text in enumerate(tokenizer.vocabulary, 4)}
    split = {"words": lambda t: [w.decode() for w in t.encode().split()], "characters": list}
    split["bytes"] = lambda t: [bytes([b]) for b in t.encode()]
    expected = [[*(token.get(u, 2) for u in split[unit](text)), 3] for text in ODD]
    assert [row.tolist() for row in tokenizer.ids(ODD)] == expected


@pytest.mark.parametrize("unit", GRAPH_UNITS)
def test_no_sentences_give_no_rows(unit):
    tokenizer = learn(unit, WORDS)
    assert tokenizer.ids([]) == []
    assert tokenizer.rows([]).shape == (0, 0)
    assert tokenizer.texts([]) == []
    assert tokenizer.graph_rows(tf.constant([], tf.string)).shape[0] == 0
    assert tokenizer.graph_texts(tf.zeros((0, 3), tf.int32)).shape == (0,)
    assert tokenizer.texts(np.zeros((2, 0), np.int32)) == ["", ""]


def test_texts_stop_at_the_end_and_leave_out_padding_and_start():
    tokenizer = learn("words", WORDS)
    assert tokenizer.texts([[1, 4, 0, 5, 3, 4, 4], [3], [], [0, 4]]) == ["the cat", "", "", "the"]


@pytest.mark.parametrize("unit", UNITS)
def test_a_tokenizer_comes_back_from_its_config_a_pickle_and_keras(unit):
    tokenizer = learn(unit, lower=True, max_length=500)
    config = json.loads(json.dumps(tokenizer.get_config()))
    from_keras = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(tokenizer), safe_mode=True)
    for other in (Tokenizer.from_config(config), from_keras, pickle.loads(pickle.dumps(tokenizer))):
        assert other == tokenizer
        assert hash(other) == hash(tokenizer)
        np.testing.assert_array_equal(other.rows(ODD), tokenizer.rows(ODD))
        assert other.texts(other.rows(ODD)) == tokenizer.texts(tokenizer.rows(ODD))
    assert tokenizer != learn(unit, lower=True, max_length=501)
    assert tokenizer != "no tokenizer"


def test_a_layer_that_holds_a_tokenizer_comes_back_from_a_model_file(tmp_path):
    @keras.saving.register_keras_serializable(package="keras_vae_tests")
    class Counted(keras.layers.Layer):
        def __init__(self, tokenizer, **kwargs):
            super().__init__(**kwargs)
            self.tokenizer = tokenizer

        def call(self, x):
            return keras.ops.one_hot(x, self.tokenizer.n_tokens)

        def get_config(self):
            return super().get_config() | {"tokenizer": keras.saving.serialize_keras_object(self.tokenizer)}

        @classmethod
        def from_config(cls, config):
            return cls(keras.saving.deserialize_keras_object(config.pop("tokenizer")), **config)

    tokenizer = learn("words")
    model = keras.Sequential([keras.Input((3,), dtype="int32"), Counted(tokenizer)])
    model.save(tmp_path / "m.keras")
    assert keras.models.load_model(tmp_path / "m.keras").layers[0].tokenizer == tokenizer


@pytest.mark.parametrize("unit", GRAPH_UNITS)
def test_a_saved_model_takes_strings_and_gives_them_back(tmp_path, unit):
    tokenizer = learn(unit, lower=True)
    module = tf.Module()
    module.resources = tokenizer.resources
    module.rows = tf.function(tokenizer.graph_rows, input_signature=[tf.TensorSpec([None], tf.string)])
    module.texts = tf.function(tokenizer.graph_texts, input_signature=[tf.TensorSpec([None, None], tf.int32)])
    tf.saved_model.save(module, tmp_path / "m")
    loaded = tf.saved_model.load(tmp_path / "m")
    rows = loaded.rows(tf.constant([text.encode() for text in ODD]))
    np.testing.assert_array_equal(rows, tokenizer.rows(ODD))
    assert [text.decode() for text in loaded.texts(rows).numpy()] == tokenizer.texts(tokenizer.rows(ODD))


@pytest.mark.parametrize("unit", GRAPH_UNITS)
def test_a_row_of_a_batch_is_what_it_is_alone(unit):
    tokenizer = learn(unit)
    together = tokenizer.graph_rows(tf.constant([text.encode() for text in ODD])).numpy()
    for text, row in zip(ODD, together, strict=True):
        alone = tokenizer.graph_rows(tf.constant([text.encode()])).numpy()[0]
        np.testing.assert_array_equal(row[: len(alone)], alone)
        assert not row[len(alone) :].any()


@pytest.mark.parametrize("unit", UNITS)
def test_a_sentence_that_is_too_long_is_refused_or_left_out_with_a_warning(unit):
    tokenizer = learn(unit, ["a b c", "a b"], max_length=4)
    sentences = ["a b", "a b c d e f g h i", "a"]
    long = "1 of 3 sentences have more than max_length=4 tokens.*the first is number 1"
    short = [s for s, n in zip(sentences, tokenizer.lengths(sentences), strict=True) if n <= 4]
    if unit != "words":
        sentences, short = ["a", "abcdefgh", ""], ["a", ""]
    with pytest.raises(ValueError, match=long):
        tokenizer.ids(sentences)
    with pytest.raises(ValueError, match=long):
        tokenizer.rows(sentences)
    with pytest.warns(UserWarning, match=f"left out: {long}"):
        assert tokenizer.texts(tokenizer.rows(sentences, too_long="leave out")) == short
    with pytest.warns(UserWarning, match=f"left out: {long}"):
        assert [len(row) for row in tokenizer.ids(sentences, too_long="leave out")] == [
            n for n in tokenizer.lengths(sentences) if n <= 4
        ]


def test_a_sentence_that_is_too_long_ends_the_graph_with_an_error():
    tokenizer = learn("words", WORDS, max_length=3)
    graph = tf.function(tokenizer.graph_rows)
    assert graph(tf.constant(["the cat"])).shape == (1, 3)
    with pytest.raises(tf.errors.InvalidArgumentError, match="at most 3 tokens, the end included"):
        graph(tf.constant(["the cat", "the cat sat"]))


def test_lengths_count_the_end_and_do_not_mind_the_limit():
    tokenizer = learn("words", WORDS, max_length=3)
    assert tokenizer.lengths(["", "the cat", "a b c d"]).tolist() == [1, 3, 5]


def test_rows_have_the_width_that_is_asked_for():
    tokenizer = learn("words", WORDS)
    assert tokenizer.rows(["the cat"], width=5).tolist() == [[4, 5, 3, 0, 0]]
    with pytest.raises(ValueError, match=r"`width` must be at least 3.*Received: width=2"):
        tokenizer.rows(["the cat"], width=2)


def test_sentences_come_as_any_list_of_texts():
    tokenizer = learn("words", WORDS)
    expected = tokenizer.rows(WORDS)
    for given in (tuple(WORDS), np.array(WORDS), np.array(WORDS, object), tf.constant(WORDS), iter(WORDS)):
        np.testing.assert_array_equal(tokenizer.rows(given), expected)


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        pytest.param(["a", None], "every one of `sentences` must be a text. Received: None at 1", id="none"),
        pytest.param(["a", float("nan"), 3], "Received: nan at 1, and 1 others", id="nan"),
        pytest.param("a text", "must be a list of texts. Received: one text, 'a text'", id="one text"),
        pytest.param(7, r"must be a list of texts, shape \(n,\). Received: 7", id="number"),
        pytest.param(np.array([["a"]]), r"Received: an array of shape \(1, 1\)", id="matrix"),
        pytest.param([["a", "b"]], r"Received: \['a', 'b'\] at 0", id="words"),
        pytest.param(["a", "\ud800"], r"must be Unicode text. Received: '\\ud800' at 1", id="half a pair"),
        pytest.param(["a", b"\xff"], r"must be Unicode text. Received: b'\\xff' at 1", id="no UTF-8"),
    ],
)
def test_what_is_no_list_of_texts_is_refused(sentences, message):
    with pytest.raises(ValueError, match=message):
        Tokenizer.learn(sentences)
    with pytest.raises(ValueError, match=message):
        learn("words", WORDS).ids(sentences)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"sentences": []}, "must hold one that is not blank. Received: 0 sentences", id="none"),
        pytest.param({"sentences": ["", " \t"]}, "must hold one that is not blank. Received: 2", id="blank"),
        pytest.param({"unit": "letters"}, "`unit` must be one of", id="unit"),
        pytest.param({"lower": 1.5}, "`lower` must be one of", id="lower"),
        pytest.param({"max_tokens": 4}, "`max_tokens` must be a whole number >= 5", id="tokens"),
        pytest.param({"min_count": 0}, "`min_count` must be a whole number >= 1", id="count"),
        pytest.param({"max_length": 1}, "`max_length` must be a whole number >= 2", id="length"),
        pytest.param({"min_count": 9}, "`min_count` must leave one of the words. Received: min_count=9", id="all rare"),
        pytest.param({"unit": "bytes", "max_tokens": 99}, "`max_tokens` means nothing for bytes", id="few bytes"),
        pytest.param({"unit": "bytes", "min_count": 2}, "`min_count` means nothing for bytes", id="rare bytes"),
        pytest.param({"unit": "pieces", "min_count": 2}, "`min_count` means nothing for pieces", id="rare pieces"),
        pytest.param({"unit": "pieces", "max_tokens": 50}, "`max_tokens` does not allow pieces", id="few pieces"),
    ],
)
def test_options_that_mean_nothing_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Tokenizer.learn(**({"sentences": WORDS} | options))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"vocabulary": ["a"]}, "`counts` must hold 5 numbers, one a token. Received: 6", id="counts"),
        pytest.param({"vocabulary": ["a", "a"]}, "must hold every entry once. Received: 1 twice", id="twice"),
        pytest.param({"vocabulary": ["a", ""]}, "`vocabulary` must hold words. Received: ''", id="empty word"),
        pytest.param({"vocabulary": []}, "`vocabulary` must hold words. Received: 'none'", id="empty"),
        pytest.param({"vocabulary": ["a", "bc"], "unit": "characters"}, "must hold characters. Received: 'bc'", id="2"),
        pytest.param({"unit": "bytes"}, "must hold each of the 256 bytes once. Received: 2", id="bytes"),
        pytest.param({"unit": "pieces"}, "`pieces_model` must be a text if `unit` is 'pieces'", id="no model"),
        pytest.param({"pieces_model": "AA"}, "and None else. Received: unit='words'", id="model"),
        pytest.param({"counts": [0, 0, 0, 1, 1, -1]}, "`counts` must be a whole number >= 0", id="negative"),
    ],
)
def test_a_config_that_is_none_is_refused(changes, message):
    config = {"vocabulary": ["a", "b"], "counts": [0, 0, 0, 1, 1, 1], "unit": "words"}
    with pytest.raises(ValueError, match=message):
        Tokenizer(**(config | changes))


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        pytest.param([[4, 13]], "must be tokens from 0 to 12. Received: 13; were they made by another", id="too large"),
        pytest.param(np.array([[4, -1]]), "must be tokens from 0 to 12. Received: -1", id="negative"),
        pytest.param([[4.5]], r"must be rows of whole numbers.*Received: a row of float64", id="fraction"),
        pytest.param(np.ones((1, 2)), r"Received: float64 of shape \(1, 2\)", id="floats"),
        pytest.param(np.array([4, 3]), r"Received: int64 of shape \(2,\)", id="one row"),
        pytest.param([4, 3], r"Received: a row of int64 and shape \(\)", id="one list"),
        pytest.param(["the cat"], r"Received: a row of <U7", id="texts"),
    ],
)
def test_what_are_no_tokens_is_refused(ids, message):
    with pytest.raises(ValueError, match=message):
        learn("words", WORDS).texts(ids)


def test_pieces_have_no_graph():
    with pytest.raises(ValueError, match="`graph_rows` has no pieces of words"):
        learn("pieces").graph_rows(tf.constant(["a"]))


def test_pieces_of_words_are_fewer_than_characters():
    sentences = ["the cat sat on the mat"] * 20
    pieces, characters = learn("pieces", sentences), learn("characters", sentences)
    assert pieces.lengths(sentences).sum() < characters.lengths(sentences).sum() / 2


def test_all_of_unicode_is_kept_by_characters():
    # The basic plane whole, of the others every 16th character.
    codes = [*range(0x10000), *range(0x1000F, 0x110000, 16)]
    every = "".join(chr(code) for code in codes if unicodedata.category(chr(code)) != "Cs")
    tokenizer = learn("characters", [every])
    assert tokenizer.texts(tokenizer.rows([every])) == [every]
