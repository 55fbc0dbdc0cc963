import pytest

from keras_vae.tasks.setting import (
    COMMON,
    Setting,
    check_seed,
    check_values,
    check_widths,
    choice,
    listed,
    number,
    parse_widths,
    whole,
)


def test_none_is_not_checked_where_it_is_the_default():
    assert Setting(whole(1), None, "").checked("n", None) is None
    with pytest.raises(ValueError, match="`n` must be a whole number >= 1"):
        Setting(whole(1), 3, "").checked("n", None)


@pytest.mark.parametrize(
    ("setting", "kind"),
    [
        (Setting(whole(1), 3, ""), int),
        (Setting(number(0.0), 0.5, ""), float),
        (Setting(lambda name, value: value, False, ""), bool),
        (Setting(whole(1), None, "", kind=int), int),
        (Setting(check_widths, None, ""), str),
        (Setting(default="a", help="", **choice(("a", "b"))), str),
    ],
)
def test_the_shell_reads_the_type_of_the_default(setting, kind):
    assert setting.shell_type is kind


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (2.0, ["--free-bits", "2"]),
        (0.001, ["--free-bits", "0.001"]),
        ([512, 256], ["--free-bits", "512,256"]),
        ("dense", ["--free-bits", "dense"]),
        (True, ["--free-bits"]),
        (False, ["--no-free-bits"]),
    ],
)
def test_a_value_becomes_the_words_of_a_command(value, words):
    assert Setting(whole(1), None, "").words("free_bits", value) == words


def test_text_of_the_shell_becomes_a_value():
    widths = Setting(check_widths, None, "", parse=parse_widths)
    assert widths.read("hidden_units", "512,256") == [512, 256]
    assert widths.read("hidden_units", None) is None
    assert Setting(whole(1), 1, "").read("n", 3) == 3
    with pytest.raises(ValueError, match="`hidden_units` must be whole numbers with commas, as 512,256"):
        widths.read("hidden_units", "512;256")


def test_a_table_is_checked_as_a_whole():
    table = {"n": Setting(whole(1), 3, ""), "widths": Setting(check_widths, None, "")}
    assert check_values(table, {"widths": (4, 2)}) == {"n": 3, "widths": [4, 2]}
    with pytest.raises(ValueError, match=r"settings must be among n, widths\. Received: m"):
        check_values(table, {"m": 1})


def test_seeds_are_those_that_tensorflow_takes():
    assert check_seed("seed", 2**63 - 1) == 2**63 - 1
    with pytest.raises(ValueError, match="`seed` must be at most 9223372036854775807"):
        check_seed("seed", 2**63)


@pytest.mark.parametrize("value", [[], [0], "8", True, [1.5]], ids=repr)
def test_widths_are_a_list_of_sizes(value):
    with pytest.raises(ValueError, match="`hidden_units` must be"):
        check_widths("hidden_units", value)


def test_one_width_is_a_list_of_one():
    assert check_widths("latent_dim", 8) == [8]
    assert check_widths("latent_dim", [8, 16]) == [8, 16]


def test_names_are_listed_in_words():
    assert listed(["a", "b", "c"]) == "a, b or c."
    assert listed(["a"]) == "a."


def test_a_run_may_get_more_epochs_and_nothing_else_that_makes_another_model():
    names = [name for name, setting in COMMON.items() if setting.may_change]
    assert names == ["minutes", "epochs", "patience"]
