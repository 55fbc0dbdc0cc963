import json

import pytest

from keras_vae.data.reading import Reading
from keras_vae.tasks.reading_settings import READING, parse_column_kinds, parse_size

KINDS = READING["column_kinds"]


def test_kinds_of_columns_are_read_from_the_shell_and_held_by_json():
    value = KINDS.read("column_kinds", "city=category, year=real")
    assert value == {"city": "category", "year": "real"}
    assert json.loads(json.dumps(KINDS.checked("column_kinds", value))) == value
    assert KINDS.words("column_kinds", value) == ["--column-kinds", "city=category,year=real"]
    assert KINDS.checked("column_kinds", None) is None
    assert Reading(column_kinds=value).as_mixed
    assert parse_column_kinds("column_kinds", 'a=b=real, "c,d=count"') == {"a=b": "real", "c,d": "count"}


@pytest.mark.parametrize("text", ["city", "=real", "city=category,year"])
def test_other_text_is_refused(text):
    with pytest.raises(ValueError, match=r"`column_kinds` must be names with their kinds, as city=category,year=real"):
        parse_column_kinds("column_kinds", text)


def test_other_kinds_are_refused():
    with pytest.raises(ValueError, match=r"`column_kinds` must be one of real, count, .* for 'city'. Received: 'text'"):
        KINDS.checked("column_kinds", {"city": "text"})


def test_sizes_are_read_from_the_shell():
    assert parse_size("size", "64") == [64, 64]
    assert parse_size("size", "48x64") == [48, 64]
    with pytest.raises(ValueError, match=r"`size` must be a number or HEIGHTxWIDTH"):
        parse_size("size", "1x2x3")
