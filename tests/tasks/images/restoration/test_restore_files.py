"""Files and folders through a restorer: names, what is left out, what is never written over."""

import types

import numpy as np
import pytest

from keras_vae.tasks.images.restoration.picture import Picture, read_picture, write_picture
from keras_vae.tasks.images.restoration.restore_files import (
    enlarged_picture,
    filled_picture,
    missing_by_colour,
    missing_by_mask,
    parse_colour,
    restore_files,
    restored_picture,
)


def inverted(picture, path):
    return picture._replace(values=np.iinfo(picture.values.dtype).max - picture.values)


@pytest.fixture
def picture(rng):
    return Picture(rng.integers(0, 256, (6, 5, 3), np.uint8))


def test_a_file_is_restored_into_a_file_or_a_folder(picture, tmp_path):
    write_picture(tmp_path / "a.png", picture)
    told = restore_files(tmp_path / "a.png", tmp_path / "b.png", inverted)
    assert told == {"files": [str(tmp_path / "b.png")], "skipped": {}}
    np.testing.assert_array_equal(read_picture(tmp_path / "b.png").values, 255 - picture.values)
    (tmp_path / "out").mkdir()
    restore_files(tmp_path / "a.png", tmp_path / "out", inverted)
    assert (tmp_path / "out" / "a.png").is_file()


