import numpy as np
import pytest
from PIL import Image

from keras_vae.tasks.compression.files.image_entry import FORMATS, ImageEntry
from keras_vae.tasks.compression.files.model_data import ModelData

GREY, COLOUR, BLACK_AND_WHITE = ModelData((5, 6, 1), 256), ModelData((5, 6, 3), 256), ModelData((5, 6, 1), 2)


def picture(mode, rng):
    pixels = rng.integers(0, 256, (5, 6, 3) if mode == "RGB" else (5, 6)).astype(np.uint8)
    return Image.fromarray(pixels).convert("1", dither=0) if mode == "1" else Image.fromarray(pixels)


def through(path, model, tmp_path):
    """Entry and picture of a file that was read, kept as JSON keeps it, and written again."""
    entry = ImageEntry.of_path(path, path.name, model, ())
    ((dtype, shape),) = entry.held_as(model)
    rows = np.zeros((1, *shape), dtype)
    entry.load(path, rows, model)
    assert rows.max() < model.levels
    entry = ImageEntry.of_dict(entry.as_dict())
    assert entry.can_be_rows(shape)
    (tmp_path / "out").mkdir()
    entry.save(tmp_path / "out" / entry.name, rows)
    return entry, Image.open(tmp_path / "out" / entry.name)


@pytest.mark.parametrize("suffix", ["png", "bmp", "ppm", "tif", "tga"])
@pytest.mark.parametrize(("mode", "model"), [("L", GREY), ("RGB", COLOUR), ("1", GREY), ("1", BLACK_AND_WHITE)])
def test_pixels_come_back(mode, model, suffix, tmp_path, rng):
    image, path = picture(mode, rng), tmp_path / f"a b.{suffix}"
    image.save(path)
    entry, back = through(path, model, tmp_path)
    assert entry.name == "a b.png"
    assert (back.format, back.mode) == ("PNG", mode)
    np.testing.assert_array_equal(np.asarray(back), np.asarray(image))


def test_grey_files_of_black_and_white_come_back_as_grey_ones(tmp_path, rng):
    image = picture("1", rng).convert("L")
    image.save(tmp_path / "a.png")
    _, back = through(tmp_path / "a.png", BLACK_AND_WHITE, tmp_path)
    assert back.mode == "L"
    np.testing.assert_array_equal(np.asarray(back), np.asarray(image))


def test_grey_values_are_refused_by_a_black_and_white_model(tmp_path):
    pixels = np.zeros((5, 6), np.uint8)
    pixels[3, 2] = 7
    Image.fromarray(pixels).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"a\.png must be black and white.*logistic_mixture.*of 7 in row 3, column 2"):
        through(tmp_path / "a.png", BLACK_AND_WHITE, tmp_path)


def test_values_beyond_those_of_the_model_are_refused(tmp_path):
    Image.fromarray(np.full((5, 6), 17, np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"a\.png: .* from 0 to 16, .* Received: x\[0, 0\] = 17"):
        through(tmp_path / "a.png", ModelData((5, 6, 1), 17), tmp_path)


@pytest.mark.parametrize(
    ("mode", "model", "match"),
    [
        ("RGB", GREY, "5 x 6 pixels in grey, as the model has them. Received: 5 x 6 pixels, colour"),
        ("L", COLOUR, "5 x 6 pixels in colour, .* Received: 5 x 6 pixels, grey"),
        ("L", ModelData((6, 5, 1), 256), "6 x 5 pixels in grey, .* Received: 5 x 6 pixels"),
        ("L", ModelData((30,), 256), "rows of 30 values, .* Received: 5 x 6 pixels"),
    ],
)
def test_pictures_of_another_size_are_refused(mode, model, match, tmp_path, rng):
    picture(mode, rng).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=rf"a\.png must have {match}"):
        ImageEntry.of_path(tmp_path / "a.png", "a.png", model, ())


def of_16_bits_in_colour(path):
    """Pillow reads such files with 8 bits, and cannot write them."""
    path.write_bytes(b"P6 6 5 65535\n" + bytes(range(180)))


def png_of_16_bits_in_colour(path):
    import struct
    import zlib

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", 6, 5, 16, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + bytes(range(36))) * 5)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))


