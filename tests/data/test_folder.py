import json
import os
import warnings

import numpy as np
import pytest
from helpers import slow_after
from PIL import Image

from keras_vae.data import batches, image_folder, load
from keras_vae.data.folder import load_folder
from keras_vae.data.reading import Reading


def save(path, level=128, size=(6, 4), mode="L", **options):
    """A plain image; `size` is (width, height) as Pillow has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, (level,) * len(mode) if len(mode) > 1 else level).save(path, **options)
    return path


@pytest.fixture
def folder(tmp_path):
    """20 grey 4x6 images; image k has the grey value 10 k."""
    root = tmp_path / "bilder ü"
    for k in range(20):
        save(root / f"{k:02d}.png", level=10 * k)
    return root


def levels(dataset):
    return [round(float(image.mean() * 255)) for batch in dataset for image in batch.numpy()]


def test_images_come_as_scaled_batches_in_two_parts(folder):
    train, test = image_folder(folder, batch_size=8)
    assert train.element_spec.shape == test.element_spec.shape == (None, 4, 6, 1)
    assert [batch.shape[0] for batch in train] == [8, 8, 2]
    assert train.cardinality() == 3
    assert sorted(levels(train) + levels(test)) == [10 * k for k in range(20)]
    assert levels(test) == levels(test)


def test_order_depends_on_seed_and_epoch_alone(folder):
    first, _ = image_folder(folder, batch_size=8, seed=1)
    second, _ = image_folder(folder, batch_size=8, seed=1)
    epochs = [levels(first) for _ in range(3)]
    assert [levels(second) for _ in range(3)] == epochs
    assert epochs[0] != epochs[1]
    data = load(folder, seed=1)
    assert levels(batches(data, batch_size=8, seed=1, start_epoch=2)) == epochs[2]
    endless = batches(data, batch_size=8, seed=1, start_epoch=1, repeat=True)
    assert levels(endless.take(6)) == epochs[1] + epochs[2]
    unshuffled, _ = image_folder(folder, shuffle=False)
    assert levels(unshuffled) == sorted(levels(unshuffled))


def test_images_can_be_binarized_and_kept_in_grey_values(folder):
    train, test = image_folder(folder, binarize=True)
    assert set(np.unique(np.concatenate(list(train)))) == {0.0, 1.0}
    np.testing.assert_array_equal(np.concatenate(list(test)), np.concatenate(list(test)))
    grey = np.concatenate(list(batches(load(folder), scale=False, shuffle=False)))
    assert set(np.unique(grey)) <= set(range(0, 200, 10))


def test_load_splits_the_files_by_seed(folder):
    data = load(folder, test_fraction=0.25, seed=3)
    assert (data.name, data.kind, data.event_shape) == ("bilder ü", "image", (4, 6, 1))
    assert (data.n_train, data.n_test, data.x_train, data.y_train) == (15, 5, None, None)
    assert load(folder, test_fraction=0.25, seed=3).test_files == data.test_files
    assert load(folder, test_fraction=0.25, seed=4).test_files != data.test_files
    whole, none = image_folder(folder, test_fraction=0)
    assert (len(levels(whole)), none) == (20, None)


def test_subfolders_are_classes_if_every_image_is_in_one(tmp_path):
    for k in range(4):
        save(tmp_path / "Katze" / f"{k}.png", level=0)
        save(tmp_path / "Hund" / "klein" / f"{k}.png", level=200)
    data = load_folder(tmp_path, test_fraction=0.5)
    assert data.class_names == ("Hund", "Katze")
    for files, labels in ((data.train_files, data.y_train), (data.test_files, data.y_test)):
        assert [data.class_names[label] in file for file, label in zip(files, labels, strict=True)] == [True] * 4
    save(tmp_path / "outside.png")
    assert load_folder(tmp_path).class_names is None


def told(data):
    return " | ".join(f"{line.what}: {line.read_as}" for line in data.report)


@pytest.mark.parametrize("names", [("train", "test", "val"), ("Training", "testing", "VALIDATION")])
def test_folders_for_training_and_tests_are_parts_and_no_classes(tmp_path, names):
    for part, name in enumerate(names):
        for k in range(4):
            save(tmp_path / name / ("Hund 1" if k % 2 else "Katze ü") / f"{k}.png", level=50 * part + k)
    save(tmp_path / "cover.png")
    data = load(tmp_path, test_fraction=0.5)
    assert (data.n_train, data.n_test, data.n_validation) == (4, 4, 4)
    assert data.class_names == ("Hund 1", "Katze ü")
    for part, name in (("train", names[0]), ("test", names[1]), ("validation", names[2])):
        files, labels = getattr(data, f"{part}_files"), getattr(data, f"y_{part}")
        assert all(f"{os.sep}{name}{os.sep}" in file for file in files)
        assert [data.class_names[label] in file for file, label in zip(files, labels, strict=True)] == [True] * 4
    assert f"folder {names[0]}/: the train part, 4 images" in told(data)
    assert "other images: 1 not read" in told(data)
    assert levels(batches(data, part="test", shuffle=False)) == [51, 53, 50, 52]


def test_a_folder_for_validation_is_the_test_part_where_there_is_no_other(tmp_path):
    for k in range(3):
        save(tmp_path / "train" / f"{k}.png")
        save(tmp_path / "val" / f"{k}.png")
    data = load(tmp_path)
    assert (data.n_train, data.n_validation, data.n_test, data.class_names) == (3, 0, 3, None)


def test_a_folder_is_read_as_the_first_was(tmp_path):
    for k, name in enumerate(("ape", "bee", "cat")):
        save(tmp_path / "first" / name / "1.png", size=(10, 7))
        save(tmp_path / "later" / name / "1.png", size=(3 + k, 9), mode="RGB")
    reading = Reading(size=(5, 6), fit="pad", grey=True)
    first = load(tmp_path / "first", test_fraction=0, reading=reading)
    assert (first.event_shape, first.fit) == ((5, 6, 1), "pad")
    schema = json.loads(json.dumps(first.schema))
    (tmp_path / "later" / "ape").rename(tmp_path / "ape")
    later = load(tmp_path / "later", test_fraction=0, schema=schema)
    assert (later.event_shape, later.fit, later.class_names) == ((5, 6, 1), "pad", ("ape", "bee", "cat"))
    assert later.y_train.tolist() == [1, 2]
    (tmp_path / "later" / "cat").rename(tmp_path / "later" / "cow")
    unknown = load(tmp_path / "later", test_fraction=0, schema=schema)
    assert unknown.y_train is None
    assert "the first data had no class cow" in told(unknown)


def test_images_are_read_in_the_size_of_an_array_that_came_first(folder, tmp_path):
    np.savez(tmp_path / "a.npz", x=np.full((3, 9, 5, 3), 7, np.uint8))
    schema = load(tmp_path / "a.npz").schema
    assert load(folder, schema=schema).event_shape == (9, 5, 3)


@pytest.mark.parametrize(("grey", "channels"), [(True, 1), (False, 3), (None, 1)])
def test_grey_and_size_can_be_asked_for(folder, grey, channels):
    assert load(folder, reading=Reading(grey=grey, size=7)).event_shape == (7, 7, channels)


def test_files_that_are_not_read_are_told(folder):
    (folder / "a.cr2").write_bytes(b"x")
    (folder / "b.CR2").write_bytes(b"x")
    assert "2 .cr2 files: not read: Pillow reads ." in told(load(folder))


def test_folders_of_other_things_are_refused_with_what_to_pass(tmp_path):
    (tmp_path / "table.csv").write_text("a\n1\n")
    with pytest.raises(ValueError, match=r"This folder holds table\.csv: pass that file"):
        load(tmp_path)
    with pytest.raises(ValueError, match=r"is a folder, which can hold images only. Received: `kind` says 'table'"):
        load(tmp_path, reading=Reading(kind="table"))
    with pytest.raises(ValueError, match="Received: the model was trained on 'table'"):
        load(tmp_path, schema={"kind": "table", "event_shape": [2]})
    with pytest.raises(ValueError, match=r"is a folder of images, which takes .* Received: label='a'"):
        load(tmp_path, reading=Reading(label="a"))


def test_a_folder_that_cannot_be_entered_is_refused(tmp_path, monkeypatch):
    (tmp_path / "link").symlink_to(tmp_path / "none")
    with pytest.raises(FileNotFoundError, match=r"is a link to .*none, which does not exist"):
        load_folder(tmp_path / "link")
    # An administrator may enter every folder, so that taking the permission away would show nothing here.
    monkeypatch.setattr(os, "access", lambda file, mode: False)
    with pytest.raises(PermissionError, match="may not be read: you have no read permission"):
        load_folder(tmp_path)


def test_hidden_files_and_links_out_of_the_folder_are_left_out(folder, tmp_path):
    outside = save(tmp_path / "elsewhere" / "secret.png")
    (folder / "link.png").symlink_to(outside)
    (folder / "link").symlink_to(outside.parent, target_is_directory=True)
    (folder / "inside.png").symlink_to(folder / "00.png")
    save(folder / ".hidden.png")
    save(folder / ".cache" / "a.png")
    (folder / "notes.txt").write_text("no image")
    data = load_folder(folder, test_fraction=0)
    assert [os.path.basename(file) for file in data.train_files] == [f"{k:02d}.png" for k in range(20)] + ["inside.png"]


def test_a_link_to_the_folder_itself_is_followed(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder, target_is_directory=True)
    assert load_folder(tmp_path / "link", test_fraction=0).n_train == 20


def test_broken_images_are_left_out_with_one_warning(folder):
    (folder / "03.png").write_bytes(b"no image")
    whole = save(folder / "noise.jpg", size=(64, 64), quality=95).read_bytes()
    (folder / "noise.jpg").write_bytes(whole[: len(whole) // 2])
    whole = (folder / "05.png").read_bytes()
    (folder / "05.png").write_bytes(whole[: len(whole) // 2 + 10])
    with pytest.warns(UserWarning, match=r"left out 3 of 21 images in .*: 03\.png \(.*05\.png .*noise\.jpg") as caught:
        data = load_folder(folder, test_fraction=0)
    assert len(caught) == 1
    assert len(levels(batches(data))) == 18


def test_the_warning_names_only_the_first_few(folder):
    for k in range(5):
        (folder / f"{k:02d}.png").write_bytes(b"")
    with pytest.warns(UserWarning, match=r"left out 5 of 20 .*: 00\.png .*02\.png \([^)]*\), \.\.\.$") as caught:
        load(folder)
    assert caught[0].filename == __file__


def test_a_folder_without_a_whole_image_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"holds no images; files ending in \."):
        load_folder(tmp_path)
    (tmp_path / "a.png").write_bytes(b"")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match=r"none of the 1 images in .* can be read: a\.png"):
            load_folder(tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        image_folder(tmp_path / "none")


def test_an_image_that_vanishes_during_training_is_named(folder):
    data = load_folder(folder, test_fraction=0)
    (folder / "07.png").unlink()
    with pytest.raises(Exception, match=r"07\.png cannot be read"):
        levels(batches(data))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "shape"),
    slow_after(
        2,
        [
            ({}, (4, 6, 1)),
            ({"image_size": (3, 5), "channels": 3}, (3, 5, 3)),
            ({"image_size": 8}, (8, 8, 1)),
            ({"channels": 3}, (4, 6, 3)),
            ({"image_size": np.int64(2), "channels": 1}, (2, 2, 1)),
        ],
    ),
)
def test_size_and_channels_are_those_of_the_first_image_unless_given(folder, arguments, shape):
    train, _ = image_folder(folder, batch_size=4, **arguments)
    assert next(iter(train)).shape[1:] == shape


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image_size": (1, 2, 3)}, r"`image_size` must be a number or \(height, width\)"),
        ({"image_size": 0}, "`image_size` must be a whole number >= 1"),
        ({"channels": 2}, "`channels` must be one of 1, 3"),
        ({"seed": -1}, "`seed` must be a whole number >= 0"),
        ({"batch_size": 0}, "`batch_size` must be a whole number >= 1"),
        ({"test_fraction": 1.0}, "`test_fraction` must be < 1"),
    ],
)
def test_arguments_out_of_range_are_refused(folder, arguments, message):
    with pytest.raises(ValueError, match=message):
        image_folder(folder, **arguments)
