"""How a camera was held, as its JPEG or PNG file says it, and the picture turned upright."""

import tensorflow as tf

from keras_vae.data.file_bytes import bytes_of, starts_with, whole_number, window

# Cameras write it into one of the first segments, and a segment is no longer.
SEARCHED = 2**16

_ORIENTATION = 0x0112
_SHORT, _LONG = 3, 4
# Entries of the directory that are looked at; cameras write about a dozen, in the order of their numbers.
_N_ENTRIES = 128
_EXIF = list(b"Exif\0\0")
_EXIF_CHUNK, _FIRST_PIXELS = list(b"eXIf"), list(b"IDAT")


def exif_orientation(file):
    """Orientation of a JPEG or PNG file, from the Exif directory in its first 64 KiB.

    Args:
        file: scalar string Tensor, or bytes.

    Returns:
        Scalar int32 Tensor, 1 to 8; 1, which means upright, where the file says nothing or is of another format.

    References:
        JEITA CP-3451 (Exif 2.3), sections 4.5 and 4.6.4 A; TIFF 6.0, section 2.
    """
    file = tf.convert_to_tensor(file)

    def of_png():
        values = bytes_of(file, SEARCHED)
        return _of_directory(values, _chunk_with_exif(values))

    def of_jpeg():
        values = bytes_of(file, SEARCHED)
        return _of_directory(values, _segment_with_exif(values))

    def of_others():
        return tf.cond(starts_with(file, b"\x89PNG"), of_png, lambda: tf.constant(1))

    return tf.cond(starts_with(file, b"\xff\xd8\xff"), of_jpeg, of_others)


def turned(pixels, orientation):
    """A picture as it is looked at.

    Args:
        pixels: Tensor, shape `(height, width, channels)`, as the file holds them.
        orientation: scalar int32 Tensor, 1 to 8.

    Returns:
        Tensor, shape `(height, width, channels)`, or `(width, height, channels)` for 5 to 8.
    """

    def one_of(*numbers):
        return tf.reduce_any(tf.equal(orientation, numbers))

    def turn():
        upright = tf.cond(orientation >= 5, lambda: tf.transpose(pixels, (1, 0, 2)), lambda: pixels)
        upright = tf.cond(one_of(2, 3, 6, 7), lambda: upright[:, ::-1], lambda: upright)
        return tf.cond(one_of(3, 4, 7, 8), lambda: upright[::-1], lambda: upright)

    return tf.cond(tf.equal(orientation, 1), lambda: pixels, turn)


def _segment_with_exif(values):
    """Where the Exif directory of a JPEG file begins, scalar int32; 0 if nowhere.

    The segments of applications and comments are the first ones: each is a marker of two bytes and a length.
    """

    def is_exif(at):
        return tf.equal(at[1], 0xE1) & tf.reduce_all(tf.equal(at[4:], _EXIF))

    def goes_on(place):
        at = window(values, place, 10)
        is_head = tf.equal(at[0], 0xFF) & (tf.equal(at[1] // 16, 14) | tf.equal(at[1], 0xFE))
        return is_head & ~is_exif(at) & (place < SEARCHED - 10)

    def next_segment(place):
        length = tf.cast(whole_number(window(values, place + 2, 2), little_endian=False), tf.int32)
        return place + 2 + tf.maximum(length, 2)

    place = tf.while_loop(goes_on, lambda place: [next_segment(place)], [tf.constant(2)])[0]
    at = window(values, place, 10)
    return tf.where(is_exif(at) & tf.equal(at[0], 0xFF), place + 10, 0)


def _chunk_with_exif(values):
    """Where the Exif directory of a PNG file begins, scalar int32; 0 if not before the pixels."""

    def goes_on(place):
        name = window(values, place, 8)[4:]
        ends = tf.reduce_all(tf.equal(name, _EXIF_CHUNK)) | tf.reduce_all(tf.equal(name, _FIRST_PIXELS))
        return ~ends & (place < SEARCHED - 8)

    def next_chunk(place):
        # A length, a name and a check sum of four bytes each surround what a chunk holds.
        length = whole_number(window(values, place, 4), little_endian=False)
        return place + 12 + tf.cast(tf.minimum(length, SEARCHED), tf.int32)

    place = tf.while_loop(goes_on, lambda place: [next_chunk(place)], [tf.constant(8)])[0]
    found = tf.reduce_all(tf.equal(window(values, place, 8)[4:], _EXIF_CHUNK))
    return tf.where(found & (place < SEARCHED - 8), place + 8, 0)


def _of_directory(values, start):
    """Orientation in the first directory of a TIFF structure that begins at `start`; 1 where there is none."""

    def look():
        little = tf.equal(values[start], ord("I"))
        first = tf.cast(tf.minimum(whole_number(window(values, start + 4, 4), little), SEARCHED), tf.int32) + start
        n = tf.minimum(tf.cast(whole_number(window(values, first, 2), little), tf.int32), _N_ENTRIES)
        # An entry: a tag of two bytes, a type of two, a count of four, a value of four.
        entries = window(tf.pad(values, [[0, 12 * _N_ENTRIES]]), first + 2, 12 * _N_ENTRIES)
        entries = tf.reshape(entries, (_N_ENTRIES, 12))
        pairs = tf.reshape(entries, (_N_ENTRIES, 6, 2))
        tags, types, _, _, upper, lower = tf.unstack(tf.where(little, pairs, pairs[..., ::-1]) @ [[1], [256]], axis=1)
        # A short value stands in the first two bytes of four; of a long one in the order MM these are the upper half.
        value = tf.where(little | tf.equal(types, _SHORT), upper, lower)[:, 0]
        fits = tf.equal(tags, _ORIENTATION) & (tf.equal(types, _SHORT) | tf.equal(types, _LONG))
        counts = fits[:, 0] & (tf.range(_N_ENTRIES) < n) & (value >= 1) & (value <= 8)
        return tf.reduce_max(tf.where(counts, value, 1))

    is_directory = tf.equal(values[start], values[start + 1]) & (
        tf.equal(values[start], ord("I")) | tf.equal(values[start], ord("M"))
    )
    return tf.cond((start > 0) & is_directory, look, lambda: tf.constant(1))
