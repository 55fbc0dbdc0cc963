"""Texts as records, each read alone."""

import numpy as np
import pytest
from tasks.compression.text.text_stand_in import SENTENCES, StandIn, nats_of

from keras_vae.tasks.compression.text.text_block import TextBlock

TEXTS = [s.encode() for s in SENTENCES] + [b"", b" ", b"the  cat", b"the zoo and the zoo2", b"\xff\x00\n", b"the cat\n"]


@pytest.fixture(scope="module")
def made():
    model = StandIn(0)
    return model, TextBlock(model).records


@pytest.fixture(scope="module")
def records(made):
    return made[1].encode(TEXTS)


def test_records_are_read_in_any_order_and_alone(made, records):
    assert made[1].decode(records) == TEXTS
    assert made[1].decode(records[::-1]) == TEXTS[::-1]
    assert [made[1].decode([record])[0] for record in records[-8:]] == TEXTS[-8:]


def test_records_are_read_by_a_model_that_is_a_little_off(made):
    model, coder = made
    texts = TEXTS * 8
    records = coder.encode(texts)
    model.decoder.noise.assign(2e-6)
    assert coder.decode(records) == texts
    model.decoder.noise.assign(0.0)


def test_a_record_is_as_long_as_the_nats_say_and_half_a_byte(made, records):
    model, _ = made
    rows = model.tokenizer.ids(SENTENCES)
    bits = nats_of(model, np.zeros((len(rows), 0), np.float32), rows) / np.log(2)
    assert np.mean([8 * len(r) for r in records[: len(rows)]]) < bits.mean() + 8


def test_a_record_with_notes_comes_back(made, monkeypatch):
    _, coder = made
    monkeypatch.setattr("keras_vae.tasks.compression.text.rounded_odds.TOLERANCE", 2.0**-6)
    records = coder.encode(TEXTS)
    monkeypatch.undo()
    assert coder.decode(records) == TEXTS


def refusals(coder, records):
    """What is said of records that are refused."""
    said = []
    for record in records:
        try:
            coder.decode([record])
        except ValueError as error:
            said.append(str(error))
    return said


def test_records_with_more_than_their_texts_are_refused_where_it_is_seen(made, records):
    said = refusals(made[1], [record + b"\x01\x02\x03" for record in records[:5]])
    assert said
    assert all("`records` must be those of this model" in text or "without an end" in text for text in said)


def test_a_record_of_bytes_ends_or_is_refused(made):
    # The first bits say that bytes follow, and then that more of them do.
    (record,) = made[1].encode([b"\xff\x01\xfe\x02" * 20])
    assert refusals(made[1], [record[:-4], record[:9] + record[-9:]])
