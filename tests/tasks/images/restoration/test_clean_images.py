"""Clean images of any source: whole ones, patches of others, parts that do not share an image, broken files."""

import numpy as np
import pytest
from PIL import Image
from tasks.images.restoration.restoration_helpers import rectangles

from keras_vae.tasks.images import Denoiser, SuperResolver
from keras_vae.tasks.images.restoration.clean_images import clean_dataset, folder_images, split_off


def test_small_images_of_one_size_stay_whole_and_as_they_are():
    x = np.uint8(255 * rectangles(5))
    data = clean_dataset("x", {"train": x}, 64)
    np.testing.assert_array_equal(data.x_train, x)
    assert (data.event_shape, data.kind, data.note, data.n_test) == ((8, 8, 1), "image", "", 0)


def test_images_of_other_sizes_become_patches_that_are_parts_of_them(rng):
    images = [rng.integers(0, 256, (40, 70, 3), np.uint8), rng.integers(0, 256, (20, 20), np.uint8)]
    data = clean_dataset("x", {"train": images}, 24)
    assert data.event_shape == (24, 24, 3)
    assert data.note == "patches of 24 x 24 pixels of 2 images"
    values = {tuple(pixel) for pixel in images[0].reshape(-1, 3)} | {(v, v, v) for v in images[1].ravel()}
    assert {tuple(pixel) for pixel in data.x_train.reshape(-1, 3)} <= values
    # 4 x 40 x 70 / 24^2 = 19 of the first one, 4 x 24^2 / 24^2 of the second one, which is continued.
    assert data.n_train == 19 + 4
    np.testing.assert_array_equal(data.x_train, clean_dataset("x", {"train": images}, 24).x_train)
    assert clean_dataset("x", {"train": images}, 24, grey=True).event_shape == (24, 24, 1)


def test_sides_are_cut_to_multiples_of_the_factor():
    assert clean_dataset("x", {"train": rectangles(3, 9, 11)}, 64, stride=4).event_shape == (8, 8, 1)
    with pytest.raises(ValueError, match=r"sides of at least 4 pixels. Received: \(3, 8\)"):
        clean_dataset("x", {"train": rectangles(3, 3, 8)}, 64, stride=4)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([np.zeros((8, 8, 5))], r"must have shape \(height, width\) or .* Received: \(8, 8, 5\)"),
        ([np.zeros((8, 8, 3)), np.zeros((8, 8, 2))], "1 channel, or all the same number. Received: 2 beside 3"),
        ([np.full((8, 8), 255.0)], "divide grey values"),
        ([np.full((8, 8), np.nan)], "must be finite"),
    ],
)
def test_what_are_no_clean_images_is_refused(images, message):
    with pytest.raises(ValueError, match=message):
        clean_dataset("x", {"train": images}, 64)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ([], "at least one image. Received: none"),
        (np.zeros((8, 8)), r"must have shape \(n, height, width\)"),
        (np.zeros((20, 30, 3), np.uint8), r"pass images\[None\] for one"),
    ],
)
def test_what_is_passed_must_be_several_images(source, message):
    with pytest.raises(ValueError, match=message):
        Denoiser().load(source)


def test_a_table_is_refused(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3,4\n5,6\n")
    with pytest.raises(ValueError, match=r"t\.csv must hold images. Received: table data"):
        Denoiser().load(str(tmp_path / "t.csv"))


def save(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


def test_a_folder_is_read_broken_files_are_left_out_and_parts_do_not_share_an_image(tmp_path):
    for k in range(10):
        save(tmp_path / f"{k}.png", np.full((30 + k, 40, 3), 20 * k, np.uint8))
    (tmp_path / "empty.png").touch()
    whole = (tmp_path / "9.png").read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    with pytest.warns(
        UserWarning, match="left out 2 of 12 images: .*empty.png cannot be read: it is empty; .*half.png"
    ):
        data = SuperResolver(patch_size=18, validation=0.2).load(str(tmp_path))
    assert data.event_shape == (18, 18, 3)
    colours = [set(np.unique(x)) for x in (data.x_train, data.x_validation, data.x_test)]
    assert [len(c) for c in colours] == [7, 2, 1]
    assert not colours[0] & colours[1] | colours[0] & colours[2] | colours[1] & colours[2]


def test_folders_named_after_parts_are_the_parts(tmp_path):
    for part, value in (("train", 10), ("test", 20)):
        for k in range(3):
            save(tmp_path / part / f"{k}.png", np.full((8, 8), value, np.uint8))
    data = Denoiser(validation=0.0).load(str(tmp_path))
    assert (data.n_train, data.n_test, data.event_shape) == (3, 3, (8, 8, 1))
    assert set(data.x_test.ravel()) == {20}


def test_a_folder_without_images_that_can_be_read_is_refused(tmp_path):
    with pytest.raises(ValueError, match="holds no images"):
        folder_images(tmp_path, 0.1, 0)
    (tmp_path / "x.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"none of the 1 images in .* can be read"):
        folder_images(tmp_path, 0.1, 0)


def test_a_share_is_split_off_of_two_images_and_of_one_nothing():
    assert set(split_off({"train": [1]}, 0.1, 0)) == {"train"}
    parts = split_off({"train": list("abcdefghij")}, 0.1, 0)
    assert (len(parts["train"]), len(parts["validation"])) == (9, 1)
    assert split_off({"train": [1, 2], "validation": [3]}, 0.5, 0)["train"] == [1, 2]
