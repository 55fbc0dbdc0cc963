"""How text falls into words, characters or bytes, in a TensorFlow graph and outside of it by the same operations."""

import functools
import sys

import numpy as np
import tensorflow as tf

UNITS = ("words", "characters", "bytes", "pieces")


def split_text(strings: tf.Tensor, unit: str, lower: bool = False) -> tf.RaggedTensor:
    """The units of each string, in the form in which a table looks them up.

    Words end at the blanks of ASCII (space, tab, line feed, vertical tab, form feed, carriage return) and at no other:
    a no-break space is part of a word. Characters are code points: an accent that combines with its letter is a
    character of its own. Bytes that are no UTF-8 count as U+FFFD among characters and in lower case.

    Args:
        strings: Tensor, shape `(n,)`, string.
        unit: `"words"`, `"characters"` or `"bytes"`.
        lower: bool. Whether capital letters become small ones first.

    Returns:
        Ragged tensor, shape `(n, None)`: words as strings; code points, or bytes as numbers 0 to 255, as int32.
    """
    if lower:
        strings = lowered(strings)
    if unit == "words":
        return tf.strings.split(strings)
    if unit == "characters":
        return tf.strings.unicode_decode(strings, "UTF-8")
    # One string of all the bytes is decoded at once: splitting every string takes ten times as long.
    joined = tf.io.decode_raw(tf.strings.reduce_join(strings), tf.uint8)
    return tf.RaggedTensor.from_row_lengths(tf.cast(joined, tf.int32), tf.strings.length(strings), validate=False)


def lowered(strings: tf.Tensor) -> tf.Tensor:
    """Strings with a small letter for each capital one that has exactly one: all but the dotted capital I of Turkish.

    `tf.strings.lower` ends a string at its first NUL, and its result depends on the language of the machine.
    """
    characters = tf.strings.unicode_decode(strings, "UTF-8")
    small = tf.constant(_small_letters())
    codes = characters.flat_values
    codes = tf.where(codes < len(small), tf.gather(small, tf.minimum(codes, len(small) - 1)), codes)
    return tf.strings.unicode_encode(characters.with_flat_values(codes), "UTF-8")


@functools.cache
def _small_letters():
    """Code point of the small letter by code point, up to the last that has one: array, int32."""
    small = np.arange(sys.maxunicode + 1, dtype=np.int32)
    for code in range(sys.maxunicode + 1):
        letter = chr(code).lower()
        if len(letter) == 1:
            small[code] = ord(letter)
    return small[: 1 + np.flatnonzero(small != np.arange(len(small)))[-1]]


def key_of(text: str | bytes, unit: str) -> bytes | int:
    """An entry of a vocabulary as `split_text` gives it."""
    if unit == "words":
        return text.encode()
    return ord(text)


def spelling_of(text: str | bytes) -> bytes:
    """The bytes that an entry of a vocabulary stands for."""
    return text if isinstance(text, bytes) else text.encode()


def count_units(strings: list[bytes], unit: str, lower: bool) -> list[tuple[int, str | bytes]]:
    """Every unit of the strings and how often it comes, the most frequent first, equal counts in order of the text.

    Args:
        strings: list of bytes, UTF-8; any bytes for the unit "bytes".
        unit, lower: as of `split_text`.

    Returns:
        list of (count, text); all 256 of them for the unit "bytes", text as bytes of length 1.
    """
    keys = split_text(tf.constant(strings, tf.string), unit, lower).flat_values
    if unit == "bytes":
        found = [(count, bytes([i])) for i, count in enumerate(np.bincount(keys.numpy(), minlength=256).tolist())]
    else:
        unique, _, counts = tf.unique_with_counts(keys)
        texts = map(bytes.decode if unit == "words" else chr, unique.numpy().tolist())
        found = list(zip(counts.numpy().tolist(), texts, strict=True))
    return sorted(found, key=lambda entry: (-entry[0], entry[1]))
