"""The choice of the latent size from end to end, on data whose answer is known."""

import numpy as np
import pytest

from keras_vae.tasks.tables import choose_latent_dim


def linear(n_factors, n_columns=8, n_rows=400):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(n_rows, n_factors)) @ rng.normal(size=(n_factors, n_columns))
    return (x + 0.5 * rng.normal(size=x.shape)).astype("float32")


@pytest.mark.slow
def test_two_linear_factors_are_found():
    found = choose_latent_dim(linear(2), [1, 2, 3], n_samples=50, verbose=False, epochs=2, hidden_units=[4])
    assert found.chosen == 2
    assert found.sizes == (1, 2, 3)
    assert (found.n_rows, found.n_samples, found.units) == (72, 50, "standardised values")
    # One dimension too few costs more than chance.
    assert found.differences[0] < -3.0 * found.difference_errors[0]


@pytest.mark.slow
def test_four_linear_factors_are_found_without_sizes_and_with_two_processes(tmp_path):
    folder = tmp_path / "sizes"
    found = choose_latent_dim(linear(4, 12), None, folder, 2, verbose=False, epochs=5, hidden_units=[4])
    assert found.chosen == 4
    assert (folder / "sizes.png").exists()
