import pytest
from PIL import Image

from keras_vae.tasks.compression.files.find import find


@pytest.fixture
def folder(tmp_path):
    for name in ("b.png", "cats/a.png", "cats/.hidden.png"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (2, 2)).save(path)
    return tmp_path / "in"


def names(found):
    return [name for _, name in found]


def test_pictures_of_a_folder_are_found_with_their_names_below_it(folder, monkeypatch):
    assert names(find([folder])) == ["b.png", "cats/a.png"]
    assert all(path.is_file() for path, _ in find([folder]))
    monkeypatch.chdir(folder)
    assert names(find(["."])) == ["b.png", "cats/a.png"]


def test_files_of_several_places_keep_what_tells_them_apart(folder, tmp_path):
    (tmp_path / "b.png").write_bytes(b"")
    assert names(find([folder / "cats", tmp_path / "b.png"])) == ["b.png", "in/cats/a.png"]
    assert names(find([folder / "cats" / "a.png"])) == ["a.png"]
    assert names(find([folder / "b.png", folder / "b.png"])) == ["b.png"]


def test_links_out_of_a_folder_are_left_out(folder, tmp_path):
    (tmp_path / "other.png").write_bytes((folder / "b.png").read_bytes())
    (folder / "c.png").symlink_to(tmp_path / "other.png")
    assert names(find([folder])) == ["b.png", "cats/a.png"]


def test_what_is_left_of_a_folder_is_told(folder):
    for name in ("a.txt", "x.npy", "t.csv", "more.txt"):
        (folder / name).write_text("")
    with pytest.warns(UserWarning, match=r"4 of what is in .*in is not compressed: a\.txt, more\.txt, t\.csv, \.\.\."):
        assert names(find([folder])) == ["b.png", "cats/a.png"]


@pytest.mark.parametrize("suffix", ["npy", "npz", "csv", "tsv"])
def test_a_folder_without_pictures_may_hold_arrays_or_tables(suffix, tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.{suffix}").write_text("")
    assert names(find([tmp_path])) == [f"a.{suffix}", f"b.{suffix}"]


def test_other_paths_are_refused(tmp_path):
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(FileNotFoundError, match=r"there is no file .*b\.png"):
        find([tmp_path / "b.png"])
    with pytest.raises(ValueError, match=r"a\.txt must be a picture, or end in \.npy, \.npz, .* Received: \.txt"):
        find([tmp_path / "a.txt"])
    with pytest.raises(ValueError, match="holds no pictures, arrays or tables"):
        find([tmp_path])
    with pytest.raises(ValueError, match="`files` must name at least one file"):
        find([])


def test_a_name_that_not_every_system_knows_is_refused(tmp_path):
    (tmp_path / "a:b.npy").write_text("")
    with pytest.raises(ValueError, match="must do without"):
        find([tmp_path])
