import numpy as np
import pytest

from keras_vae.samplers.mixture import fit_mixture


def test_one_component_has_the_moments_of_all_codes(rng):
    codes = rng.normal(size=(3, 400, 2)) @ [[1.0, 0.5], [0.0, 0.2]] + [4.0, -1.0]
    mixture = fit_mixture(codes, n_components=1)
    rows = codes.reshape(-1, 2)
    np.testing.assert_allclose(mixture.means, [rows.mean(axis=0)], rtol=1e-5)
    factor = mixture.factors.numpy()[0]
    np.testing.assert_allclose(factor @ factor.T, np.cov(rows.T, bias=True), atol=1e-4)


def test_a_dimension_without_any_spread_is_no_obstacle(rng):
    codes = rng.normal(size=(1, 60, 2)).astype("float32")
    codes[..., 1] = 3.0
    assert np.all(np.isfinite(fit_mixture(codes, n_components=1).sample(5)))


def test_too_few_examples_for_the_covariances_are_refused(rng):
    with pytest.raises(ValueError, match=r"`x` must hold at least .* = 6 examples for full .* Received: 5;"):
        fit_mixture(rng.normal(size=(4, 5, 2)), n_components=2)


@pytest.mark.parametrize("n_components", [0, [2, 0.5], []])
def test_numbers_of_components_out_of_bounds_are_refused(n_components, rng):
    with pytest.raises(ValueError, match="`n_components` must be a whole number >= 1"):
        fit_mixture(rng.normal(size=(1, 50, 2)), n_components=n_components)
