"""Notes and stacks as bytes, and damaged ones."""

import numpy as np
import pytest

from keras_vae.tasks.compression.container.fields import Fields, number
from keras_vae.tasks.compression.streams import Streams
from keras_vae.tasks.compression.text.rounded_odds import Notes
from keras_vae.tasks.compression.text.told_fields import (
    at_most,
    notes_from_fields,
    notes_to_bytes,
    stack_from_fields,
    stack_to_bytes,
)


def written_notes(values, owners):
    """Notes of 5 sentences that take a note of every number halfway between two, and the rounded numbers."""
    notes = Notes(5)
    return notes, notes.rounded(np.asarray(values), 1, np.asarray(owners))


@pytest.mark.parametrize(("values", "owners"), [([[0.2]], [3]), ([[0.5, 7.0, 2.5], [0.2, 0.3, -3.5]], [0, 4])])
def test_notes_come_back(values, owners):
    notes, rounded = written_notes(values, owners)
    fields = Fields(notes_to_bytes(notes), "it")
    found = notes_from_fields(fields, 5)
    fields.end()
    off = np.asarray(values) - 1e-6
    assert found.rounded(off, 1, np.asarray(owners)).tolist() == rounded.tolist()
    assert (Notes(5, []).rounded(off, 1, np.asarray(owners)) == rounded).all() == (len(notes.noted) == 0)


@pytest.mark.parametrize("words", [[], [7], [1, 2**31], [0, 5, 256]])
def test_a_stack_comes_back(words):
    streams = Streams([np.array(words, np.uint32)])
    fields = Fields(stack_to_bytes(streams), "it")
    assert stack_from_fields(fields).words()[0].tolist() == words
    fields.end()


def test_notes_of_other_sentences_are_refused():
    data = notes_to_bytes(written_notes([[0.5]], [4])[0])
    with pytest.raises(ValueError, match="it has notes of sentences that it does not have"):
        notes_from_fields(Fields(data, "it"), 4)


def test_more_parts_than_bytes_are_refused():
    with pytest.raises(ValueError, match="it has more parts than bytes"):
        notes_from_fields(Fields(number(3) + b"\x00", "it"), 4)
    assert at_most(3, 3) == 3
