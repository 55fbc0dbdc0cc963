"""Words cost what the model says, and come back."""

import numpy as np
import pytest
from tasks.compression.text.text_stand_in import SENTENCES, StandIn, nats_of

from keras_vae.tasks.compression.streams import Streams
from keras_vae.tasks.compression.text.questions import Receiver, Sender
from keras_vae.tasks.compression.text.rounded_odds import Notes
from keras_vae.tasks.compression.text.word_coder import WordCoder


@pytest.fixture(scope="module")
def made():
    model = StandIn(2)
    return model, WordCoder(model.decoder, model.tokenizer.counts, 8), model.tokenizer.ids(SENTENCES)


def test_the_bits_are_the_nats_of_the_model(made, rng):
    model, coder, rows = made
    z, sender = rng.normal(size=(len(rows), 2)).astype(np.float32), Sender()
    coder.tell(sender, z, Notes(len(rows)), 0.0, rows)
    assert sender.n_bits * np.log(2) == pytest.approx(nats_of(model, z, rows).sum(), rel=0.01)


def test_words_come_back_from_a_model_that_is_off_by_some_units_in_the_last_place(made, rng):
    model, coder, rows = made
    z, sender, notes, streams = (
        rng.normal(size=(len(rows), 2)).astype(np.float32),
        Sender(),
        Notes(len(rows)),
        Streams(),
    )
    coder.tell(sender, z, notes, 0.0, rows)
    streams.push(sender.asked)
    model.decoder.noise.assign(2e-6)
    found = coder.tell(Receiver(streams), z, Notes(len(rows), notes.noted), 0.0)
    model.decoder.noise.assign(0.0)
    assert [row.tolist() for row in found] == [row.tolist() for row in rows]
    assert streams.n_bits() == [0]


def test_an_unknown_word_costs_what_its_mass_says(made):
    _, coder, _ = made
    bits = []
    for mass in (0.0, 0.25):
        sender = Sender()
        coder.tell(sender, np.zeros((1, 2), np.float32), Notes(1), mass, [np.array([2, 3], np.int32)])
        bits.append(sender.n_bits)
    assert bits[1] < bits[0] - 1.0


def test_a_sentence_that_does_not_end_is_refused(made):
    _, coder, _ = made
    sender, streams = Sender(), Streams()
    coder.tell(sender, np.zeros((1, 2), np.float32), Notes(1), 0.0, [np.array([4] * 20 + [3], np.int32)])
    streams.push(sender.asked)
    with pytest.raises(ValueError, match="it has a sentence without an end"):
        coder.tell(Receiver(streams), np.zeros((1, 2), np.float32), Notes(1), 0.0)
