import functools
import io
import struct

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps

from keras_vae.data import picture_graph
from keras_vae.data.images import decode_image

RNG = np.random.default_rng(0)
PHOTO = Image.fromarray(RNG.integers(0, 256, (7, 9, 3), dtype=np.uint8)).resize((90, 70), Image.Resampling.BICUBIC)

# Format, mode, and the largest mean difference from Pillow's levels: CMYK is turned to RGB by either's own rounding.
KINDS = [
    *(("PNG", mode, 0.0) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
    *(("JPEG", mode, 0.0) for mode in ("L", "RGB")),
    ("JPEG", "CMYK", 1.0),
    *(("BMP", mode, 0.0) for mode in ("L", "P", "RGB", "RGBA")),
    *(("GIF", mode, 0.0) for mode in ("1", "L", "P")),
]


@functools.lru_cache
def graph(event_shape, fit, name):
    return tf.function(
        lambda file: picture_graph.decode_picture(file, event_shape, fit, name=name),
        input_signature=[tf.TensorSpec((), tf.string)],
    )


def decode_picture(file, event_shape, fit="stretch", name="a picture"):
    """The decoder in a graph, as an export has it."""
    return graph(event_shape, fit, name)(file)


def picture(mode):
    if mode == "I;16":
        return Image.fromarray(np.asarray(PHOTO.convert("L")).astype(np.uint16) * 257)
    return PHOTO.convert(mode)


def file_of(image, file_format, **options):
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def by_pillow(file, channels):
    image = Image.open(io.BytesIO(file))
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image) // 257).astype(np.uint8))
    pixels = np.asarray(image.convert("L" if channels == 1 else "RGB"))
    return pixels.reshape(*pixels.shape[:2], channels)


@pytest.mark.slow
@pytest.mark.parametrize(("file_format", "mode", "difference"), KINDS)
@pytest.mark.parametrize("channels", [1, 3])
def test_levels_are_pillows(file_format, mode, difference, channels):
    file = file_of(picture(mode), file_format)
    found = decode_picture(file, (70, 90, channels)).numpy().astype(int)
    # A grey JPEG decoded by Pillow from its colours is the same rounding.
    assert np.abs(found - by_pillow(file, channels)).mean() <= difference


@pytest.mark.slow
@pytest.mark.parametrize("options", [{"progressive": True}, {"subsampling": 0}, {"subsampling": 2}, {"quality": 5}])
def test_every_kind_of_jpeg_has_pillows_levels(options):
    file = file_of(PHOTO, "JPEG", **options)
    np.testing.assert_array_equal(decode_picture(file, (70, 90, 3)), by_pillow(file, 3))


@pytest.mark.slow
@pytest.mark.parametrize("size", [(1000, 750), (401, 399), (257, 256), (255, 900), (64, 64), (33, 20)])
@pytest.mark.parametrize("value", [1, 6])
def test_large_jpegs_are_decoded_smaller_as_pillow_does(size, value):
    """Pillow's own shortcut, its turning and its resizing, as the independent way to the same pixels."""
    exif = Image.Exif()
    exif[0x0112] = value
    file = file_of(PHOTO.resize(size, Image.Resampling.BICUBIC), "JPEG", exif=exif)
    image = Image.open(io.BytesIO(file))
    image.draft(None, (64, 64))
    expected = ImageOps.exif_transpose(image).resize((32, 24), Image.Resampling.BILINEAR)
    found = decode_picture(file, (24, 32, 3)).numpy().astype(int)
    assert np.abs(found - np.asarray(expected)).max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
@pytest.mark.parametrize(("file_format", "mode", "difference"), KINDS)
def test_training_and_a_graph_of_an_export_have_the_same_pixels(tmp_path, file_format, mode, difference, fit):
    del difference
    file = file_of(picture(mode), file_format)
    (tmp_path / "a").write_bytes(file)
    np.testing.assert_array_equal(
        decode_picture(file, (24, 32, 3), fit), decode_image(tmp_path / "a", (24, 32, 3), fit)
    )


@pytest.mark.slow
def test_16_bits_of_colour_are_rounded_to_8():
    levels = np.array([[[0, 128, 129], [65535, 65406, 257]]], np.uint16)
    file = tf.io.encode_png(levels)
    np.testing.assert_array_equal(decode_picture(file, (1, 2, 3))[0], [[0, 0, 1], [255, 254, 1]])


@pytest.mark.slow
def test_a_palette_of_a_small_bmp_is_read_to_its_end():
    file = file_of(Image.fromarray(np.arange(6, dtype=np.uint8).reshape(2, 3) * 51).convert("P"), "BMP")
    np.testing.assert_array_equal(decode_picture(file, (2, 3, 3)), by_pillow(file, 3))


def png(width, height):
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", width, height, 8, 0, 0, 0, 0) + b"\0" * 9


def bmp(width, height, n_bits=24, packing=0, header=40):
    return b"BM" + struct.pack("<IIIIiiHHI", 80, 0, 54, header, width, height, 1, n_bits, packing) + b"\0" * 40


def with_size(file, place, packed):
    return file[:place] + packed + file[place + len(packed) :]


TOO_LARGE = {
    "png": png(8000, 8000),
    "png-beyond-63-bits": png(2**32 - 1, 2**32 - 1),
    "bmp": bmp(8000, 8000),
    "bmp-downwards": bmp(8000, -8000),
    "gif": with_size(file_of(PHOTO.convert("P"), "GIF"), 6, struct.pack("<HH", 8000, 8000)),
    "jpeg": file_of(Image.new("L", (8000, 8000)), "JPEG"),
}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_files_of_too_many_pixels_are_refused_before_they_are_decoded(name):
    with pytest.raises(tf.errors.InvalidArgumentError, match="a picture must have at most 33554432 pixels"):
        decode_picture(TOO_LARGE[name], (4, 4, 1))


@pytest.mark.slow
@pytest.mark.parametrize("file", [b"", b"BX", b"text that is no picture", b"RIFF0000WEBP", file_of(PHOTO, "TIFF")])
def test_another_format_is_refused_and_the_message_says_which_are_taken(file):
    with pytest.raises(tf.errors.InvalidArgumentError, match="the file must be JPEG, PNG, GIF or BMP"):
        decode_picture(file, (4, 4, 1), name="the file")


@pytest.mark.parametrize(
    "file",
    [
        bmp(4, 4, n_bits=1),
        bmp(4, 4, n_bits=16),
        bmp(4, 4, n_bits=8, packing=1),
        bmp(4, 4, n_bits=32, packing=3),
        bmp(4, 4, header=12),
        b"BM",
    ],
    ids=["1-bit", "16-bit", "run-lengths", "other-masks", "old-header", "cut-off"],
)
def test_bmp_that_tensorflow_would_misread_is_refused(file):
    with pytest.raises(tf.errors.InvalidArgumentError, match="BMP must be uncompressed, with 8, 24 or 32 bits"):
        decode_picture(file, (4, 4, 1))


def test_a_short_png_is_refused_without_its_bytes():
    with pytest.raises(tf.errors.InvalidArgumentError, match="a picture must be a whole file"):
        decode_picture(b"\x89PNG\r\n\x1a\n", (4, 4, 1))


@pytest.mark.parametrize(("file_format", "mode", "difference"), KINDS)
def test_a_file_that_is_cut_off_is_refused(file_format, mode, difference):
    del difference
    file = file_of(picture(mode), file_format)
    with pytest.raises(tf.errors.InvalidArgumentError):
        decode_picture(file[: len(file) // 2], (70, 90, 3))
