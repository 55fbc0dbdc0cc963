"""Factor analysis of rows with holes: the covariance of what was seen, whatever the holes."""

import numpy as np
import pytest
from sklearn.decomposition import FactorAnalysis

from keras_vae.tasks.hole_factors import filled, fit_factors, posterior


def table(rng, n=1500, n_columns=6, n_factors=2):
    loadings = rng.normal(size=(n_columns, n_factors))
    noise = rng.uniform(0.2, 0.6, n_columns)
    x = rng.normal(size=(n, n_factors)) @ loadings.T + rng.normal(size=(n, n_columns)) * np.sqrt(noise) + 1.0
    return x, loadings @ loadings.T + np.diag(noise)


def covariance(factors):
    return factors.loadings @ factors.loadings.T + np.diag(factors.noise)


def test_without_holes_it_is_the_factor_analysis_of_scikit_learn(rng):
    x, _ = table(rng)
    expected = FactorAnalysis(2, tol=1e-6, max_iter=2000).fit(x)
    factors = fit_factors(x, 2, 1e-6)
    # The prior of the loadings and the end of the iterations are the difference.
    np.testing.assert_allclose(covariance(factors), expected.get_covariance(), atol=0.05)
    assert posterior(factors, x)[2].mean() == pytest.approx(expected.score(x), abs=0.01)


def test_holes_leave_the_covariance_as_it_is(rng):
    x, true = table(rng)
    # At random: the last columns are holes where the first one is large. Means of what is left would be too small.
    x[np.ix_(x[:, 0] > 1.5, [3, 4, 5])] = np.nan
    factors = fit_factors(x, 2, 1e-6)
    # Sampling errors of 1,500 rows, of which half have holes.
    np.testing.assert_allclose(covariance(factors), true, atol=0.5)
    np.testing.assert_allclose(factors.mean, 1.0, atol=0.25)


def test_fills_holes_better_than_means(rng):
    x, _ = table(rng)
    hidden = rng.random(x.shape) < 0.3
    shown = np.where(hidden, np.nan, x)
    error = (filled(fit_factors(shown, 2, 1e-6), shown) - x)[hidden]
    means = (np.nanmean(shown, axis=0) - x)[hidden]
    assert np.mean(error**2) < 0.6 * np.mean(means**2)


def test_no_factors_are_means_and_variances(rng):
    x, _ = table(rng)
    factors = fit_factors(x, 0, 1e-6)
    np.testing.assert_allclose(factors.noise, x.var(axis=0))
    np.testing.assert_allclose(filled(factors, np.full((1, 6), np.nan))[0], x.mean(axis=0))
