"""Probabilistic PCA against the normal distribution of scipy and the PCA of scikit-learn."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats
from sklearn.decomposition import PCA

from keras_vae.tasks.tables.anomaly.linear_term import LinearTerm, principal_axes


def table(n, n_factors, width, noise=0.3):
    rng = np.random.default_rng(1)
    return rng.normal(size=(n, n_factors)) @ rng.normal(size=(n_factors, width)) + noise * rng.normal(size=(n, width))


def of_columns(term, z):
    return term(tf.constant(z, tf.float32)).numpy()


def covariance(term):
    return term.axes @ np.diag(term.variances - term.noise) @ term.axes.T + term.noise * np.eye(len(term.mean))


@pytest.mark.parametrize(("n_factors", "width"), [(2, 6), (3, 12), (1, 2)])
def test_the_distance_is_twice_the_log_density_of_scipy(n_factors, width, rng):
    z = table(500, n_factors, width)
    term = LinearTerm.learn(z, rng)
    density = stats.multivariate_normal(term.mean, covariance(term))
    expected = 2.0 * (density.logpdf(term.mean) - density.logpdf(z))
    np.testing.assert_allclose(of_columns(term, z).sum(axis=1), expected, rtol=2e-4, atol=2e-4)


def test_the_density_is_that_of_scikit_learn(rng):
    z = table(500, 3, 8)
    term = LinearTerm.learn(z, rng)
    pca = PCA(term.axes.shape[1], svd_solver="full").fit(z)
    expected = -2.0 * (pca.score_samples(z) - pca.score_samples(z[:1]))
    found = of_columns(term, z).sum(axis=1)
    # scikit-learn divides variances by n - 1.
    np.testing.assert_allclose(found - found[0], expected * 500 / 499, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("n_factors", [1, 2, 3, 5])
def test_rows_held_out_give_as_many_factors_as_the_density_needs(n_factors, rng):
    weights = rng.normal(size=(n_factors, 12))
    truth = stats.multivariate_normal(np.zeros(12), weights.T @ weights + 0.09 * np.eye(12))
    term = LinearTerm.learn(truth.rvs(1000, random_state=1), rng)
    assert term.axes.shape[1] >= n_factors
    new = truth.rvs(5000, random_state=2)
    # Some 30 parameters of 1000 rows cost half a nat for a thousand rows each.
    lost = truth.logpdf(new) - stats.multivariate_normal(term.mean, covariance(term)).logpdf(new)
    assert lost.mean() < 0.1


def test_columns_without_anything_in_common_have_no_factors(rng):
    term = LinearTerm.learn(np.random.default_rng(3).normal(size=(1000, 5)), rng)
    assert term.axes.shape == (5, 0)
    z = np.array([[1.0, 0.0, 0.0, 0.0, 2.0]])
    np.testing.assert_allclose(of_columns(term, z), (z - term.mean) ** 2 / term.noise, rtol=1e-5)


def test_one_column_is_its_own_distance(rng):
    z = np.random.default_rng(3).normal(size=(100, 1))
    term = LinearTerm.learn(z, rng)
    np.testing.assert_allclose(of_columns(term, z), (z - z.mean()) ** 2 / z.var(), rtol=1e-4)


def test_the_column_that_breaks_the_pattern_has_the_largest_part(rng):
    z = table(500, 2, 6)
    term = LinearTerm.learn(z, rng)
    row = z[:1].copy()
    row[0, 4] += 4.0
    assert of_columns(term, row)[0].argmax() == 4


def test_wide_rows_have_the_same_axes_by_another_route(rng):
    z = table(300, 3, 250)
    z -= z.mean(axis=0)
    axes, variances, total = principal_axes(z, 3, rng)
    exact, directions = np.linalg.eigh(z.T @ z / len(z))
    np.testing.assert_allclose(variances, exact[::-1][:3], rtol=1e-4)
    np.testing.assert_allclose(np.abs(axes.T @ directions[:, ::-1][:, :3]), np.eye(3), atol=1e-3)
    np.testing.assert_allclose(total, exact.sum(), rtol=1e-6)


@pytest.mark.parametrize("n", [1, 2, 3, 5])
@pytest.mark.parametrize("width", [1, 4, 250])
def test_few_rows_are_enough(n, width, rng):
    z = np.random.default_rng(0).normal(size=(n, width))
    term = LinearTerm.learn(z, rng)
    assert np.isfinite(of_columns(term, z)).all()
    assert term.noise > 0.0
