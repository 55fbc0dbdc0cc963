"""Odds on a grid: floats that are off by some units in the last place lead to the same numbers."""

import numpy as np
import pytest

from keras_vae.tasks.compression.text.rounded_odds import ODDS_STEPS, P_YES, TOLERANCE, Notes, p_yes


def test_probabilities_are_multiples_of_the_unit_and_symmetric():
    assert np.all(np.mod(P_YES * 2**24, 1.0) == 0.0)
    assert 0 < P_YES.min() < 1e-5
    np.testing.assert_array_equal(P_YES, 1 - P_YES[::-1])


def test_rounding_costs_less_than_a_thousandth_of_the_bits(rng):
    yes = rng.random(20_000)
    p = p_yes(1 - yes, yes, Notes(len(yes)), np.arange(len(yes)))
    entropy = -(yes * np.log(yes) + (1 - yes) * np.log1p(-yes))
    cross = -(yes * np.log(p) + (1 - yes) * np.log1p(-p))
    assert 0 < (cross - entropy).mean() < 0.002 * entropy.mean()


@pytest.mark.parametrize("shape", [(3000,), (3000, 5)])
def test_who_reads_the_notes_gets_the_same_numbers(rng, shape):
    values = rng.integers(-20, 20, (4, *shape)) / ODDS_STEPS + rng.choice([0.03, 0.125], (4, *shape), p=[0.99, 0.01])
    owners = np.array([rng.permutation(3000) for _ in values])
    writer = Notes(3000)
    written = [writer.rounded(v, ODDS_STEPS, o) for v, o in zip(values, owners, strict=True)]
    assert 0.005 * values.size < len(writer.noted) < 0.02 * values.size
    off = rng.uniform(-TOLERANCE, TOLERANCE, values.shape)
    reader, without = Notes(3000, writer.noted), Notes(3000, [])
    read = [reader.rounded(v, ODDS_STEPS, o) for v, o in zip(values + off, owners, strict=True)]
    np.testing.assert_array_equal(read, written)
    lost = [without.rounded(v, ODDS_STEPS, o) for v, o in zip(values + off, owners, strict=True)]
    assert np.any(np.array(lost) != written)


def test_notes_do_not_depend_on_who_is_asked_beside_whom(rng):
    values = rng.integers(-9, 9, (50, 4)) / ODDS_STEPS + 0.5 / ODDS_STEPS
    together, alone = Notes(50), Notes(50)
    together.rounded(values, ODDS_STEPS, np.arange(50))
    for owner in rng.permutation(50):
        for value in values[owner]:
            alone.rounded(np.array([value]), ODDS_STEPS, np.array([owner]))
    assert len(together.noted) == 200
    np.testing.assert_array_equal(together.noted, alone.noted)


def test_no_mass_on_one_side_is_a_small_probability_and_not_none():
    p = p_yes(np.array([1.0, 0.0]), np.array([0.0, 1.0]), Notes(2), np.arange(2))
    np.testing.assert_array_equal(p, [P_YES[0], P_YES[-1]])


@pytest.mark.parametrize("masses", [(np.nan, 1.0), (0.0, 0.0)])
def test_masses_that_are_no_numbers_are_refused(masses):
    with pytest.raises(ValueError, match=r"`model` must give probabilities of words that are numbers. Received: NaN"):
        p_yes(*(np.array([m]) for m in masses), Notes(1), np.arange(1))
