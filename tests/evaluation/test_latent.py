import numpy as np
import pytest

from keras_vae.divergences import gaussian_kl_per_dim
from keras_vae.evaluation.latent import active_units, kl_per_dim


def test_kl_per_dim_by_hand():
    z_mean = [[1.0, 0.0], [-1.0, 0.0]]
    z_log_var = [[0.0, 0.0], [0.0, np.log(4.0)]]
    # Dimension 0: 1/2 for both rows. Dimension 1: 0 and (4 - 1 - log 4) / 2.
    np.testing.assert_allclose(kl_per_dim(z_mean, z_log_var), [0.5, 0.75 - 0.5 * np.log(2.0)], rtol=1e-12)


def test_kl_per_dim_is_the_mean_of_the_loss_term(rng):
    z_mean, z_log_var = rng.normal(size=(2, 50, 4)).astype("float32")
    expected = np.mean(gaussian_kl_per_dim(z_mean, z_log_var), axis=0)
    np.testing.assert_allclose(kl_per_dim(z_mean, z_log_var), expected, rtol=1e-5)  # float32 on the right.


def test_kl_per_dim_sums_many_rows_in_double_precision():
    z_mean = np.full((200_000, 1), 0.1, "float32")
    exact = 0.5 * np.float64(np.float32(0.1)) ** 2
    np.testing.assert_allclose(kl_per_dim(z_mean, np.zeros_like(z_mean)), [exact], rtol=1e-10)


def test_a_dimension_is_active_when_its_mean_varies_over_the_data():
    # Variances 0.25, 0 and 0.01 exactly at the threshold, which is not above it.
    z_mean = np.array([[0.5, 3.0, 0.125], [-0.5, 3.0, -0.125]])
    np.testing.assert_array_equal(active_units(z_mean, threshold=0.125**2), [True, False, False])
    np.testing.assert_array_equal(active_units(z_mean), [True, False, True])


@pytest.mark.parametrize("threshold", [-0.1, np.nan, None])
def test_a_threshold_that_is_no_variance_is_refused(threshold):
    with pytest.raises(ValueError, match="`threshold` must be a finite number >= 0"):
        active_units(np.zeros((3, 2)), threshold)
