import gzip

import numpy as np
import pytest

from keras_vae.data import load
from keras_vae.data.reading import Reading


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
    np.save(tmp_path / "a.npy", np.ones((10, 3)))
    (tmp_path / "b.CSV").write_text("a\n1\n2\n")
    (tmp_path / "b.tsv").write_text("a\tb\n1\t2\n2\t3\n")
    (tmp_path / "b.jsonl").write_text('{"a": 1}\n{"a": 2}\n')
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(b"a\n1\n2\n"))
    (tmp_path / "t.txt").write_text("one\ntwo\n")
    assert load(tmp_path / "a.npz").n_test == load(tmp_path / "a.npy").n_test == 1
    for name in ("b.CSV", "b.tsv", "b.jsonl", "b.csv.gz"):
        data = load(str(tmp_path / name), test_fraction=0)
        assert (data.kind, data.n_train) == ("table", 2)
    assert load(tmp_path / "t.txt").kind == "text"
    assert load(tmp_path / "t.txt", reading=Reading(kind="sequence")).kind == "sequence"


def test_a_text_of_numbers_is_a_table_unless_said_otherwise(tmp_path):
    path = tmp_path / "a.txt"
    np.savetxt(path, np.arange(12).reshape(4, 3) + 0.5)
    data = load(path, test_fraction=0)
    np.testing.assert_array_equal(data.x_train, np.arange(12).reshape(4, 3) + 0.5)
    assert data.report[0].overrule == "--kind text"
    assert load(path, reading=Reading(kind="sequence")).kind == "sequence"
    assert load(path, test_fraction=0, schema=data.schema).event_shape == (3,)
    assert load(path, reading=Reading(kind="text")).kind == "text"
    path.write_text("a b\nc d\n1 2\n3 4\n")
    assert load(path).kind == "text"
    with pytest.raises(ValueError, match="no column of numbers"):
        load(path, reading=Reading(kind="table"))


@pytest.mark.parametrize("source", ["a.csv", "a.npy", "a.txt"])
def test_data_of_another_shape_than_the_first_are_refused(tmp_path, source):
    (tmp_path / "a.csv").write_text("1,2,3\n4,5,6\n")
    np.save(tmp_path / "a.npy", np.ones((4, 3)))
    (tmp_path / "a.txt").write_text("1 2 3\n4 5 6\n")
    schema = {"format": "arrays", "kind": "table", "values": "numbers", "event_shape": [2]}
    if source == "a.txt":
        with pytest.raises(ValueError, match="is a text, but the model was trained on data of kind 'table'"):
            load(tmp_path / source, schema=schema)
        return
    with pytest.raises(ValueError, match=r"must have examples of shape \(2,\), .* Received: a\.\w+ with .* \(3,\)"):
        load(tmp_path / source, schema=schema)


def test_one_example_cannot_be_split_but_can_be_asked_about(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match=r"must hold two or more examples, .* Received: 1"):
        load(tmp_path / "a.csv")
    assert load(tmp_path / "a.csv", test_fraction=0).n_train == 1
    np.save(tmp_path / "a.npy", np.ones((1, 3)))
    with pytest.raises(ValueError, match="must hold two or more examples"):
        load(tmp_path / "a.npy")
    schema = {"kind": "table", "values": "numbers", "event_shape": [3]}
    assert load(tmp_path / "a.npy", schema=schema).n_train == 1


def test_named_sets_take_no_options_and_give_the_size_of_images():
    assert load("digits").schema == {"format": "arrays", "kind": "image", "values": "bytes", "event_shape": [8, 8, 1]}
    with pytest.raises(
        ValueError, match=r"'digits' is a known set, which takes no such option. Received: kind='table'"
    ):
        load("digits", reading=Reading(kind="table"))


def test_links_to_nothing_are_told(tmp_path):
    (tmp_path / "a.csv").symlink_to(tmp_path / "none.csv")
    with pytest.raises(FileNotFoundError, match=r"a\.csv is a link to .*none\.csv, which does not exist"):
        load(tmp_path / "a.csv")


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
    with pytest.raises(
        FileNotFoundError, match=r"neither one of digits, mnist, fashion_mnist, cifar10, ptb, .* nor an existing"
    ):
        load("minst")
    for name in ("a.doc", "a.npz.gz", "a.gz", "a"):
        (tmp_path / name).write_text("1")
        with pytest.raises(ValueError, match=rf"must end in \.csv, .*\.npz, .* and \.gz. Received: .*{name}"):
            load(tmp_path / name)
    with pytest.raises(ValueError, match="`seed` must be a whole number >= 0"):
        load("digits", seed=-1)
    with pytest.raises(ValueError, match="holds no images"):
        load(tmp_path)