def turned(path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", (6, 5)).save(path, exif=exif)


@pytest.mark.parametrize(
    ("suffix", "write", "match"),
    [
        ("png", lambda path: Image.new("P", (6, 5)).save(path), "without transparency. Received: a palette"),
        ("png", lambda path: Image.new("LA", (6, 5)).save(path), "Received: transparency"),
        ("png", lambda path: Image.new("RGBA", (6, 5)).save(path), "Received: transparency"),
        ("png", lambda path: Image.new("L", (6, 5)).save(path, transparency=3), "Received: transparency"),
        ("png", lambda path: Image.new("I;16", (6, 5)).save(path), "Received: mode I"),
        ("png", png_of_16_bits_in_colour, "must have 8 bits per value.* Received: values stored as RGB;16B"),
        ("ppm", of_16_bits_in_colour, "must have 8 bits per value"),
        ("png", turned, "must not be shown turned, by its EXIF orientation.* Received: 6"),
        ("jpg", lambda path: Image.new("L", (6, 5)).save(path), "lossless format: PNG, .* Received: JPEG"),
        (
            "png",
            lambda path: Image.new("L", (6, 5)).save(path, save_all=True, append_images=[Image.new("L", (6, 5), 9)]),
            "must be a single picture. Received: 2",
        ),
        ("tif", lambda path: Image.new("L", (6, 5)).save(path, compression="jpeg"), "must have 8 bits per value"),
        ("png", lambda path: path.write_bytes(b"no picture"), "cannot be read as an image"),
    ],
)
def test_what_would_not_come_back_as_it_is_seen_is_refused(suffix, write, match, tmp_path):
    path = tmp_path / f"a.{suffix}"
    write(path)
    for model in (GREY, COLOUR):
        with pytest.raises(ValueError, match=f"a.{suffix} .*{match}"):
            ImageEntry.of_path(path, path.name, model, ())


def test_a_picture_that_was_cut_off_is_refused(tmp_path, rng):
    picture("L", rng).save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=r"a\.png cannot be read as an image"):
        through(tmp_path / "a.png", GREY, tmp_path)


def test_a_picture_that_changes_meanwhile_is_refused(tmp_path, rng):
    path = tmp_path / "a.png"
    picture("L", rng).save(path)
    entry = ImageEntry.of_path(path, "a.png", GREY, ())
    rows = np.zeros((1, 5, 6), np.uint8)
    picture("RGB", rng).save(path)
    with pytest.raises(ValueError, match="has changed while it was read"):
        entry.load(path, rows, GREY)
    path.write_bytes(b"gone")
    with pytest.raises(ValueError, match="cannot be read as an image"):
        entry.load(path, rows, GREY)


def test_what_is_beside_the_pixels_is_told(tmp_path, rng):
    from PIL.PngImagePlugin import PngInfo

    text = PngInfo()
    text.add_text("title", "me")
    exif = Image.Exif()
    exif[0x010F] = "maker"
    picture("L", rng).save(tmp_path / "a.png", icc_profile=b"profile", pnginfo=text, exif=exif)
    entry = ImageEntry.of_path(tmp_path / "a.png", "a.png", GREY, ())
    assert entry.more == ("exif", "icc_profile", "text")
    assert entry == ImageEntry.of_dict(entry.as_dict())


@pytest.mark.parametrize("change", [{"name": "a.exe"}, {"mode": "P"}, {"white": 2}, {"white": "1"}])
def test_a_damaged_entry_is_refused(change):
    with pytest.raises(ValueError, match="the list of files is damaged"):
        ImageEntry.of_dict({"name": "a.png", "mode": "L", "white": 1, **change})


def test_rows_can_be_pictures_of_as_many_channels():
    grey, colour = (ImageEntry("a.png", mode, 1) for mode in ("L", "RGB"))
    assert [grey.can_be_rows(shape) for shape in [(5, 6), (5, 6, 1), (5, 6, 3), (5,)]] == [True, True, False, False]
    assert [colour.can_be_rows(shape) for shape in [(5, 6), (5, 6, 1), (5, 6, 3), (5,)]] == [False, False, True, False]


def test_the_formats_are_those_that_pillow_reads():
    Image.init()
    assert set(FORMATS) <= set(Image.OPEN)
