"""Tests of rows of tokens: padding, its removal, and the check of tokens. More of it stands in test_tokenizer.py."""

import numpy as np
import pytest
import tensorflow as tf

from keras_vae.data.token_rows import check_ids, flat_ids, padded_rows, without_padding


def test_rows_are_padded_on_the_right():
    rows = padded_rows(np.array([5, 6, 7], np.int32), [2, 0, 1])
    assert rows.tolist() == [[5, 6], [0, 0], [7, 0]]
    assert rows.dtype == np.int32
    assert padded_rows(np.array([5]), [1], width=3).tolist() == [[5, 0, 0]]
    assert padded_rows(np.zeros(0, np.int32), []).shape == (0, 0)


def test_tokens_come_as_an_array_a_tensor_or_a_list_of_rows():
    for given in (np.array([[5, 6]], np.uint8), tf.constant([[5, 6]], tf.int64), [[5, 6]], [np.array([5, 6])]):
        found = check_ids(given, 7)
        assert (found.tolist(), found.dtype) == ([[5, 6]], np.int32)
    assert check_ids([], 7).shape == (0, 0)
    assert check_ids([[2**31 - 1]])[0, 0] == 2**31 - 1
    with pytest.raises(ValueError, match=r"`x` must be tokens from 0 to 2147483647. Received: 2147483648"):
        check_ids([[2**31]], name="x")


def test_padding_is_taken_off_and_put_on_again(rng):
    rows = rng.integers(1, 9, (20, 7)).astype(np.int32)
    rows[np.arange(7) >= rng.integers(0, 8, (20, 1))] = 0
    # Zeros between tokens stay.
    rows[3] = [4, 0, 4, 0, 0, 5, 0]
    flat, lengths = without_padding(*flat_ids(rows))
    assert lengths.tolist() == [len(np.trim_zeros(row, "b")) for row in rows]
    np.testing.assert_array_equal(padded_rows(flat, lengths, 7), rows)