def test_a_folder_keeps_its_names_and_leaves_out_what_cannot_be_read(picture, tmp_path):
    (tmp_path / "in" / "sub").mkdir(parents=True)
    for name in ("a.png", "sub/b.jpg", "c.ppm"):
        write_picture(tmp_path / "x.png", picture)
        from PIL import Image

        Image.open(tmp_path / "x.png").save(tmp_path / "in" / name)
    (tmp_path / "in" / "empty.png").touch()
    (tmp_path / "in" / "notes.txt").write_text("no image")
    with pytest.warns(UserWarning, match=r"left out: .*empty.png cannot be read: it is empty"):
        told = restore_files(tmp_path / "in", tmp_path / "out", inverted)
    written = {str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*.*")}
    assert written == {"a.png", "sub/b.jpg", "c.ppm.png"}
    assert list(told["skipped"]) == [str(tmp_path / "in" / "empty.png")]


def test_nothing_is_written_over(picture, tmp_path):
    (tmp_path / "in").mkdir()
    file = tmp_path / "in" / "a.png"
    write_picture(file, picture)
    before = file.read_bytes()
    (tmp_path / "link.png").symlink_to(file)
    for out in (file, tmp_path / "in", tmp_path / "link.png"):
        with pytest.raises(ValueError, match="`out` must be another file than the one that is read"):
            restore_files(file, out, inverted, force=True)
    for out in (tmp_path / "in", tmp_path / "in" / "out"):
        with pytest.raises(ValueError, match="`out` must not lie in the folder that is read"):
            restore_files(tmp_path / "in", out, inverted)
    write_picture(tmp_path / "b.png", picture)
    with pytest.raises(FileExistsError, match=r"b.png is there already: --force writes over it"):
        restore_files(file, tmp_path / "b.png", inverted)
    restore_files(file, tmp_path / "b.png", inverted, force=True)
    assert file.read_bytes() == before


def test_what_cannot_be_restored_is_refused(picture, tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file or folder"):
        restore_files(tmp_path / "absent", tmp_path / "b.png", inverted)
    (tmp_path / "in").mkdir()
    with pytest.raises(ValueError, match="holds no images"):
        restore_files(tmp_path / "in", tmp_path / "out", inverted)
    (tmp_path / "in" / "empty.png").touch()
    with pytest.raises(ValueError, match=r"empty.png cannot be read: it is empty"):
        restore_files(tmp_path / "in" / "empty.png", tmp_path / "b.png", inverted)
    none = pytest.raises(ValueError, match=r"none of the 1 images in .* could be restored")
    with pytest.warns(UserWarning, match="left out"), none:
        restore_files(tmp_path / "in", tmp_path / "out", inverted)
    write_picture(tmp_path / "a.png", picture)
    with pytest.raises(ValueError, match="`out` must end in"):
        restore_files(tmp_path / "a.png", tmp_path / "b.xyz", inverted)
    with pytest.raises(ValueError, match="`out` must be a folder where a folder is read"):
        restore_files(tmp_path / "in", tmp_path / "a.png", inverted)
    assert not (tmp_path / "out").exists()


class Halved:
    """Stands for a restorer of so many channels: values are halved, sides are multiplied."""

    def __init__(self, channels, factor=1):
        self.event_shape_ = (8, 8, channels)
        self.degradation = types.SimpleNamespace(factor=factor)

    def restore(self, images, mask=None):
        factor = self.degradation.factor
        assert all(x.shape[-1] == self.event_shape_[-1] for x in images)
        return [(x // 2).repeat(factor, axis=0).repeat(factor, axis=1) for x in images]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(("of_file", "of_model"), [(1, 1), (3, 3), (1, 3), (3, 1)])
def test_grey_and_colours_go_through_any_model_and_keep_their_type(of_file, of_model, dtype, rng):
    values = rng.integers(0, np.iinfo(dtype).max + 1, (6, 5, of_file), dtype)
    alpha = rng.integers(0, np.iinfo(dtype).max + 1, (6, 5), dtype)
    found = restored_picture(Halved(of_model), Picture(values, alpha, b"profile"))
    np.testing.assert_array_equal(found.values, values // 2)
    np.testing.assert_array_equal(found.alpha, alpha)
    assert (found.values.dtype, found.profile) == (dtype, b"profile")
    larger = enlarged_picture(Halved(of_model, 2), Picture(values, np.full((6, 5), 7, dtype)))
    assert larger.values.shape == (12, 10, of_file)
    np.testing.assert_array_equal(larger.alpha, np.full((12, 10), 7, dtype))


def test_transparent_pixels_are_filled_and_become_opaque(picture):
    alpha = np.full((6, 5), 255, np.uint8)
    alpha[2, 3], alpha[0, 0] = 0, 100
    found = filled_picture(Halved(3), picture._replace(alpha=alpha), None)
    assert (found.alpha[2, 3], found.alpha[0, 0]) == (255, 100)


def test_masks_and_colours_say_what_is_missing(picture, tmp_path):
    levels = np.zeros((6, 5, 1), np.uint8)
    levels[1, 2] = 255
    write_picture(tmp_path / "mask.png", Picture(levels))
    assert list(zip(*np.nonzero(missing_by_mask(tmp_path / "mask.png")), strict=True)) == [(1, 2)]
    values = picture.values.copy()
    values[3, 4] = (255, 0, 255)
    assert missing_by_colour(Picture(values), (255, 0, 255)).sum() == 1
    assert missing_by_colour(Picture(values.astype(np.uint16) * 257), (255, 0, 255)).sum() == 1
    assert missing_by_colour(Picture(np.full((2, 2, 1), 9, np.uint8)), (9, 9, 9)).all()


def test_what_cannot_be_filled_is_refused(picture):
    for missing, message in (
        (None, "no transparent pixels to fill: give --mask or --colour"),
        (np.zeros((3, 3), bool), r"needs a mask of its shape, \(6, 5\). Received: \(3, 3\)"),
        (np.zeros((6, 5), bool), "known pixels and missing ones. Received: 0 of 30 missing"),
        (np.ones((6, 5), bool), "known pixels and missing ones. Received: 30 of 30 missing"),
    ):
        with pytest.raises(ValueError, match=message):
            filled_picture(Halved(3), picture, missing)


def test_colours_are_read():
    assert parse_colour("colour", "#ff00Aa") == (255, 0, 170)
    assert parse_colour("colour", "255,0, 170") == (255, 0, 170)
    for text in ("#ff00a", "red", "256,0,0", "1,2", "#ff00aabb"):
        with pytest.raises(ValueError, match="`colour` must be a colour, as #ff00ff or 255,0,255"):
            parse_colour("colour", text)
