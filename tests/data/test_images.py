import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps

from keras_vae.data.images import SUFFIXES, decode_image, inspect_image
from keras_vae.data.picture_fit import fit_pixels

WRITTEN = [
    *(".png", ".apng", ".jpg", ".jpeg", ".jfif", ".bmp", ".dib", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm"),
    *(".pnm", ".tga", ".ico", ".jp2", ".pcx", ".sgi", ".rgb", ".im", ".avif", ".dds", ".qoi"),
]


def write(path, mode, colour):
    """A file of one colour, an icon in a size that it may have; its (width, height)."""
    suffix = path.suffix
    side = (16, 16) if suffix == ".ico" else (7, 5)
    # DDS and QOI hold colours only.
    mode = "RGB" if suffix in (".dds", ".qoi") else mode
    try:
        Image.new(mode, side, colour if mode == "RGB" or np.isscalar(colour) else colour[0]).save(path)
    except (KeyError, ValueError) as error:
        pytest.skip(f"this Pillow does not write {suffix}: {error}")
    return side


@pytest.mark.slow
@pytest.mark.parametrize("suffix", WRITTEN)
@pytest.mark.parametrize(("mode", "colour", "channels"), [("L", 100, 1), ("RGB", (200, 100, 50), 3)])
def test_every_known_type_is_read(tmp_path, suffix, mode, colour, channels):
    if mode == "L" and suffix in (".dds", ".qoi"):
        pytest.skip("holds colours only")
    path = tmp_path / f"日本{suffix}"
    width, height = write(path, mode, colour)
    found = inspect_image(str(path))
    # WebP knows no grey, GIF only palettes.
    assert found == (height, width, 3 if suffix in (".webp", ".gif") else channels)
    pixels = decode_image(str(path), (height, width, channels))
    assert (pixels.shape, pixels.dtype) == ((height, width, channels), np.uint8)
    np.testing.assert_allclose(pixels[2, 3], np.ravel(colour), atol=6)  # JPEG, WebP and AVIF are lossy


def test_the_endings_are_those_of_pillow():
    Image.init()
    no_pictures = {"BLP", "BUFR", "EPS", "FITS", "FLI", "FTEX", "GBR", "GRIB", "HDF5", "IPTC", "MPEG", "PDF", "WMF"}
    known = {e for e, kind in Image.registered_extensions().items() if kind in Image.OPEN and kind not in no_pictures}
    # MPO is registered for writing only, HEIF by a package of its own; older versions lack AVIF and QOI.
    assert known - set(SUFFIXES) == set()
    assert set(SUFFIXES) - known <= {".mpo", ".heic", ".heif", ".avif", ".avifs", ".qoi", ".pfm", ".apng"}
    assert list(SUFFIXES) == sorted(set(SUFFIXES))


@pytest.mark.slow
@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("suffix", [".png", ".bmp", ".webp", ".tif"])
def test_every_fit_is_the_same_whoever_decodes(tmp_path, suffix, fit):
    pixels = np.random.default_rng(0).integers(0, 256, (30, 50, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / f"a{suffix}", **({"lossless": True} if suffix == ".webp" else {}))
    found = decode_image(tmp_path / f"a{suffix}", (16, 16, 3), fit)
    np.testing.assert_array_equal(found, fit_pixels(pixels, (16, 16, 3), fit))


def test_another_fit_is_refused(tmp_path):
    with pytest.raises(ValueError, match="`fit` must be one of 'stretch', 'crop', 'pad'"):
        decode_image(tmp_path / "a.png", (4, 4, 1), "zoom")


@pytest.mark.slow
@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_size_and_pixels_are_upright_in_every_format(tmp_path, suffix, value):
    exif = Image.Exif()
    exif[0x0112] = value
    pixels = np.zeros((8, 16), np.uint8)
    pixels[:4, :8] = 255
    Image.fromarray(pixels).convert("RGB").save(tmp_path / f"a{suffix}", exif=exif, quality=100)
    height, width, _ = inspect_image(tmp_path / f"a{suffix}")
    assert (height, width) == ((8, 16) if value < 5 else (16, 8))
    found = decode_image(tmp_path / f"a{suffix}", (height, width, 1))[..., 0]
    with Image.open(tmp_path / f"a{suffix}") as image:
        expected = np.asarray(ImageOps.exif_transpose(image).convert("L"))
    assert np.abs(found.astype(int) - expected).max() <= 6
    assert expected.max() > 240


@pytest.mark.slow
def test_threads_of_tf_data_do_not_wait_for_one_another(tmp_path):
    """More batches at once than threads, each with a call of TensorFlow inside: a lock would be forever."""
    files = []
    for k in range(40):
        files.append(str(tmp_path / f"{k}.png"))
        Image.new("L", (9, 9), k).save(files[-1])

    def decode(k):
        return decode_image(files[k], (4, 4, 1))

    numbers = tf.data.Dataset.range(40)
    read = numbers.map(lambda k: tf.numpy_function(decode, [k], tf.uint8), num_parallel_calls=40)
    assert [int(pixels[0, 0, 0]) for pixels in read] == list(range(40))


@pytest.mark.slow
def test_more_pixels_than_pillow_dares_are_refused(tmp_path):
    Image.new("1", (20_000, 20_000)).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"the image .*a\.png cannot be read: Image size .* exceeds limit"):
        decode_image(tmp_path / "a.png", (4, 4, 1))


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".gif", ".bmp", ".webp", ".tif"])
def test_a_file_that_is_cut_off_is_named(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(ValueError, match=rf"the image .*a\{suffix} cannot be read"):
        decode_image(path, (4, 4, 3))


@pytest.mark.parametrize(("mode", "channels"), [("1", 1), ("LA", 1), ("I;16", 1), ("RGBA", 3), ("P", 3)])
def test_channels_follow_the_mode(tmp_path, mode, channels):
    Image.new(mode, (4, 4)).save(tmp_path / "a.png")
    assert inspect_image(str(tmp_path / "a.png"))[2] == channels


def test_cmyk_photographs_are_read(tmp_path):
    Image.new("CMYK", (4, 4)).save(tmp_path / "a.jpg")
    assert inspect_image(str(tmp_path / "a.jpg")) == (4, 4, 3)
    assert decode_image(str(tmp_path / "a.jpg"), (4, 4, 3)).min() > 250


@pytest.mark.slow
def test_sixteen_bits_are_scaled_to_eight(tmp_path):
    levels = np.array([[0, 257, 32896, 65535]], dtype=np.uint16)
    Image.fromarray(levels).save(tmp_path / "a.png")
    np.testing.assert_array_equal(decode_image(str(tmp_path / "a.png"), (1, 4, 1))[0, :, 0], [0, 1, 128, 255])


@pytest.mark.slow
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


@pytest.mark.slow
def test_shrinking_averages(tmp_path):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (400, 300)).astype(np.uint8)
    for name in ("a.png", "a.jpg"):
        Image.fromarray(pixels).save(tmp_path / name)
        small = decode_image(str(tmp_path / name), (4, 3, 1))
        # Each result averages thousands of pixels; picking single ones would spread them by 74.
        assert small.std() < 8
        assert abs(small.mean() - pixels.mean()) < 3


@pytest.mark.slow
def test_a_broken_file_is_named(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"the image .*a\.png cannot be read"):
        decode_image(str(tmp_path / "a.png"), (4, 4, 1))
