"""Answers to yes-or-no questions as the fewest bytes: for single texts, where a few bits more would be much."""

from keras_vae.tasks.compression.bisection import UNIT

BITS = int(UNIT).bit_length() - 1


def shortest(answers):
    """The fewest bytes that stand for answers.

    Every answer leaves a part of an interval as wide as it is likely; the bytes are the digits of a number in what is
    left. In whole numbers of any length nothing is rounded: no bits are lost but those that fill the last byte.

    Args:
        answers: list of pairs of int and bool: the probability of a yes in units of 2^-24, and whether it is one.

    Returns:
        bytes that do not end in a zero.
    """
    low, width, whole = 0, 1, int(UNIT)
    for p, yes in answers:
        part = width * p
        low = (low << BITS) if yes else (low << BITS) + part
        width = part if yes else width * whole - part
    return _digits(low, width, BITS * len(answers))


def _digits(low, width, n_bits):
    """The fewest bytes whose number, as a fraction, lies in [low, low + width) / 2^n_bits."""
    # As many as the width has bits; one more may be needed.
    n = max(0, (n_bits - width.bit_length()) // 8)
    while True:
        shift = n_bits - 8 * n
        value = -(-low >> shift) if shift >= 0 else low << -shift
        if (value << shift if shift >= 0 else value >> -shift) < low + width:
            return value.to_bytes(n, "big").rstrip(b"\0")
        n += 1


class ShortReader:
    """Reads answers.

    Args:
        data: bytes, as `shortest` gives them.
    """

    def __init__(self, data):
        self._data, self._n_bits = data, 8 * len(data)
        self._start = self._at = int.from_bytes(data, "big")
        self._width = 1 << self._n_bits

    def answer(self, p):
        """The next answer, bool.

        Args:
            p: int. Probability of a yes in units of 2^-24.
        """
        part = self._width * p
        self._at <<= BITS
        self._start <<= BITS
        self._n_bits += BITS
        yes = self._at < part
        self._at -= 0 if yes else part
        self._width = part if yes else (self._width << BITS) - part
        return yes

    @property
    def is_read(self):
        """Whether the bytes are those that stand for the answers so far."""
        return _digits(self._start - self._at, self._width, self._n_bits) == self._data
