import numpy as np
import pytest
from helpers import assert_mean_close

from keras_vae.evaluation.codes import check_codes, draw_codes


def test_draws_are_those_of_the_gaussians(rng):
    z_mean, z_log_var = np.tile([1.0, -2.0], (20_000, 1)), np.tile(np.log([0.25, 4.0]), (20_000, 1))
    z = draw_codes(z_mean, z_log_var, rng)
    assert z.dtype == np.float32
    assert_mean_close(z, [1.0, -2.0], resolution=0.1)
    assert_mean_close((z - z_mean) ** 2, [0.25, 4.0], resolution=0.3)


def test_codes_come_back_in_double_precision():
    z_mean, z_log_var = check_codes(np.ones((3, 2), "float32"), [[0, 0], [1, 1], [2, 2]])
    assert z_mean.dtype == z_log_var.dtype == np.float64
    np.testing.assert_array_equal(z_log_var[:, 0], [0.0, 1.0, 2.0])


@pytest.mark.parametrize(
    ("z_mean", "z_log_var", "message"),
    [
        (np.zeros(3), np.zeros(3), r"must have the same shape \(n, latent_dim\).*z_mean\.shape=\(3,\)"),
        (np.zeros((4, 3)), np.zeros((3, 3)), "must have the same shape"),
        (np.zeros((0, 2)), np.zeros((0, 2)), "at least one row"),
        (np.full((3, 2), np.nan), np.zeros((3, 2)), "`z_mean` must be finite"),
        (np.zeros((3, 2)), np.full((3, 2), np.inf), "`z_log_var` must be finite"),
    ],
    ids=["rank", "shapes-differ", "empty", "nan", "infinite"],
)
def test_what_is_no_pair_of_codes_is_refused(z_mean, z_log_var, message):
    with pytest.raises(ValueError, match=message):
        check_codes(z_mean, z_log_var)
