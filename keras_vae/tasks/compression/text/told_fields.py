"""What a sender leaves for a receiver, as bytes: the notes of odds, and the stack with the answers."""

import numpy as np

from keras_vae.tasks.compression.container.fields import number
from keras_vae.tasks.compression.streams import Streams
from keras_vae.tasks.compression.text.rounded_odds import Notes


def notes_to_bytes(notes):
    """`Notes` as bytes: each by how many sentences after the one before, and where in it."""
    noted = notes.noted
    parts = [number(len(noted))]
    for gap, (_, place, odd) in zip(np.diff(noted[:, 0], prepend=0).tolist(), noted.tolist(), strict=True):
        parts += [number(gap), number(2 * place + odd)]
    return b"".join(parts)


def notes_from_fields(fields, n):
    """The `Notes` of n sentences from `Fields`.

    Raises:
        ValueError: if they are damaged, or of more sentences.
    """
    owner, noted = 0, []
    for _ in range(at_most(fields.number(), fields.n_left)):
        owner += fields.number()
        place, odd = divmod(fields.number(), 2)
        if owner >= n:
            raise ValueError("it has notes of sentences that it does not have")
        noted.append((owner, place, odd))
    return Notes(n, noted)


def stack_to_bytes(streams):
    """The content of `Streams` with one stack, bytes."""
    (words,) = streams.words()
    # A stack never ends in a zero word: zeros at the end are known.
    return words.astype("<u4").tobytes().rstrip(b"\0")


def stack_from_fields(fields):
    """`Streams` with the one stack that all bytes left in `Fields` hold."""
    words = fields.take(fields.n_left)
    return Streams([np.frombuffer(words + bytes(-len(words) % 4), "<u4").astype(np.uint32)])


def at_most(n, limit):
    """The number n of parts.

    Raises:
        ValueError: if it is above the limit.
    """
    if n > limit:
        raise ValueError("it has more parts than bytes")
    return n
