import pytest

from keras_vae.tasks.compression.container.fields import Fields, number, string


@pytest.mark.parametrize("value", [0, 1, 127, 128, 300, 2**32, 2**63 - 1])
def test_numbers_come_back(value):
    fields = Fields(number(value) + b"x", "it")
    assert fields.number() == value
    assert fields.take(fields.n_left) == b"x"
    fields.end()


def test_small_numbers_take_one_byte():
    assert [len(number(value)) for value in (0, 127, 128, 2**63 - 1)] == [1, 1, 2, 9]


def test_strings_come_back():
    fields = Fields(string(b"abc") + string(b""), "it")
    assert (fields.string(), fields.string(), fields.n_left) == (b"abc", b"", 0)


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xff\xff"])
def test_what_ends_within_a_field_is_refused(data):
    with pytest.raises(ValueError, match="it is damaged: it ends within a field"):
        Fields(data, "it").number()


def test_a_string_longer_than_the_data_is_refused_before_it_is_read():
    with pytest.raises(ValueError, match="ends within a field"):
        Fields(number(2**60) + b"abc", "it").string()


@pytest.mark.parametrize("data", [b"\x80" * 10 + b"\x00", number(2**63), b"\xff" * 20])
def test_numbers_of_more_than_63_bits_are_refused(data):
    with pytest.raises(ValueError, match="a number of more than 63 bits"):
        Fields(data, "it").number()


def test_what_follows_the_last_field_is_refused():
    with pytest.raises(ValueError, match="2 bytes follow its last field"):
        Fields(b"ab", "it").end()
