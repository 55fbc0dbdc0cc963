import pathlib

import pytest

from keras_vae.tasks.compression.files.names import check_name, check_names, name_below, root_of


@pytest.mark.parametrize("name", ["a.png", "cats/ä b.png", "a/b/..c.npy", "x" * 4096])
def test_names_below_a_folder_are_taken(name):
    assert check_name(name) == name


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("/etc/passwd", "must be relative"),
        ("../a.png", "must be relative, without `..`"),
        ("a/../../b.png", "must be relative"),
        ("a//b.png", "must be relative"),
        ("./a.png", "must be relative"),
        ("a/", "must be relative"),
        ("C:/a.png", "must do without"),
        ("..\\a.png", "must do without"),
        ("a\nb.png", "must do without"),
        ("a\0b.png", "must do without"),
        ("", "must have 1 to 4096 characters"),
        ("x" * 4097, "must have 1 to 4096 characters"),
        (None, "must have 1 to 4096 characters"),
        ("a./b.png", "must not end in a dot or blank"),
        ("b.png ", "must not end in a dot or blank"),
    ],
)
def test_names_that_lead_elsewhere_are_refused(name, match):
    with pytest.raises(ValueError, match=match):
        check_name(name)


@pytest.mark.parametrize("names", [["a.png", "a.png"], ["a.png", "A.PNG"]])
def test_names_that_are_one_file_somewhere_are_refused(names):
    with pytest.raises(ValueError, match="two files would have the same name"):
        check_names(names)


def test_a_name_that_is_a_folder_too_is_refused():
    check_names(["a/b/c.png", "a/b.png"])
    with pytest.raises(ValueError, match="a file and a folder would have the same name: 'a/b'"):
        check_names(["a/b/c.png", "a/b"])


def test_names_are_counted_from_the_folder_that_was_given_or_that_files_have_in_common(tmp_path):
    (tmp_path / "in" / "cats").mkdir(parents=True)
    (tmp_path / "dogs").mkdir()
    assert root_of([tmp_path / "in"]) == tmp_path / "in"
    assert root_of([tmp_path / "in" / "cats", tmp_path / "dogs" / "a.png"]) == tmp_path
    assert root_of([tmp_path / "dogs" / "a.png"]) == tmp_path / "dogs"
    assert name_below(tmp_path / "in" / "cats" / "a.png", tmp_path) == "in/cats/a.png"


def test_files_on_two_drives_are_refused(monkeypatch):
    def commonpath(paths):
        raise ValueError("Paths don't have the same drive")

    monkeypatch.setattr("os.path.commonpath", commonpath)
    with pytest.raises(ValueError, match="must be on one drive"):
        root_of([pathlib.Path("a.png")])
