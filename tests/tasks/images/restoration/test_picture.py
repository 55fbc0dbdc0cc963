"""Image files there and back: bits, alpha, orientation, profile, and what is refused."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_vae.data.images import decode_image
from keras_vae.tasks.images.restoration.picture import Picture, check_can_hold, read_picture, upright, write_picture


def levels(rng, channels, dtype):
    return rng.integers(0, np.iinfo(dtype).max + 1, (6, 5, channels), dtype)


@pytest.mark.parametrize("has_alpha", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_png_keeps_bits_and_alpha(channels, dtype, has_alpha, rng, tmp_path):
    alpha = levels(rng, 1, dtype)[..., 0] if has_alpha else None
    write_picture(tmp_path / "x.png", Picture(levels(rng, channels, dtype), alpha))
    again = read_picture(tmp_path / "x.png")
    assert again.values.dtype == dtype
    write_picture(tmp_path / "y.png", again)
    for a, b in zip(again[:2], read_picture(tmp_path / "y.png")[:2], strict=True):
        np.testing.assert_array_equal(a, b)
    assert (again.alpha is not None) == has_alpha


@pytest.mark.parametrize("suffix", [".tif", ".webp", ".bmp"])
def test_formats_without_loss_keep_every_pixel(suffix, rng, tmp_path):
    values = levels(rng, 3, np.uint8)
    write_picture(tmp_path / f"x{suffix}", Picture(values))
    np.testing.assert_array_equal(read_picture(tmp_path / f"x{suffix}").values, values)


def test_a_grey_tiff_keeps_16_bits(rng, tmp_path):
    values = levels(rng, 1, np.uint16)
    write_picture(tmp_path / "x.tif", Picture(values))
    np.testing.assert_array_equal(read_picture(tmp_path / "x.tif").values, values)


@pytest.mark.slow
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["x.jpg", "x.png", "sixteen.png"])
def test_pictures_come_out_upright(orientation, name, rng, tmp_path):
    values = rng.integers(0, 256, (16, 24, 3), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(values).save(tmp_path / name, exif=exif)
    if name == "sixteen.png":
        # Pillow writes 8 bits: the Exif chunk is put into a file of 16.
        eight = (tmp_path / name).read_bytes()
        start = eight.index(b"eXIf") - 4
        chunk = eight[start : start + 12 + int.from_bytes(eight[start : start + 4], "big")]
        sixteen = tf.io.encode_png(values.astype(np.uint16) * 257).numpy()
        (tmp_path / name).write_bytes(sixteen[:33] + chunk + sixteen[33:])
    found = read_picture(tmp_path / name).values
    shape = (24, 16, 3) if orientation >= 5 else (16, 24, 3)
    assert found.shape == shape
    if name == "x.png":
        np.testing.assert_array_equal(found, decode_image(tmp_path / name, shape))
    if name == "sixteen.png":
        np.testing.assert_array_equal(found, upright(values.astype(np.uint16) * 257, orientation))


def test_palettes_cmyk_black_and_white_and_transparent_colours(tmp_path):
    colours = Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3) * 5)
    colours.quantize(16).save(tmp_path / "p.png")
    colours.convert("CMYK").save(tmp_path / "c.jpg")
    colours.convert("1").save(tmp_path / "b.png")
    colours.quantize(16).save(tmp_path / "t.png", transparency=3)
    assert read_picture(tmp_path / "p.png").values.shape == (4, 4, 3)
    assert read_picture(tmp_path / "c.jpg").values.shape == (4, 4, 3)
    black = read_picture(tmp_path / "b.png").values
    assert (black.shape, set(black.ravel()) <= {0, 255}) == ((4, 4, 1), True)
    assert (read_picture(tmp_path / "t.png").alpha == 0).sum() == 1


def test_the_colour_profile_stays(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "x.png", icc_profile=b"a profile")
    picture = read_picture(tmp_path / "x.png")
    write_picture(tmp_path / "y.jpg", picture)
    with Image.open(tmp_path / "y.jpg") as image:
        assert image.info["icc_profile"] == b"a profile"


def test_files_that_are_no_whole_picture_are_refused(tmp_path):
    file = io.BytesIO()
    Image.new("RGB", (40, 40)).save(file, "png")
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "half.png").write_bytes(file.getvalue()[:60])
    sixteen = tf.io.encode_png(np.zeros((40, 40, 3), np.uint16)).numpy()
    (tmp_path / "half16.png").write_bytes(sixteen[:60])
    Image.new("F", (4, 4)).save(tmp_path / "real.tif")
    frames = [Image.new("L", (4, 4), k) for k in (0, 200)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    for name, message in (
        ("empty.png", "empty.png cannot be read: it is empty"),
        ("text.png", "text.png cannot be read"),
        ("half.png", "half.png cannot be read"),
        ("half16.png", "half16.png cannot be read"),
        ("real.tif", "levels of 8 or 16 bits. Received: real numbers"),
        ("a.gif", "one picture. Received: an animation of 2 frames"),
    ):
        with pytest.raises(ValueError, match=message):
            read_picture(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        read_picture(tmp_path / "absent.png")


def test_a_picture_that_claims_too_many_pixels_is_refused_before_it_is_decoded(monkeypatch, tmp_path):
    monkeypatch.setattr("keras_vae.tasks.images.restoration.picture.MAX_PIXELS", 100)
    write_picture(tmp_path / "x.png", Picture(np.zeros((20, 20, 3), np.uint8)))
    write_picture(tmp_path / "y.png", Picture(np.zeros((20, 20, 3), np.uint16)))
    for name in ("x.png", "y.png"):
        with pytest.raises(ValueError, match=r"at most 100 pixels. Received: 20 x 20"):
            read_picture(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "picture", "message"),
    [
        ("x.gif", Picture(np.zeros((2, 2, 1), np.uint8)), "`out` must end in .png, .tif"),
        ("x.jpg", Picture(np.zeros((2, 2, 1), np.uint16)), "to keep 16 bits"),
        ("x.tif", Picture(np.zeros((2, 2, 3), np.uint16)), "must end in .png to keep 16 bits"),
        ("x.jpg", Picture(np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2), np.uint8)), "to keep alpha"),
    ],
)
def test_what_a_format_would_lose_is_refused(name, picture, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        check_can_hold(tmp_path / name, picture)
    with pytest.raises(ValueError, match=message):
        write_picture(tmp_path / name, picture)
    assert not list(tmp_path.iterdir())
