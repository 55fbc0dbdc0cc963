import os
import warnings

import numpy as np
import pytest
from PIL import Image

from keras_vae.data import batches, image_folder, load
from keras_vae.data.folder import load_folder


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
    with pytest.raises(ValueError, match=r"holds no images; files ending in \.png"):
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


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        ({}, (4, 6, 1)),
        ({"image_size": 8}, (8, 8, 1)),
        ({"image_size": (3, 5)}, (3, 5, 1)),
        ({"channels": 3}, (4, 6, 3)),
        ({"image_size": np.int64(2), "channels": 1}, (2, 2, 1)),
    ],
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
