import numpy as np
import pytest

from keras_vae.data import load


def test_digits_are_split_by_class_and_always_the_same_way():
    data = load("digits")
    assert (data.name, data.kind, data.event_shape) == ("digits", "image", (8, 8, 1))
    assert (data.n_train, data.n_test) == (1437, 360)
    assert data.x_train.dtype == np.uint8
    assert set(np.unique(data.x_train)) == {round(level * 255 / 16) for level in range(17)}
    shares = np.bincount(data.y_test) / np.bincount(np.concatenate([data.y_train, data.y_test]))
    np.testing.assert_allclose(shares, 360 / 1797, atol=0.004)  # one image of a class of 174 is 0.006
    np.testing.assert_array_equal(load("digits", test_fraction=0.5, seed=9).x_test, data.x_test)


def test_the_ending_says_how_a_file_is_read(tmp_path):
    np.savez(tmp_path / "a.NPZ.npz", x=np.ones((10, 3)))
    (tmp_path / "a.npz").write_bytes((tmp_path / "a.NPZ.npz").read_bytes())
    (tmp_path / "b.CSV").write_text("a\n1\n2\n")
    assert load(tmp_path / "a.npz").n_test == 1
    assert load(str(tmp_path / "b.CSV"), test_fraction=0).n_train == 2


def test_a_path_object_is_never_a_name(tmp_path, monkeypatch):
    from pathlib import Path

    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no data set 'mnist'"):
        load(Path("mnist"))


def test_the_home_folder_may_be_written_as_a_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "b.csv").write_text("a\n1\n2\n")
    assert load("~/b.csv").name == "b.csv"
    with pytest.raises(FileNotFoundError, match=r"there is no data set '~nobody-of-that-name/b\.csv'"):
        load("~nobody-of-that-name/b.csv")


@pytest.mark.parametrize("source", [None, 3, "", "  "])
def test_something_else_than_a_name_or_path_is_refused(source):
    with pytest.raises(ValueError, match="`name_or_path` must be a name or a path"):
        load(source)


def test_unknown_names_files_and_seeds_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="neither one of digits, mnist, fashion_mnist, cifar10 nor an existing"):
        load("minst")
    (tmp_path / "a.txt").write_text("1")
    with pytest.raises(ValueError, match=r"must end in \.npz or \.csv. Received: .*a\.txt"):
        load(tmp_path / "a.txt")
    with pytest.raises(ValueError, match="`seed` must be a whole number >= 0"):
        load("digits", seed=-1)
    with pytest.raises(ValueError, match="holds no images"):
        load(tmp_path)
