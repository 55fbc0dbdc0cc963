"""The decoder of pictures, in operations of TensorFlow: training reads files with it, and exports carry it inside."""

import tensorflow as tf

from keras_vae.data.exif_orientation import exif_orientation, turned
from keras_vae.data.file_bytes import bytes_of, refuse_unless, starts_with, whole_number, window
from keras_vae.data.first_frame import first_frame
from keras_vae.data.picture_fit import fit_pixels

# WebP is not among them: TensorFlow 2.19, which servers still run, does not load a graph with its decoder.
FORMATS = "JPEG, PNG, GIF or BMP"

# JPEG is decoded at a half, a quarter or an eighth of its size, at little cost, where so many pixels per wanted pixel
# remain along the shorter side that the resizing has something to average.
_PIXELS_KEPT = 2
_RATIOS = (1, 2, 4, 8)

_PNG = b"\x89PNG\r\n\x1a\n"
_UNCOMPRESSED, _WITH_MASKS = 0, 3
_MASKS = list(b"\0\0\xff\0" + b"\0\xff\0\0" + b"\xff\0\0\0")


def decode_picture(file, event_shape, fit="stretch", max_pixels=2**25, name="a picture"):
    """Pixels of a picture file: upright as its camera was held, the first frame of an animation, without alpha.

    Levels of 16 bits become 8 bits, palettes their colours, CMYK becomes RGB. Alpha is dropped, and the colour
    under it is seen; transparent places of a GIF are black.

    Args:
        file: scalar string Tensor, or bytes: the content of a JPEG, PNG, GIF or BMP file.
        event_shape, fit: as in `fit_pixels`.
        max_pixels: int. Largest number of pixels a file may have; a few kilobytes can claim any.
        name: str. What the messages call the file.

    Returns:
        uint8 Tensor, shape `event_shape`.

    Raises:
        tf.errors.InvalidArgumentError: where the tensors have values: if the file is of another format, not whole, or
            too large.
    """
    file = tf.convert_to_tensor(file)

    def within(value, n_pixels):
        return refuse_unless(value, n_pixels <= max_pixels, f"{name} must have at most {max_pixels} pixels")

    def other():
        return tf.cond(starts_with(file, b"GIF8"), lambda: _gif(file, within), lambda: _bmp(file, within, name))

    def no_jpeg():
        return tf.cond(starts_with(file, _PNG), lambda: _png(file, within, name), other)

    pixels = tf.cond(
        starts_with(file, b"\xff\xd8\xff"), lambda: _jpeg(file, within, _PIXELS_KEPT * max(event_shape[:2])), no_jpeg
    )
    return fit_pixels(pixels, event_shape, fit)


def _jpeg(file, within, shortest):
    size = tf.cast(tf.io.extract_jpeg_shape(file)[:2], tf.float64)
    whole = within(file, tf.reduce_prod(size))
    place = tf.reduce_sum(tf.cast(tf.reduce_min(size) >= [r * shortest for r in _RATIOS[1:]], tf.int32))

    def decode(ratio):
        # The accurate transform is Pillow's too, and the same on every machine.
        return tf.io.decode_jpeg(whole, ratio=ratio, dct_method="INTEGER_ACCURATE")

    pixels = tf.switch_case(place, [lambda ratio=ratio: decode(ratio) for ratio in _RATIOS])
    return turned(pixels, exif_orientation(file))


def _png(file, within, name):
    head = bytes_of(file, 32)
    # The signature, the head of the first chunk, width, height, bits.
    sides = [tf.cast(whole_number(head[k : k + 4], little_endian=False), tf.float64) for k in (16, 20)]
    # Looked at first: TensorFlow's error about a string that is too short would quote its bytes.
    file = refuse_unless(file, tf.strings.length(file) >= 33, f"{name} must be a whole file")
    whole = within(file, sides[0] * sides[1])

    def sixteen():
        levels = tf.cast(tf.io.decode_png(whole, dtype=tf.uint16), tf.int32)
        return tf.cast((levels + 128) // 257, tf.uint8)

    pixels = tf.cond(tf.equal(head[24], 16), sixteen, lambda: tf.io.decode_png(whole))
    return turned(pixels, exif_orientation(file))


def _gif(file, within):
    alone, n_pixels = first_frame(file)
    return tf.io.decode_gif(within(alone, n_pixels))[0]


def _bmp(file, within, name):
    file = refuse_unless(file, starts_with(file, b"BM"), f"{name} must be {FORMATS}")
    head = bytes_of(file, 66)
    # Numbers of four bytes, without sign; a negative height means that the rows run downwards.
    offset, header, width, height = [whole_number(head[k : k + 4]) for k in (10, 14, 18, 22)]
    height = tf.minimum(height, 2**32 - height)
    n_bits, packing = whole_number(head[28:30]), whole_number(head[30:34])
    usual = tf.equal(packing, _UNCOMPRESSED) | (
        tf.equal(packing, _WITH_MASKS) & tf.equal(n_bits, 32) & tf.reduce_all(tf.equal(head[54:66], _MASKS))
    )
    usual &= (header >= 40) & tf.reduce_any(tf.equal(n_bits, tf.constant((8, 24, 32), tf.int64)))
    file = refuse_unless(file, usual, f"{name} of the format BMP must be uncompressed, with 8, 24 or 32 bits a pixel")
    pixels = tf.io.decode_bmp(within(file, tf.cast(width, tf.float64) * tf.cast(height, tf.float64)))

    def with_palette():
        # TensorFlow gives the numbers of the colours; the table stands between the header and the pixels.
        n_colours = tf.cast(tf.clip_by_value((offset - 14 - header) // 4, 1, 256), tf.int32)
        values = tf.pad(bytes_of(file), [[0, 4 * 256]])
        table = window(values, tf.cast(tf.minimum(14 + header, 2**30), tf.int32), 4 * 256)
        table = tf.reshape(table, (256, 4))[:n_colours, 2::-1]
        return tf.cast(tf.gather(table, tf.cast(pixels[..., 0], tf.int32)), tf.uint8)

    return tf.cond(tf.equal(n_bits, 8), with_palette, lambda: pixels)
