"""What a command writes: whether it can be written, arrays, JSON."""

import json
import math
import os

import pytest

from keras_vae.runs.output import check_other, check_out, to_json


def test_json_has_no_nan():
    figures = {"a": float("nan"), "b": float("-inf"), "c": 0.5, "d": None, "e": "x"}
    assert json.loads(to_json(figures), parse_constant=pytest.fail) == {
        "a": None,
        "b": None,
        "c": 0.5,
        "d": None,
        "e": "x",
    }


def test_numbers_within_lists_and_dicts_are_finite_or_null():
    assert to_json({"a": [1.0, math.nan], "b": {"c": (math.inf, "x")}}) == '{"a": [1.0, null], "b": {"c": [null, "x"]}}'


@pytest.mark.parametrize("out", ["table.csv", "./table.csv", "folder/../table.csv", "link.csv", "hard.csv"])
def test_the_file_that_is_read_is_never_written_whatever_it_is_called(tmp_path, monkeypatch, out):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "table.csv").write_text("a\n1\n")
    (tmp_path / "link.csv").symlink_to("table.csv")
    os.link("table.csv", "hard.csv")
    with pytest.raises(ValueError, match=r"`out` must be another file than the one that is read. Received: out='"):
        check_other("table.csv", out)
    with pytest.raises(ValueError, match="another file"):
        check_other(out, "new.csv", tmp_path / "table.csv")
    check_other("table.csv", "new.csv")
    check_other("digits", out)


def test_a_home_folder_is_known_by_its_short_name(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "table.csv").write_text("a\n1\n")
    with pytest.raises(ValueError, match="another file"):
        check_other("~/table.csv", tmp_path / "table.csv")


def test_what_cannot_be_written_is_told_by_the_name_of_the_argument(tmp_path):
    with pytest.raises(ValueError, match=r"`figure` must end in .png\. Received: figure='a.csv'"):
        check_out("a.csv", ".png", name="figure")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(ValueError, match=r"`figure` must be a file. Received: .*, which is a folder"):
        check_out(tmp_path / "folder.png", ".png", name="figure")
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match=r"`figure` must be in a folder. Received: .* is a file"):
        check_out(tmp_path / "file" / "a.png", ".png", name="figure")
