"""Symbols told by one side are learned by the other."""

import numpy as np
import pytest

from keras_vae.tasks.compression.streams import Streams
from keras_vae.tasks.compression.text.class_tree import ClassTree
from keras_vae.tasks.compression.text.questions import Receiver, Sender, p_by_weights, question_of


def test_what_is_sent_is_received_and_takes_the_bits_of_its_probabilities(rng):
    weights = np.array([900, 50, 30, 20])
    tree, classes = ClassTree(weights), rng.choice(4, 2000, p=weights / 1000)
    yes, values = rng.random(500) < 0.1, rng.integers(0, 8, (50, 3))
    sender, streams = Sender(), Streams()
    sender.symbols(tree, p_by_weights(tree, weights), classes)
    sender.answers(np.full(500, 0.125), yes)
    sender.values(lambda k: k / 8, 8, values)
    streams.push(sender.asked)
    ideal = -np.log2(weights / 1000)[classes].sum() - np.log2(np.where(yes, 0.125, 0.875)).sum() + 450
    assert sender.n_bits == pytest.approx(ideal, rel=1e-5)
    assert streams.n_bits()[0] == pytest.approx(ideal, abs=40)
    receiver = Receiver(streams)
    np.testing.assert_array_equal(receiver.symbols(tree, p_by_weights(tree, weights), 2000), classes)
    np.testing.assert_array_equal(receiver.answers(np.full(500, 0.125)), yes)
    np.testing.assert_array_equal(receiver.values(lambda k: k / 8, 8, (50, 3)), values)
    assert streams.n_bits() == [0]


def test_the_less_likely_answer_is_what_the_coder_takes():
    question = question_of(np.array([0.25, 0.5, 0.75]))
    assert question.p.tolist() == [[0.25, 0.5, 0.25]]
    assert question.flipped.tolist() == [[False, False, True]]
    assert question.active is None
