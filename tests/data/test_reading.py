import json

import pytest

from keras_vae.data.reading import (
    ReadAs,
    Reading,
    check_image_size,
    check_used,
    is_column,
    is_switched_off,
    nearest,
    raise_problems,
    some_of,
    unknown_names,
)


def test_nothing_given_is_nothing_said():
    assert Reading().given() == {}
    assert Reading(label="", drop=["a"], grey=False).given() == {"label": "", "drop": ("a",), "grey": False}


def test_a_line_of_the_report_is_three_words_for_json():
    assert json.loads(json.dumps(ReadAs("column `a`", "numbers", "--drop a"))) == ["column `a`", "numbers", "--drop a"]
    assert ReadAs("encoding", "utf-16").overrule == ""


@pytest.mark.parametrize(("size", "pair"), [(None, None), (8, (8, 8)), ((4, 6), (4, 6)), ([4, 6], (4, 6))])
def test_sizes_are_pairs(size, pair):
    assert Reading(size=size).size == check_image_size("size", size) == pair


@pytest.mark.parametrize("word", ["", "none", "None", " NONE "])
def test_no_column_has_several_spellings(word):
    assert is_switched_off(word)
    assert not is_column(word)
    assert not is_switched_off(None)
    assert not is_column(None)
    assert is_column("species")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "sound"}, "`kind` must be one of 'image', 'table', 'sequence', 'text'. Received: kind='sound'"),
        ({"impute": "mean"}, "`impute` must be one of 'median', 'drop'"),
        ({"fit": "zoom"}, "`fit` must be one of 'stretch', 'crop', 'pad'"),
        ({"header": "yes"}, "`header` must be one of None, True, False"),
        ({"grey": "no"}, "`grey` must be one of None, True, False"),
        ({"label": 3}, "`label` must be a name. Received: label=3"),
        ({"key": ("x",)}, "`key` must be a name"),
        ({"drop": "age"}, "`drop` must be a tuple of names of columns. Received: drop='age'"),
        ({"columns": (1, 2)}, "`columns` must be a tuple of names of columns"),
        ({"size": (1, 2, 3)}, r"`size` must be a number or \(height, width\)"),
        ({"size": "64"}, r"`size` must be a number or \(height, width\)"),
        ({"size": 0}, "`size` must be a whole number >= 1"),
        ({"mixed": "yes"}, "`mixed` must be one of True, False. Received: mixed='yes'"),
        (
            {"column_kinds": "a"},
            "`column_kinds` must be a dict from names of columns to kinds. Received: .*='a'",
        ),
        ({"column_kinds": {3: "real"}}, "`column_kinds` must be a dict from names"),
        ({"column_kinds": {"a": "float"}}, "one of real, count, binary, category for 'a'. Received: 'float'"),
        ({"column_kinds": {"a": "real"}, "kind": "image"}, "`column_kinds` are for tables. Received: kind='image'"),
        ({"label": "a", "drop": ("a",)}, "must stand in one of .* Received: 'a' in `label` and `drop`"),
        ({"drop": ("b",), "columns": ("b", "c")}, "Received: 'b' in `drop` and `columns`"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Reading(**arguments)


def test_a_switched_off_column_is_in_no_place():
    reading = Reading(label="none", id="none", drop=("none",))
    assert reading.given() == {"label": "none", "id": "none", "drop": ("none",)}


def test_kinds_of_columns_are_held_as_pairs_and_ask_for_mixed_tables():
    reading = Reading(column_kinds={"b": "category", "a": "real"})
    assert reading.column_kinds == (("b", "category"), ("a", "real"))
    assert Reading(column_kinds=reading.column_kinds) == reading
    assert hash(reading) != hash(Reading())
    assert reading.as_mixed
    assert Reading(mixed=True, kind="table").as_mixed
    assert not Reading(mixed=True, kind="image").as_mixed
    assert not Reading(column_kinds=None).mixed
    assert Reading(mixed=True).given() == {"mixed": True}


def test_the_nearest_names_are_found_in_any_case():
    assert nearest("AGE", ["bmi", "age"]) == " (nearest: age)"
    assert nearest("xyz", ["bmi", "age"]) == ""


def test_unknown_names_come_with_the_nearest_and_all_there_are():
    assert unknown_names("drop", ["age"], ["age", "bmi"]) == []
    (sentence,) = unknown_names("drop", ["Aeg"], ["age", "bmi"])
    assert sentence == "`drop` names 'Aeg', which there is not (nearest: age); there are age, bmi"
    (sentence,) = unknown_names("drop", ["xyz"], ["age", "bmi"])
    assert "nearest" not in sentence


def test_long_rows_of_names_are_cut_in_the_middle():
    names = [f"c{k}" for k in range(30)]
    assert some_of(names[:3]) == "c0, c1, c2"
    assert some_of(names, shown=4) == "c0, c1 ... c28, c29 (30)"


def test_all_problems_are_said_at_once_and_none_is_no_error():
    raise_problems("f.csv", [])
    with pytest.raises(ValueError, match=r"^f\.csv cannot be read: one$"):
        raise_problems("f.csv", ["one"])
    with pytest.raises(ValueError, match=r"^f\.csv cannot be read, for 2 reasons: \(1\) one; \(2\) two$"):
        raise_problems("f.csv", ["one", "two"])


def test_options_without_a_meaning_are_refused():
    check_used("f", "a table", Reading(label="a", mixed=True), ("label",))
    with pytest.raises(ValueError, match=r"f is a table, which takes `label`. Received: size=\(3, 3\), grey=True"):
        check_used("f", "a table", Reading(label="a", size=3, grey=True), ("label",))
    with pytest.raises(ValueError, match="which takes no such option"):
        check_used("digits", "a known set", Reading(kind="table"), ())
