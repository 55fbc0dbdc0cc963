import numpy as np
import pytest
from scipy import fft

from keras_vae.tasks.compression.lossy.cosines import COLOURS, cosine_basis, patch_kernel


@pytest.mark.parametrize("n", [2, 4, 8])
def test_the_basis_is_orthonormal_and_that_of_scipy(n):
    basis = cosine_basis(n)
    np.testing.assert_allclose(basis @ basis.T, np.eye(n), atol=1e-12)
    x = np.random.default_rng(0).normal(size=n)
    np.testing.assert_allclose(basis @ x, fft.dct(x, norm="ortho"), atol=1e-12)


@pytest.mark.parametrize("n_channels", [1, 3])
def test_colours_are_orthonormal(n_channels):
    np.testing.assert_allclose(COLOURS[n_channels] @ COLOURS[n_channels].T, np.eye(n_channels), atol=1e-12)


@pytest.mark.parametrize(("side", "n_channels"), [(4, 1), (4, 3), (8, 1)])
def test_a_kernel_with_all_units_keeps_a_patch(side, n_channels):
    n_values = side * side * n_channels
    kernel = patch_kernel(side, n_channels, n_values + 5).reshape(n_values, n_values + 5)
    np.testing.assert_allclose(kernel @ kernel.T, np.eye(n_values), atol=1e-6)
    np.testing.assert_array_equal(kernel[:, n_values:], 0.0)


def test_fewer_units_are_the_slowest():
    few, all_units = patch_kernel(4, 3, 9), patch_kernel(4, 3, 48)
    np.testing.assert_array_equal(few, all_units[..., :9])
    # The first is the mean of brightness.
    np.testing.assert_allclose(few[..., 0], 1.0 / np.sqrt(48.0), rtol=1e-6)
