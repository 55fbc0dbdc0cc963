import io
import struct

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps

from keras_vae.data.exif_orientation import exif_orientation, turned

# In a graph, as a pipeline has it: in Python the search through 64 KiB goes byte by byte.
in_graph = tf.function(exif_orientation, input_signature=[tf.TensorSpec((), tf.string)], autograph=False)
PIXELS = np.random.default_rng(0).integers(0, 256, (3, 5, 3), dtype=np.uint8)


def directory(value, order="I", kind=3, tag=0x0112, before=()):
    """A TIFF structure whose first directory holds entries `before` and then the orientation."""
    sign = "<" if order == "I" else ">"
    head = order.encode() * 2 + struct.pack(sign + "HI", 42, 8)
    entries = [(number, 3, 1, struct.pack(sign + "HH", 0, 0)) for number in before]
    packed = struct.pack(sign + "HH", value, 0) if kind == 3 else struct.pack(sign + "I", value)
    entries.append((tag, kind, 1, packed))
    body = b"".join(struct.pack(sign + "HHI", *entry[:3]) + entry[3] for entry in entries)
    return head + struct.pack(sign + "H", len(entries)) + body + b"\0" * 4


def segment(marker, body):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def jpeg(*segments):
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, "JPEG")
    return file.getvalue()[:2] + b"".join(segments) + file.getvalue()[2:]


def with_exif(file_format, value):
    exif = Image.Exif()
    exif[0x0112] = value
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, file_format, exif=exif)
    return file.getvalue()


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
def test_what_pillow_writes_is_read(file_format, value):
    assert in_graph(with_exif(file_format, value)) == value


@pytest.mark.parametrize("order", ["I", "M"])
@pytest.mark.parametrize("kind", [3, 4], ids=["short", "long"])
@pytest.mark.parametrize("before", [(), (0x010F, 0x0110)], ids=["first", "behind-others"])
def test_both_byte_orders_and_sizes_of_numbers_are_read(order, kind, before):
    file = jpeg(segment(0xE1, b"Exif\0\0" + directory(6, order, kind, before=before)))
    assert in_graph(file) == 6
    assert Image.open(io.BytesIO(file)).getexif()[0x0112] == 6


def test_other_segments_of_applications_and_comments_may_stand_before_it():
    others = [segment(0xE0, b"JFIF\0" + b"\0" * 9), segment(0xFE, b"a comment"), segment(0xE1, b"http://ns.adobe")]
    assert in_graph(jpeg(*others, segment(0xE1, b"Exif\0\0" + directory(8)))) == 8


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff\xd8\xff", id="only-a-signature"),
        pytest.param(b"\x89PNG\r\n\x1a\n", id="only-the-signature-of-png"),
        pytest.param(b"GIF89a" + directory(6), id="another-format"),
        pytest.param(jpeg(), id="no-exif"),
        pytest.param(jpeg(segment(0xE1, b"Exif\0\0" + directory(6, tag=0x0113))), id="another-tag"),
        pytest.param(jpeg(segment(0xE1, b"Exif\0\0" + directory(0))), id="zero"),
        pytest.param(jpeg(segment(0xE1, b"Exif\0\0" + directory(9))), id="nine"),
        pytest.param(jpeg(segment(0xE1, b"Exif\0\0" + directory(6, kind=2))), id="a-string"),
        pytest.param(jpeg(segment(0xE1, b"Exif\0\0" + b"XX" + directory(6)[2:])), id="no-byte-order"),
        pytest.param(jpeg(segment(0xE1, b"Exif\0\0II*\0" + b"\xff" * 4)), id="directory-behind-the-end"),
        pytest.param(b"\xff\xd8" + segment(0xE1, b"Exif\0\0II*\0"), id="cut-off"),
        pytest.param(b"\xff\xd8\xff\xe1\0\0" * 20_000, id="segments-of-no-length"),
    ],
)
def test_a_file_that_says_nothing_is_upright(file):
    assert in_graph(file) == 1


def test_it_is_the_same_outside_of_a_graph():
    assert [int(exif_orientation(with_exif("JPEG", value))) for value in range(1, 9)] == list(range(1, 9))
    assert exif_orientation(b"GIF89a" + directory(6)) == 1


@pytest.mark.parametrize("value", range(1, 9))
def test_a_picture_is_turned_as_pillow_turns_it(value):
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(with_exif("PNG", value)))))
    np.testing.assert_array_equal(turned(tf.constant(PIXELS), tf.constant(value)), expected)
