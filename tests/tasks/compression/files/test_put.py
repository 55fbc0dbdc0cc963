import pytest

from keras_vae.tasks.compression.files.put import put_file, put_files


def writes(**contents):
    def write(folder):
        for name, content in contents.items():
            path = folder / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)

    return write


def fails(folder):
    (folder / "a").write_text("half")
    raise OSError(28, "No space left on device")


def tree(folder):
    return {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file()}


def test_a_new_folder_is_there_when_all_is_in_it(tmp_path):
    put_files(tmp_path / "out", ["a", "b/c"], False, writes(a="1", b__c="2"))
    assert tree(tmp_path) == {"out/a": "1", "out/b/c": "2"}
    with pytest.raises(OSError, match="No space"):
        put_files(tmp_path / "other", ["a"], False, fails)
    assert tree(tmp_path) == {"out/a": "1", "out/b/c": "2"}
    assert not (tmp_path / "other").exists()


def test_beside_other_files_nothing_is_written_over_unless_it_is_asked_for(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c").write_text("before")
    (tmp_path / "other").write_text("mine")
    with pytest.raises(FileExistsError, match=r"b/c is there already; --force writes over it"):
        put_files(tmp_path, ["a", "b/c"], False, writes(a="1", b__c="2"))
    assert tree(tmp_path) == {"b/c": "before", "other": "mine"}
    put_files(tmp_path, ["a", "b/c"], True, writes(a="1", b__c="2"))
    assert tree(tmp_path) == {"a": "1", "b/c": "2", "other": "mine"}
    with pytest.raises(OSError, match="No space"):
        put_files(tmp_path, ["a"], True, fails)
    assert tree(tmp_path) == {"a": "1", "b/c": "2", "other": "mine"}


def test_a_folder_is_never_written_over(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(FileExistsError, match="a is there already, a folder"):
        put_files(tmp_path, ["a"], True, writes(a="1"))


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(NotADirectoryError, match="must be a folder for 1 files"):
        put_files(tmp_path / "out", ["a"], True, writes(a="1"))


def test_no_link_is_followed_out_of_the_folder(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "target").write_text("mine")
    (tmp_path / "out" / "b").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "out" / "a").symlink_to(tmp_path / "target")
    with pytest.raises(ValueError, match=r"b is a link out of .*out: nothing is written there"):
        put_files(tmp_path / "out", ["b/c"], True, writes(b__c="1"))
    with pytest.raises(FileExistsError, match="a is there already"):
        put_files(tmp_path / "out", ["a"], False, writes(a="1"))
    # The link gives way, not what it leads to.
    put_files(tmp_path / "out", ["a"], True, writes(a="1"))
    assert (tmp_path / "target").read_text() == "mine"
    assert not (tmp_path / "out" / "a").is_symlink()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_link_that_comes_while_it_is_decoded_is_not_followed(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()

    def write(folder):
        writes(b__c="1")(folder)
        (tmp_path / "out" / "b").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(ValueError, match="is a link out of"):
        put_files(tmp_path / "out", ["b/c"], True, write)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_one_file_is_whole_or_not_there(tmp_path):
    put_file(tmp_path / "a", lambda path: path.write_text("1"))
    with pytest.raises(OSError, match="No space"):
        put_file(tmp_path / "b", lambda path: fails(path.parent))
    assert tree(tmp_path).keys() == {"a"}
