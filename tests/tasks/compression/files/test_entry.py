import pytest

from keras_vae.tasks.compression.files.entry import field, size


def test_fields_are_those_of_their_type():
    assert field({"a": "b"}, "a", str) == "b"
    assert size({"n": 3}, "n") == 3


@pytest.mark.parametrize("content", [{}, {"a": 1}, {"a": None}, [], None])
def test_what_is_missing_or_of_another_type_is_damage(content):
    with pytest.raises(ValueError, match="the list of files is damaged: `a` is"):
        field(content, "a", str)


@pytest.mark.parametrize("value", [-1, True, 1.0, "1"])
def test_sizes_are_whole_numbers_from_0(value):
    with pytest.raises(ValueError, match="the list of files is damaged: `n` is"):
        size({"n": value}, "n")
