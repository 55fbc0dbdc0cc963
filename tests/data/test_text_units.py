"""Tests of `split_text` and `lowered` on bytes that no text has; on texts they are tested by test_tokenizer.py."""

import numpy as np
import pytest
import tensorflow as tf

from keras_vae.data.text_units import count_units, lowered, split_text


def test_bytes_that_are_no_utf_8_are_one_mark_among_characters_and_stay_in_words():
    strings = tf.constant([b"a\xff b", b"\xc3"])
    assert split_text(strings, "words").to_list() == [[b"a\xff", b"b"], [b"\xc3"]]
    assert split_text(strings, "characters").to_list() == [[97, 0xFFFD, 32, 98], [0xFFFD]]
    assert split_text(strings, "bytes").to_list() == [[97, 255, 32, 98], [195]]
    assert lowered(strings).numpy().tolist() == ["a\ufffd b".encode(), "\ufffd".encode()]


def test_letters_behind_a_nul_become_small_as_well():
    assert lowered(tf.constant([b"A\0B\0", b""])).numpy().tolist() == [b"a\0b\0", b""]


@pytest.mark.parametrize("unit", ["words", "characters", "bytes"])
def test_no_text_has_no_units(unit):
    assert split_text(tf.constant(["", ""]), unit).to_list() == [[], []]
    assert split_text(tf.constant([], tf.string), unit).shape[0] == 0


def test_units_are_counted_the_most_frequent_first_then_in_order_of_the_text():
    strings = [b"b a B", b"a \xc3\xa4"]
    assert count_units(strings, "words", False) == [(2, "a"), (1, "B"), (1, "b"), (1, "ä")]
    assert count_units(strings, "words", True) == [(2, "a"), (2, "b"), (1, "ä")]
    assert count_units(strings, "characters", False) == [(3, " "), (2, "a"), (1, "B"), (1, "b"), (1, "ä")]
    found = count_units(strings, "bytes", False)
    assert len(found) == 256
    assert found[:3] == [(3, b" "), (2, b"a"), (1, b"B")]
    assert sum(count for count, _ in found) == sum(map(len, strings))
    assert np.all(np.diff([count for count, _ in found]) <= 0)
