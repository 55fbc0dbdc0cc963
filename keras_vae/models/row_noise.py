"""Noise that belongs to a row: the same for the same row, whatever stands beside it in a batch."""

import math

import tensorflow as tf

# Draws whose bits are made together. They depend on the number of the draw alone, not on how many are made at a time.
BLOCK = 256
# Ops under this name draw the same bits at every call on purpose: the noise that comes of them belongs to the rows.
SCOPE = "noise_of_rows"
# Odd numbers of a mixing function of 32 bits, in which every bit of the input changes each bit of the output half of
# the time (C. Wellons, "Prospecting for hash functions", 2018: lowbias32), and the golden ratio, which keeps the
# columns apart.
MIX_1, MIX_2, GOLDEN = 0x7FEB352D, 0x846CA68B - 2**32, 0x9E3779B9 - 2**32
TO_UNIT = 2.0**-24


def row_shifts(x: tf.Tensor, noise_dim: int) -> tf.Tensor:
    """Random bits of every row that depend on its values alone: the first of the two ingredients of `row_noise`.

    Args:
        x: Tensor, shape `(batch, *event_shape)`, of any number type; values count as float32. A `tf.SparseTensor` has
            the bits of the same rows with their zeros.
        noise_dim: int >= 1. Noise numbers of one draw.

    Returns:
        int32 Tensor, shape `(batch, 2 * ceil(noise_dim / 2))`.

    References:
        The hash is universal, two different rows share one with a probability of 2^-32: Dietzfelbinger 1996, section 2
        (the upper half of `sum a_j x_j` mod 2^64).
    """
    if isinstance(x, tf.SparseTensor):
        # The bits of a zero are zero: it adds nothing to the sum.
        terms = _bits(x.values) * tf.gather(_factors(x.dense_shape[1]), x.indices[:, 1])
        sums = tf.math.unsorted_segment_sum(terms, x.indices[:, 0], x.dense_shape[0])
    else:
        flat = tf.reshape(x, [tf.shape(x)[0], -1])
        sums = tf.reduce_sum(_bits(flat) * _factors(tf.shape(flat)[1]), axis=1)
    key = tf.bitcast(sums, tf.int32)[:, 1]
    columns = tf.range(1, _width(noise_dim) + 1) * GOLDEN
    return _mixed(key[:, None] + columns)


def _bits(values):
    """The bits of numbers as float32, int64."""
    values = tf.cast(values, tf.float32)
    # -0.0 and 0.0 are one value, and so are the many forms of NaN, which is a hole.
    values = tf.where(tf.math.is_nan(values), math.nan, values + 0.0)
    return tf.cast(tf.bitcast(values, tf.int32), tf.int64)


def _factors(n):
    """A random number for each element of a row, int64."""
    with tf.name_scope(SCOPE):
        return tf.random.stateless_uniform([n], [2, 1], minval=None, maxval=None, dtype=tf.int64)


def row_noise(shifts: tf.Tensor, seed: tf.Tensor, noise_dim: int, n_draws: int | tf.Tensor = 1, start=0) -> tf.Tensor:
    """Standard normal noise of `n_draws` draws of every row, draw by draw.

    Every draw has bits that all rows share, and every row has a shift. Their sum modulo 2^32 is uniform, over draws for
    one row and over rows for one draw; mixed, it is of no use for guessing the sum of another row or draw. Two of them
    make two normal numbers (Box & Muller). So the noise of a row is a function of the row, the seed and the number of
    the draw.

    Args:
        shifts: int32 Tensor, shape `(batch, 2 * ceil(noise_dim / 2))`, from `row_shifts`.
        seed: integer Tensor, shape `(2,)`.
        noise_dim: int >= 1.
        n_draws: int, or int Tensor of at most 256.
        start: int or int Tensor. Number of the first draw.

    Returns:
        Tensor, shape `(n_draws * batch, noise_dim)`, float32.
    """
    bits = _mixed(_bits_of_draws(seed, start, n_draws, _width(noise_dim))[:, None] + shifts)
    # The upper 24 bits, as the middle of one of 2^24 parts of the unit interval: never 0, whose log is infinite.
    upper = tf.bitwise.bitwise_and(tf.bitwise.right_shift(bits, 8), 2**24 - 1)
    radius, angle = tf.split((tf.cast(upper, tf.float32) + 0.5) * TO_UNIT, 2, axis=-1)
    radius, angle = tf.sqrt(-2.0 * tf.math.log(radius)), (2.0 * math.pi) * angle
    noise = tf.concat([radius * tf.cos(angle), radius * tf.sin(angle)], axis=-1)[..., :noise_dim]
    return tf.reshape(noise, [-1, noise_dim])


def _width(noise_dim):
    return 2 * math.ceil(noise_dim / 2)


def _bits_of_draws(seed, start, n_draws, width):
    """Bits of some draws, `(n_draws, width)` int32, cut out of the blocks that they lie in."""
    n_blocks = 2 if tf.is_tensor(n_draws) else math.ceil(n_draws / BLOCK) + 1
    first = start // BLOCK
    with tf.name_scope(SCOPE):
        blocks = [_block(seed, first + i, width) for i in range(n_blocks)]
    offset = start - first * BLOCK
    return tf.concat(blocks, axis=0)[offset : offset + n_draws]


def _block(seed, number, width):
    """Random bits of one block of draws, `(BLOCK, width)` int32."""
    seed = tf.random.experimental.stateless_fold_in(seed, number)
    return tf.random.stateless_uniform([BLOCK, width], seed, minval=None, maxval=None, dtype=tf.int32)


def _mixed(bits):
    """`lowbias32` of every int32, in arithmetic modulo 2^32."""
    bits = _xor_shift(bits, 16) * MIX_1
    return _xor_shift(_xor_shift(bits, 15) * MIX_2, 16)


def _xor_shift(bits, n):
    # The shift of signed numbers repeats the sign, which is masked out.
    return tf.bitwise.bitwise_xor(bits, tf.bitwise.bitwise_and(tf.bitwise.right_shift(bits, n), 2 ** (32 - n) - 1))
