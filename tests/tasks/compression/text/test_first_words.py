"""First words given codes: they come back, whatever follows them, and cost what the model says."""

import numpy as np
import pytest
from tasks.compression.text.text_stand_in import SENTENCES, StandIn, nats_of

from keras_vae.tasks.compression.text.first_words import FirstWords

LONGEST = 7


@pytest.fixture(scope="module")
def made():
    model = StandIn(2)
    model.max_length = LONGEST
    rows = model.tokenizer.ids(SENTENCES * 3)
    assert max(map(len, rows)) == LONGEST
    z = np.random.default_rng(0).normal(size=(len(rows), 2)).astype(np.float32)
    return model, FirstWords(model), rows, z


@pytest.mark.parametrize("n_words", [0, 1, 3, LONGEST, 20])
def test_words_come_back_from_a_model_that_is_off_by_some_units_in_the_last_place(made, n_words):
    model, coder, rows, z = made
    data = coder.pack(z, rows, n_words)
    model.decoder.noise.assign(2e-6)
    found = coder.unpack(data, z, n_words)
    model.decoder.noise.assign(0.0)
    assert [row.tolist() for row in found] == [row[:n_words].tolist() for row in rows]


def test_the_bytes_are_the_nats_of_the_words(made):
    model, coder, rows, z = made
    nats = nats_of(model, z, [row[:4] for row in rows]).sum()
    assert len(coder.pack(z, rows, 4)) == pytest.approx(nats / np.log(2) / 8, rel=0.01, abs=8)


def test_what_follows_the_first_words_changes_nothing(made):
    _, coder, rows, z = made
    others = [np.append(row[:2], [4, 5, 3][: 3 * (len(row) > 2)]).astype(np.int32) for row in rows]
    assert coder.pack(z, others, 2) == coder.pack(z, rows, 2)


def test_more_bytes_than_the_words_are_refused(made):
    _, coder, rows, z = made
    with pytest.raises(ValueError, match="it holds more than its words"):
        coder.unpack(coder.pack(z, rows, 3), z, 1)
