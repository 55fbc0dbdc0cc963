"""Sentences side by side: each gets what it would get alone."""

import numpy as np
import pytest
from tasks.compression.text.text_stand_in import StandIn

from keras_vae.tasks.compression.text.lockstep import BATCHES, FILLINGS, Lockstep


@pytest.fixture(scope="module")
def steps():
    model = StandIn(2)
    return model, Lockstep(model.decoder)


def walked(steps, z, rows):
    """Masses that each sentence got for each of its words, and the largest number of sentences side by side."""
    found, at, widest = [[] for _ in rows], np.zeros(len(rows), int), 0

    def choose(owners, masses):
        nonlocal widest
        widest = max(widest, len(owners))
        tokens = np.array([rows[i][at[i]] for i in owners])
        for i, own in zip(owners, masses.T, strict=True):
            found[i].append(own)
        at[owners] += 1
        return tokens

    steps.walk(z, choose)
    assert at.tolist() == [len(row) for row in rows]
    return found, widest


@pytest.mark.parametrize("n", [0, 1, 5, FILLINGS * BATCHES[1] + 10])
def test_each_sentence_gets_what_it_gets_alone(steps, n, rng):
    model, steps = steps
    rows = [[*rng.integers(4, model.tokenizer.n_tokens, rng.integers(0, 6)), 3] for _ in range(n)]
    z = rng.normal(size=(n, 2)).astype(np.float32)
    together, widest = walked(steps, z, rows)
    assert widest == min(n, BATCHES[1] if n > 10 else BATCHES[0])
    for i in rng.permutation(n)[:3]:
        (alone,), _ = walked(steps, z[i : i + 1], [rows[i]])
        np.testing.assert_allclose(alone, together[i], rtol=1e-5)


def test_masses_are_those_of_the_steps_of_the_decoder(steps):
    model, steps = steps
    z, row = np.ones((1, 2), np.float32), [5, 2, 3]
    (found,), _ = walked(steps, z, [row])
    state, told = model.decoder.initial_state(z), [1, 5, 2]
    for before, masses in zip(told, found, strict=True):
        log_probs, state = model.decoder.step(np.array([before]), z, state)
        np.testing.assert_allclose(masses, np.exp(log_probs.numpy()[0, 2:]), rtol=1e-5)
        assert masses.sum() == pytest.approx(1.0, abs=1e-5)
