import numpy as np
import pytest
from scipy import linalg

from keras_vae.tasks.images.generation.frechet_distance import frechet_distance


@pytest.fixture
def pair(rng):
    def drawn(n):
        return rng.normal(size=(n, 5)) @ rng.normal(size=(5, 5)) + rng.normal(size=5)

    return drawn(300), drawn(200)


def with_moments(mean, covariance, rng):
    """Rows whose mean and covariance are exactly these."""
    rows = rng.normal(size=(50, len(mean)))
    rows -= rows.mean(axis=0)
    rows = rows @ np.linalg.inv(np.linalg.cholesky(np.cov(rows, rowvar=False))).T
    return rows @ np.linalg.cholesky(np.asarray(covariance)).T + mean


def test_it_is_zero_for_the_same_set(pair):
    assert frechet_distance(pair[0], pair[0]) < 1e-10
    assert frechet_distance(pair[0], pair[0][::-1]) < 1e-10


def test_it_is_the_square_root_of_the_product_as_scipy_takes_it(pair):
    cov = [np.cov(part, rowvar=False) for part in pair]
    difference = pair[0].mean(axis=0) - pair[1].mean(axis=0)
    wanted = difference @ difference + np.trace(cov[0] + cov[1] - 2.0 * linalg.sqrtm(cov[0] @ cov[1]).real)
    np.testing.assert_allclose(frechet_distance(*pair), wanted, rtol=1e-8)


def test_it_is_symmetric(pair):
    np.testing.assert_allclose(frechet_distance(*pair), frechet_distance(*pair[::-1]), rtol=1e-8)


@pytest.mark.parametrize(
    ("mean", "stddevs", "wanted"),
    [
        pytest.param([3.0, 4.0], [1.0, 1.0], 25.0, id="shift"),
        pytest.param([0.0, 0.0], [3.0, 1.0], 4.0, id="scale"),
        pytest.param([1.0, 0.0], [2.0, 5.0], 1.0 + 1.0 + 16.0, id="both"),
    ],
)
def test_gaussians_without_correlation_by_hand(mean, stddevs, wanted, rng):
    # Sum of squared differences of means and of standard deviations.
    a = with_moments([0.0, 0.0], np.eye(2), rng)
    b = with_moments(mean, np.diag(np.square(stddevs)), rng)
    np.testing.assert_allclose(frechet_distance(a, b), wanted, rtol=1e-8)


def test_it_is_the_cost_of_the_best_map_between_gaussians(rng):
    # The optimal map is linear, T = A^(-1/2) (A^(1/2) B A^(1/2))^(1/2) A^(-1/2): its mean squared way is the distance.
    cov_a, cov_b = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([[1.0, -0.3], [-0.3, 3.0]])
    a = with_moments([0.0, 0.0], cov_a, rng)
    root = linalg.sqrtm(cov_a)
    inverse = np.linalg.inv(root)
    way = inverse @ linalg.sqrtm(root @ cov_b @ root) @ inverse
    b = a @ way.T
    wanted = np.sum(np.square(a - b)) / (len(a) - 1)
    np.testing.assert_allclose(frechet_distance(a, b), wanted, rtol=1e-8)


def test_features_that_are_constant_or_more_than_rows_are_taken(rng):
    a, b = np.zeros((4, 9)), rng.normal(size=(4, 9))
    wanted = np.sum(np.square(b.mean(axis=0))) + np.trace(np.cov(b, rowvar=False))
    np.testing.assert_allclose(frechet_distance(a, b), wanted, rtol=1e-8)


@pytest.mark.parametrize(
    ("a", "message"),
    [
        pytest.param(np.zeros(4), r"`a` must have shape \(n, n_features\) with n >= 2", id="rank"),
        pytest.param(np.zeros((1, 3)), r"n >= 2. Received: a.shape=\(1, 3\)", id="one-row"),
        pytest.param(np.zeros((5, 2)), "must have the same features. Received: 2 and 3", id="features"),
        pytest.param(np.full((5, 3), np.nan), "`a` must hold finite numbers", id="nan"),
    ],
)
def test_bad_features_are_refused(a, message):
    with pytest.raises(ValueError, match=message):
        frechet_distance(a, np.zeros((5, 3)))
