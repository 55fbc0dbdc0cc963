"""Codes under prior and posterior, the same for floats that differ a little."""

import numpy as np
from tasks.compression.text.text_stand_in import StandIn

from keras_vae.tasks.compression.text.latent_coder import LatentCoder
from keras_vae.tasks.compression.text.rounded_odds import Notes


def test_the_posterior_is_that_of_the_model_to_a_few_percent_of_its_width():
    model = StandIn(3)
    coder, rows = LatentCoder(model), [np.array([5, 3]), np.array([7, 6, 3])]
    cdf = coder.posterior_cdf(rows, Notes(2))
    k = np.arange(coder.bins.levels + 1)[:, None, None] + np.zeros((2, 3), int)
    masses, centers = np.diff(cdf(k), axis=0), np.array([coder.bins.centers(i) for i in k[:-1]])
    means, log_vars = model.encode([[5], [7]])
    np.testing.assert_allclose(masses.sum(axis=0), 1.0, rtol=1e-12)
    found = (masses * centers).sum(axis=0)
    np.testing.assert_allclose(found, means, atol=0.02)
    stddev = np.sqrt((masses * (centers - found) ** 2).sum(axis=0))
    np.testing.assert_allclose(stddev, np.exp(0.5 * log_vars), rtol=0.07)


def test_the_prior_is_the_standard_normal_and_a_code_costs_what_is_said():
    coder = LatentCoder(StandIn(2))
    k = np.arange(coder.bins.levels + 1)[:, None, None] + np.zeros((1, 2), int)
    masses, centers = np.diff(coder.prior_cdf(k), axis=0), np.array([coder.bins.centers(i) for i in k[:-1]])
    np.testing.assert_allclose((masses * centers**2).sum(axis=0), 1.0, rtol=0.01)
    entropy = -(masses * np.log2(np.maximum(masses, 1e-300))).sum()
    assert coder.n_needed - 2.0 < entropy < coder.n_needed
