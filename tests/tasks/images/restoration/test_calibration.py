"""The one number that makes draws as wide as their interval asks for."""

import numpy as np
import pytest

from keras_vae.tasks.images.restoration.calibration import N_DRAWS, coverage, quantiles, spread_for


@pytest.mark.parametrize("truth", [0.3, 1.0, 3.0])
def test_draws_that_are_too_narrow_or_too_wide_hold_nine_of_ten_afterwards(truth, rng):
    def pixels(n):
        estimate = rng.random(n)
        return estimate + truth * rng.normal(size=n), estimate, rng.normal(size=(N_DRAWS, n))

    clean, estimate, deviations = pixels(20_000)
    changed = np.ones(20_000, bool)
    spread = spread_for(clean, estimate, deviations, changed)
    clean, estimate, deviations = pixels(20_000)
    low, high = quantiles(estimate + spread * deviations)
    # Standard error 0.002, and as much from the calibration.
    assert abs(coverage(clean, low, high, changed) - 0.9) < 0.015


def test_only_changed_pixels_count(rng):
    clean, estimate = np.r_[np.zeros(500), np.full(500, 0.5)], np.r_[np.zeros(500), np.zeros(500)]
    deviations = np.tile(np.linspace(-1.0, 1.0, N_DRAWS)[:, None], 1000)
    changed = np.r_[np.zeros(500, bool), np.ones(500, bool)]
    spread = spread_for(clean, estimate, deviations, changed)
    assert spread == pytest.approx(0.5 / 0.9, rel=1e-6)
    assert spread_for(clean, estimate, deviations, np.zeros(1000, bool)) == 1.0
    assert np.isnan(coverage(clean, clean, clean, np.zeros(1000, bool)))
