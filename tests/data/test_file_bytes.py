import pytest
import tensorflow as tf

from keras_vae.data.file_bytes import bytes_of, refuse_unless, starts_with, whole_number, window


def test_bytes_behind_the_end_are_zero():
    assert bytes_of(b"\1\2", 4).numpy().tolist() == [1, 2, 0, 0]
    assert bytes_of(b"\1\2\3\4\5", 4).numpy().tolist() == [1, 2, 3, 4]
    assert bytes_of(b"\xff").numpy().tolist() == [255] + [0] * 64


def test_a_window_stays_within():
    values = tf.range(6)
    assert [window(values, place, 2).numpy().tolist() for place in (-1, 3, 99)] == [[0, 1], [3, 4], [4, 5]]


@pytest.mark.parametrize(
    ("values", "little", "expected"),
    [([1, 2], True, 513), ([1, 2], False, 258), ([255] * 4, True, 2**32 - 1), ([1, 0, 0, 0], False, 2**24)],
)
def test_numbers_have_the_order_of_their_bytes(values, little, expected):
    assert whole_number(tf.constant(values), little) == expected


@pytest.mark.parametrize(("file", "expected"), [(b"GIF89a", True), (b"GIF", False), (b"", False)])
def test_a_short_file_starts_with_nothing(file, expected):
    assert bool(starts_with(tf.constant(file), b"GIF8")) is expected


def test_a_condition_that_does_not_hold_is_an_invalid_argument():
    assert refuse_unless(3, tf.constant(True), "no") == 3
    with pytest.raises(tf.errors.InvalidArgumentError, match="must be so"):
        refuse_unless(3, tf.constant(False), "must be so")
