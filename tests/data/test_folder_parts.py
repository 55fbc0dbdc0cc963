import os

import numpy as np
import pytest

from keras_vae.data.folder_parts import (
    classes_of,
    find_files,
    no_images,
    number_classes,
    part_folders,
    split_by_folder,
    told_of_images,
    told_of_others,
)


def make(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return [str(root / name) for name in names]


def test_images_and_other_files_are_found_and_hidden_ones_are_not(tmp_path):
    make(tmp_path, "b.PNG", "a/c.jpg", "notes.docx", ".hidden.png", ".git/x.png", "a/.DS_Store")
    found = find_files(tmp_path)
    assert [os.path.relpath(file, tmp_path) for file in found.images] == ["a/c.jpg", "b.PNG"]
    assert [os.path.relpath(file, tmp_path) for file in found.others] == ["notes.docx"]


@pytest.mark.parametrize(
    ("names", "parts"),
    [
        (("train/1.png", "test/1.png"), {"train": "train", "test": "test"}),
        (("Training/a/1.png", "TESTING/a/1.png"), {"train": "Training", "test": "TESTING"}),
        (
            ("train/1.png", "valid/1.png", "test/1.png"),
            {"train": "train", "validation": "valid", "test": "test"},
        ),
        (("train/1.png", "val/1.png"), {"train": "train", "test": "val"}),
        (("train/1.png",), {}),
        (("test/1.png", "other/1.png"), {}),
        (("val/1.png", "test/1.png"), {}),
        (("cat/train/1.png", "cat/test/1.png"), {}),
        (("train/1.png", "test/1.csv"), {}),
        (("train.png", "test.png"), {}),
    ],
)
def test_parts_are_a_folder_for_training_and_another_one(tmp_path, names, parts):
    make(tmp_path, *names)
    assert part_folders(tmp_path, find_files(tmp_path).images) == parts


def test_two_folders_for_one_part_are_refused(tmp_path):
    files = make(tmp_path, "train/1.png", "val/1.png", "valid/1.png", "test/1.png")
    with pytest.raises(ValueError, match=r"one folder for the validation part. Received: val, valid"):
        part_folders(tmp_path, files)


def test_files_go_to_their_parts_and_classes(tmp_path):
    files = make(tmp_path, "train/cat/1.png", "train/dog/2.png", "test/cat/3.png", "4.png")
    parts, outside = split_by_folder(files, tmp_path, {"train": "train", "test": "test"})
    assert (parts, outside) == ({"train": files[:2], "test": files[2:3]}, files[3:])
    assert split_by_folder(files, tmp_path, {}) == ({"train": files}, [])
    assert classes_of(files[:2], [tmp_path / "train"] * 2) == ["cat", "dog"]
    assert classes_of(files[2:], [tmp_path / "test", tmp_path]) is None


def test_classes_are_numbered_by_name_and_like_the_first(tmp_path):
    labels, names, lines = number_classes(["dog", "cat", "dog"], None)
    assert (labels.tolist(), names, labels.dtype) == ([1, 0, 1], ("cat", "dog"), np.int64)
    assert lines[0].read_as == "2 classes: cat, dog"
    labels, names, _ = number_classes(["dog"], ["ape", "cat", "dog"])
    assert (labels.tolist(), names) == ([2], ("ape", "cat", "dog"))
    labels, names, lines = number_classes(["dog", "yak"], ["ape", "dog"])
    assert (labels, names, lines[0].read_as) == (None, ("ape", "dog"), "not used: the first data had no class yak")
    assert number_classes(None, ["ape"])[0] is None
    assert number_classes(None, None) == (None, None, [])


def test_files_that_are_not_read_are_told_by_ending():
    lines = told_of_others(["a.heic", "b.HEIC", "c.docx", "README"])
    assert [line.what for line in lines] == ["2 .heic files", "1 .docx file", "1 file without an ending"]
    assert "Pillow reads ." in lines[0].read_as
    many = told_of_others([f"a.e{k}" for k in range(9)])
    assert (len(many), many[-1].what) == (7, "3 files with other endings")
    assert told_of_images(["a.png"], {"train": "Tr", "test": "Te"})[0].read_as == "1 not read: outside of Tr, Te"
    assert told_of_images([], {}) == []


def test_a_subfolder_that_cannot_be_entered_is_told(tmp_path, monkeypatch):
    make(tmp_path, "a/1.png", "b/2.png")
    real = os.scandir

    def refuse(path):
        if str(path).endswith("b"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = find_files(tmp_path)
    assert (len(found.images), found.closed) == (1, [str(tmp_path / "b")])
    assert told_of_others([], found.closed)[0].read_as == "not read: you have no permission to enter it"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "holds no images; files ending in ."),
        (("table.csv",), "This folder holds table.csv: pass that file"),
        (("x/a.npz", "README"), "This folder holds x/a.npz: pass that file"),
        (("1.npy", "2.npy"), "holds no images but 2 .npy files. Put them into one array with np.stack"),
        (("a.csv", "b.csv", "c.npz"), "It holds a.csv, b.csv, c.npz: pass one of those files"),
        (("a.docx",), "It holds 1 file of other kinds"),
    ],
)
def test_a_folder_without_images_says_what_it_holds(tmp_path, names, message):
    make(tmp_path, *names)
    assert message in no_images(tmp_path, find_files(tmp_path).others)


def test_a_folder_that_is_called_like_a_file_is_told(tmp_path):
    assert "although its name ends like that of a file, in .csv" in no_images(tmp_path / "x.csv", [])
