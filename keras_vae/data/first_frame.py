"""An animated GIF file cut to its first frame."""

import tensorflow as tf

from keras_vae.data.file_bytes import bytes_of, whole_number, window

# Comments and other extensions before the first frame; files have a handful.
_N_EXTENSIONS = 1000
_EXTENSION, _FRAME = 0x21, 0x2C


def first_frame(file):
    """A GIF file that holds the first frame alone, and how large it claims to be.

    A decoder unpacks all frames, also where one is wanted, and a few kilobytes can claim any number of them.

    Args:
        file: scalar string Tensor that begins with `GIF8`.

    Returns:
        (file, n_pixels): scalar string Tensor, unchanged where no frame is found; scalar float64 Tensor, the pixels of
        the screen or of the frame, whichever are more.

    References:
        GIF89a specification, sections 15, 18 to 24. https://www.w3.org/Graphics/GIF/spec-gif89a.txt
    """
    values = bytes_of(file)
    end_of = _ends_of_blocks(values)
    start = 13 + _colour_table(window(values, 10, 1)[0])

    def goes_on(place):
        return tf.equal(window(values, place, 1)[0], _EXTENSION) & (place < tf.size(values) - 2)

    def next_block(place):
        return window(end_of, place + 2, 1)[0] + 1

    place = tf.while_loop(
        goes_on, lambda place: [next_block(place)], [start], maximum_iterations=_N_EXTENSIONS, parallel_iterations=1
    )[0]
    frame = window(values, place, 10)
    end = window(end_of, place + 11 + _colour_table(frame[9]), 1)[0]
    is_frame = tf.equal(frame[0], _FRAME)
    alone = tf.strings.join([tf.strings.substr(file, 0, end + 1), b";"])
    n_pixels = tf.maximum(_area(window(values, 6, 4)), tf.where(is_frame, _area(frame[5:9]), 0))
    return tf.where(is_frame, alone, file), n_pixels


def _ends_of_blocks(values):
    """For every place the place of the zero that ends the chain of blocks there, int32 `(n,)`.

    A block is a length and so many bytes, and one of length zero ends the chain. One step leads from every block to
    the next; steps of twice the length come from taking them twice, so 20 rounds follow a chain of a million blocks.
    """
    n = tf.size(values)
    step = tf.minimum(tf.range(n) + tf.where(values > 0, values + 1, 0), n - 1)
    return tf.while_loop(
        lambda n_blocks, step: n_blocks < n,
        lambda n_blocks, step: [2 * n_blocks, tf.gather(step, step)],
        [tf.constant(1), step],
        parallel_iterations=1,
    )[1]


def _colour_table(flags):
    """Bytes of the colour table that the flags announce, scalar int32."""
    has_table = flags >= 128
    return tf.where(has_table, 3 * tf.bitwise.left_shift(2, flags % 8), 0)


def _area(sides):
    return tf.cast(whole_number(sides[:2]), tf.float64) * tf.cast(whole_number(sides[2:]), tf.float64)
