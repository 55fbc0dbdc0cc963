"""Unknown words and kinds of parts, told and learned."""

import numpy as np
import pytest

from keras_vae.tasks.compression.streams import Streams
from keras_vae.tasks.compression.text.other_parts import OtherParts
from keras_vae.tasks.compression.text.questions import Receiver, Sender

WORDS = [b"zoo", b"", b"zoo", b"ape", b"zoo", b"\xff", b"ape"]


@pytest.fixture
def others():
    return OtherParts([b"cat", b"dog", b"zebra"])


def sent(others, words):
    sender, streams = Sender(), Streams()
    n_different = others.send_words(sender, words)
    streams.push(sender.asked)
    return streams, n_different


def test_words_are_spelled_once_and_come_back(others):
    streams, n_different = sent(others, WORDS)
    assert n_different == 4
    assert others.receive_words(Receiver(streams), len(WORDS), 4) == WORDS
    assert streams.n_bits() == [0]
    assert (
        sent(others, [b"gorilla"] * 100)[0].n_bits()[0] < sent(others, [b"gorilla", b"chimpanzee"])[0].n_bits()[0] + 50
    )


def test_no_words_take_no_bits(others):
    streams, n_different = sent(others, [])
    assert (n_different, streams.n_bits()) == (0, [0])
    assert others.receive_words(Receiver(streams), 0, 0) == []


@pytest.mark.parametrize(("n", "n_different"), [(3, 0), (1, 4), (0, 2), (9, 4)])
def test_other_numbers_of_words_are_refused(others, n, n_different):
    streams, _ = sent(others, WORDS)
    with pytest.raises(ValueError, match="it has other numbers of unknown words than it spells"):
        others.receive_words(Receiver(streams), n, n_different)


def test_kinds_come_back(others, rng):
    kinds, sender, streams = rng.integers(0, 3, 50), Sender(), Streams()
    weights = np.bincount(kinds)
    others.tell_kinds(sender, weights, kinds)
    streams.push(sender.asked)
    np.testing.assert_array_equal(others.tell_kinds(Receiver(streams), weights, 50), kinds)
