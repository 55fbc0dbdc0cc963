"""The step over which the price of a nat is measured: as large as its description says."""

import numpy as np
import pytest
from helpers import small_vae

from keras_vae.evaluation.health import decoder
from keras_vae.evaluation.health.decoder import LOG_VAR_STEP, exchange_rate


def test_the_posteriors_are_narrowed_and_widened_by_five_percent(rng, monkeypatch):
    vae = small_vae("gaussian_fixed")
    x = rng.normal(size=(40, 6)).astype("float32")
    z_mean, z_log_var = vae.encode(x)
    seen = []

    def loss_of(vae, batch_size=256):
        def loss(z, y, condition=None):
            seen.append(np.std(z - z_mean, axis=0))
            return np.zeros(len(z))

        return loss

    monkeypatch.setattr(decoder, "reconstruction_loss_of", loss_of)
    exchange_rate(vae, z_mean, z_log_var, x, n_samples=1)
    narrow, wide = seen
    # The same noise on both sides: the ratio is exact.
    np.testing.assert_allclose(wide / narrow, np.exp(LOG_VAR_STEP / 2), rtol=1e-4)
    assert np.exp(LOG_VAR_STEP / 4) == pytest.approx(1.05, abs=0.002)
