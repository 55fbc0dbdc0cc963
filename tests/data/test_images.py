import numpy as np
import pytest
from PIL import Image

from keras_vae.data.images import SUFFIXES, decode_image, inspect_image


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(("mode", "colour", "channels"), [("L", 100, 1), ("RGB", (200, 100, 50), 3)])
def test_every_known_type_is_read(tmp_path, suffix, mode, colour, channels):
    path = tmp_path / f"日本{suffix}"
    Image.new(mode, (7, 5), colour).save(path)
    found = inspect_image(str(path))
    # WebP knows no grey, GIF only palettes.
    assert found == (5, 7, 3 if suffix in (".webp", ".gif") else channels)
    pixels = decode_image(str(path), (5, 7, channels))
    assert (pixels.shape, pixels.dtype) == ((5, 7, channels), np.uint8)
    np.testing.assert_allclose(pixels[2, 3], np.ravel(colour), atol=6)  # JPEG and WebP are lossy


@pytest.mark.parametrize(("mode", "channels"), [("1", 1), ("LA", 1), ("I;16", 1), ("RGBA", 3), ("P", 3)])
def test_channels_follow_the_mode(tmp_path, mode, channels):
    Image.new(mode, (4, 4)).save(tmp_path / "a.png")
    assert inspect_image(str(tmp_path / "a.png"))[2] == channels


def test_cmyk_photographs_are_read(tmp_path):
    Image.new("CMYK", (4, 4)).save(tmp_path / "a.jpg")
    assert inspect_image(str(tmp_path / "a.jpg")) == (4, 4, 3)
    assert decode_image(str(tmp_path / "a.jpg"), (4, 4, 3)).min() > 250


def test_sixteen_bits_are_scaled_to_eight(tmp_path):
    levels = np.array([[0, 257, 32896, 65535]], dtype=np.uint16)
    Image.fromarray(levels).save(tmp_path / "a.png")
    np.testing.assert_array_equal(decode_image(str(tmp_path / "a.png"), (1, 4, 1))[0, :, 0], [0, 1, 128, 255])


def test_photographs_are_turned_as_the_camera_was_held(tmp_path):
    pixels = np.zeros((8, 16), np.uint8)
    pixels[:, 8:] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path / "a.jpg", exif=exif, quality=100)
    assert inspect_image(str(tmp_path / "a.jpg")) == (16, 8, 1)
    turned = decode_image(str(tmp_path / "a.jpg"), (16, 8, 1))[..., 0]
    assert turned[:7].max() < 20
    assert turned[9:].min() > 235


def test_shrinking_averages(tmp_path):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (400, 300)).astype(np.uint8)
    for name in ("a.png", "a.jpg"):
        Image.fromarray(pixels).save(tmp_path / name)
        small = decode_image(str(tmp_path / name), (4, 3, 1))
        # Each result averages thousands of pixels; picking single ones would spread them by 74.
        assert small.std() < 8
        assert abs(small.mean() - pixels.mean()) < 3


def test_a_broken_file_is_named(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"the image .*a\.png cannot be read"):
        decode_image(str(tmp_path / "a.png"), (4, 4, 1))
