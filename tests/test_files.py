import errno
import os

import pytest

from keras_vae._files import atomic_path, write_text


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def test_a_file_stands_under_its_name_when_the_block_ends_well(tmp_path):
    target = tmp_path / "deep" / "a.txt"
    with atomic_path(target) as temporary:
        temporary.write_text("new")
        assert not target.exists()
    assert target.read_text() == "new"
    assert names(target.parent) == ["a.txt"]


def test_the_temporary_name_keeps_the_suffix_and_is_hidden(tmp_path):
    with atomic_path(tmp_path / "model.keras") as temporary:
        temporary.touch()
        assert temporary.suffix == ".keras"
        assert temporary.name.startswith(".")
        assert temporary.parent == tmp_path


def test_two_writers_of_one_file_do_not_share_a_temporary_name(tmp_path):
    with atomic_path(tmp_path / "a") as first, atomic_path(tmp_path / "a") as second:
        assert first != second
        first.write_text("1")
        second.write_text("2")
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "no space left on device"), KeyboardInterrupt()], ids=repr)
def test_a_failure_half_way_leaves_the_old_file_and_no_temporary(tmp_path, error):
    target = tmp_path / "a.txt"
    target.write_text("old")

    def write():
        with atomic_path(target) as temporary:
            temporary.write_text("half of the n")
            raise error

    with pytest.raises(type(error)):
        write()
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_block_that_writes_nothing_fails_and_leaves_the_old_file(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(FileNotFoundError), atomic_path(target):
        pass
    assert target.read_text() == "old"


def test_a_failing_rename_leaves_no_temporary(tmp_path, monkeypatch):
    def refuse(*args):
        raise OSError(errno.EACCES, "permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="permission denied"), atomic_path(tmp_path / "a") as temporary:
        temporary.write_text("new")
    assert names(tmp_path) == []


def test_a_folder_appears_whole(tmp_path):
    with atomic_path(tmp_path / "run") as temporary:
        temporary.mkdir()
        (temporary / "a").write_text("1")
        (temporary / "b").write_text("2")
        assert not (tmp_path / "run").exists()
    assert names(tmp_path) == ["run"]
    assert names(tmp_path / "run") == ["a", "b"]


def test_a_failure_in_a_folder_leaves_nothing(tmp_path):
    def write():
        with atomic_path(tmp_path / "run") as temporary:
            (temporary / "sub").mkdir(parents=True)
            (temporary / "sub" / "a").write_text("1")
            raise OSError(errno.ENOSPC, "no space left on device")

    with pytest.raises(OSError, match="no space left"):
        write()
    assert names(tmp_path) == []


def test_a_folder_with_files_is_not_replaced(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "old").touch()
    with pytest.raises(OSError, match="not empty"), atomic_path(tmp_path / "run") as temporary:
        temporary.mkdir()
    assert names(tmp_path) == ["run"]
    assert names(tmp_path / "run") == ["old"]


def test_text_is_written_as_utf8(tmp_path):
    write_text(tmp_path / "a.txt", "β ≥ 0\n")
    assert (tmp_path / "a.txt").read_bytes() == "β ≥ 0\n".encode()


def test_an_error_speaks_of_the_name_that_the_user_knows(tmp_path):
    target = tmp_path / "model.keras"
    with pytest.raises(ValueError, match=r"cannot write \S*/model\.keras$"), atomic_path(target) as temporary:
        raise ValueError(f"cannot write {temporary}")
    with pytest.raises(OSError, match="model") as raised, atomic_path(target) as temporary:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES), str(temporary))
    assert raised.value.filename == str(target)
    with pytest.raises(KeyError), atomic_path(target):
        raise KeyError(3)
