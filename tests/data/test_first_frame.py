import io
import struct

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_vae.data.first_frame import first_frame

FRAMES = [Image.fromarray(np.random.default_rng(k).integers(0, 256, (40, 50), dtype=np.uint8)) for k in range(3)]


def gif(frames, **options):
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], **options)
    return file.getvalue()


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize(
    "options",
    [{}, {"comment": b"x" * 700}, {"loop": 0, "duration": 20}, {"interlace": 1}],
    ids=["plain", "comment", "animation", "interlaced"],
)
def test_the_first_frame_alone_is_what_pillow_shows_first(n, options):
    file = gif(FRAMES[:n], **options)
    alone, n_pixels = first_frame(file)
    frames = tf.io.decode_gif(alone)
    assert frames.shape[0] == 1
    assert n_pixels == 40 * 50
    np.testing.assert_array_equal(frames[0], np.asarray(Image.open(io.BytesIO(file)).convert("RGB")))
    assert n == 1 or len(alone.numpy()) < 0.7 * len(file)


def test_transparent_places_are_black():
    file = gif(FRAMES[:1], transparency=3)
    shown = Image.open(io.BytesIO(file)).convert("RGBA")
    opaque = np.asarray(shown)[..., 3:] > 0
    assert 0 < (~opaque).sum() < 40
    np.testing.assert_array_equal(tf.io.decode_gif(file)[0], np.where(opaque, np.asarray(shown)[..., :3], 0))


def test_it_is_the_same_in_a_graph():
    compiled = tf.function(first_frame, input_signature=[tf.TensorSpec((), tf.string)])
    for file in (gif(FRAMES), gif(FRAMES[:1], comment=b"x")):
        assert compiled(file)[0].numpy() == first_frame(tf.constant(file))[0].numpy()


def test_the_larger_of_screen_and_frame_counts():
    file = bytearray(gif(FRAMES[:1]))
    file[6:10] = struct.pack("<HH", 65535, 65535)
    assert first_frame(tf.constant(bytes(file)))[1] == 65535.0**2
    file[6:10] = struct.pack("<HH", 1, 1)
    assert first_frame(tf.constant(bytes(file)))[1] == 40 * 50


@pytest.mark.slow
@pytest.mark.parametrize(
    "file",
    [
        b"GIF8",
        gif(FRAMES)[:20],
        gif(FRAMES)[: 13 + 3 * 256 + 5],
        b"GIF89a" + b"\x21" * 300,
        b"GIF89a\1\0\1\0\0\0\0" + b"\x21\xfe\0" * 3000,
    ],
    ids=["signature", "no-colours", "no-frame", "extensions-without-end", "very-many-extensions"],
)
def test_a_file_without_a_frame_is_left_to_the_decoder_to_refuse(file):
    alone, _ = first_frame(tf.constant(file))
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.io.decode_gif(alone)
