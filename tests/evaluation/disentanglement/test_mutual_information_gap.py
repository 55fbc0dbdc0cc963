import itertools

import numpy as np
import pytest
from helpers import assert_mean_close
from scipy.integrate import quad
from scipy.stats import norm

from keras_vae.evaluation.disentanglement.factor_checks import factor_entropy, top_two_gap
from keras_vae.evaluation.disentanglement.mutual_information_gap import (
    _log_weights,
    information_histogram,
    information_posterior,
    mig_histogram,
    mig_posterior,
)

# Every combination of a factor of two and one of four values.
FACTORS = np.array(list(itertools.product(range(2), range(4))))
NARROW = np.log(1e-6)


def test_entropy_of_factors_by_hand():
    factors = np.array([[0, 7.5], [0, 7.5], [0, -1.0], [1, 3.0]])
    by_hand = [2.0 * np.log(2.0) - 0.75 * np.log(3.0), 0.5 * np.log(2.0) + 0.5 * np.log(4.0)]
    np.testing.assert_allclose(factor_entropy(factors), by_hand, rtol=1e-12)


def test_the_gap_is_between_the_largest_two_of_a_row():
    np.testing.assert_allclose(top_two_gap(np.array([[0.1, 0.7, 0.4], [2.0, -1.0, 2.0]])), [0.3, 0.0])


# The histogram of the means.


def test_a_code_that_is_the_factors_has_a_gap_of_one():
    np.testing.assert_allclose(
        information_histogram(FACTORS, FACTORS), [[np.log(2.0), 0.0], [0.0, np.log(4.0)]], atol=1e-12
    )
    np.testing.assert_allclose(mig_histogram(FACTORS, FACTORS), 1.0, rtol=1e-12)


def test_a_code_that_tells_half_of_the_bits_has_half_the_gap():
    # z_0 tells the first factor; z_1 one of the two bits of the second, the third dimension the other one.
    code = np.stack([FACTORS[:, 0], FACTORS[:, 1] // 2, np.zeros(8)], axis=1)
    np.testing.assert_allclose(mig_histogram(code, FACTORS), (1.0 + 0.5) / 2, rtol=1e-12)


def test_two_dimensions_that_tell_the_same_leave_no_gap():
    code = np.stack([FACTORS[:, 1], -FACTORS[:, 1], FACTORS[:, 0], 5.0 - FACTORS[:, 0]], axis=1)
    np.testing.assert_allclose(mig_histogram(code, FACTORS), 0.0, atol=1e-12)


@pytest.mark.parametrize(("n_bins", "n_told"), [(20, 20), (40, 40), (2, 2)])
def test_a_dimension_tells_no_more_values_than_there_are_bins(n_bins, n_told):
    factor = np.repeat(np.arange(40), 2)[:, None]
    code = np.concatenate([factor, np.ones_like(factor)], axis=1)
    np.testing.assert_allclose(information_histogram(code, factor, n_bins), [[np.log(n_told), 0.0]], atol=1e-12)


def test_the_histogram_is_that_of_numpy(rng):
    code, factors = rng.normal(size=(500, 3)), rng.integers(0, 4, size=(500, 2))
    for k, j in np.ndindex(2, 3):
        edges = np.histogram_bin_edges(code[:, j], 20)
        joint = np.histogram2d(factors[:, k], code[:, j], bins=(np.arange(5) - 0.5, edges))[0] / 500
        product = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
        held = joint > 0
        expected = np.sum(joint[held] * np.log(joint[held] / product[held]))
        np.testing.assert_allclose(information_histogram(code, factors)[k, j], expected, rtol=1e-10)


def test_factors_may_have_any_values_and_the_code_any_scale():
    renamed = np.stack([np.array([3.5, -1.0])[FACTORS[:, 0]], np.array([9, 2, 4, 7])[FACTORS[:, 1]]], axis=1)
    np.testing.assert_allclose(mig_histogram(1e-3 * FACTORS - 7.0, renamed), 1.0, rtol=1e-12)


def test_a_random_code_has_almost_no_gap(rng):
    factors = rng.integers(0, 4, size=(3000, 3))
    code = rng.normal(size=(3000, 6))
    # The bias of an empirical mutual information is (bins - 1)(values - 1) / 2n = 0.0095 nats, of an entropy of 1.39.
    assert mig_histogram(code, factors) < 0.01
    assert abs(mig_posterior(code, np.zeros_like(code), factors, n_samples=300)) < 0.01


# Samples of the posterior.


def two_gaussians(distance, stddev):
    """Mutual information of a fair coin and a Gaussian at +-distance by its outcome, by quadrature. Nats."""

    def integrand(z):
        p = 0.5 * (norm.pdf(z, -distance, stddev) + norm.pdf(z, distance, stddev))
        return -p * np.log(p)

    reach = distance + 9.0 * stddev
    entropy = quad(integrand, -reach, reach, limit=200)[0]
    return entropy - norm.entropy(scale=stddev)


@pytest.mark.parametrize(("distance", "stddev"), [(1.0, 1.0), (0.5, 1.0), (1.5, 0.5)])
def test_information_of_overlapping_posteriors_is_the_integral(distance, stddev):
    factor = np.repeat([0, 1], 4)[:, None]
    z_mean = np.concatenate([distance * (2.0 * factor - 1.0), np.zeros((8, 1))], axis=1)
    z_log_var = np.full((8, 2), 2.0 * np.log(stddev))
    estimates = np.array([information_posterior(z_mean, z_log_var, factor, 400, seed=s)[0] for s in range(60)])
    assert_mean_close(estimates[:, 0], two_gaussians(distance, stddev), resolution=0.03)
    np.testing.assert_allclose(estimates[:, 1], 0.0, atol=1e-12)


def test_posteriors_that_do_not_overlap_tell_the_factor_in_full():
    z_mean = FACTORS.astype("float64")
    information = information_posterior(z_mean, np.full((8, 2), NARROW), FACTORS, n_samples=80)
    np.testing.assert_allclose(information, [[np.log(2.0), 0.0], [0.0, np.log(4.0)]], atol=1e-12)
    np.testing.assert_allclose(mig_posterior(z_mean, np.full((8, 2), NARROW), FACTORS, 80), 1.0, rtol=1e-12)


def test_a_collapsed_code_tells_nothing():
    np.testing.assert_allclose(mig_posterior(np.zeros((8, 3)), np.zeros((8, 3)), FACTORS, 50), 0.0, atol=1e-12)


def test_a_dimension_within_its_own_noise_is_told_apart_by_the_posterior_alone():
    # Means that follow the factors, a thousandth of the width of the posterior apart.
    z_mean = 1e-3 * FACTORS
    np.testing.assert_allclose(mig_histogram(z_mean, FACTORS), 1.0, rtol=1e-12)
    assert abs(mig_posterior(z_mean, np.zeros((8, 2)), FACTORS)) < 1e-3


def test_blocks_do_not_change_the_sum(rng, monkeypatch):
    factors = rng.integers(0, 3, size=(60, 2))
    arguments = (rng.normal(size=(60, 3)), rng.normal(size=(60, 3)), factors, 100)
    whole = information_posterior(*arguments)
    monkeypatch.setattr("keras_vae.evaluation.disentanglement.mutual_information_gap.BLOCK_SIZE", 1)
    np.testing.assert_allclose(information_posterior(*arguments), whole, rtol=1e-10, atol=1e-12)


def test_the_mixture_is_that_of_scipy(rng):
    n, factors = 12, np.repeat([0, 1, 2], 4)[:, None]
    z_mean, z_log_var = rng.normal(size=(2, n, 2))
    # As many draws as rows: each row is drawn once, in an order of the seed.
    draws = np.random.default_rng(5)
    rows = draws.permutation(n)
    z = z_mean[rows] + np.exp(0.5 * z_log_var[rows]) * draws.standard_normal((n, 2))
    density = norm.pdf(z[:, None], z_mean[None], np.exp(0.5 * z_log_var)[None])
    same = factors[rows] == factors.T
    given = np.where(same[..., None], density, 0.0).sum(axis=1) / 4
    expected = np.mean(np.log(given) - np.log(density.mean(axis=1)), axis=0)
    np.testing.assert_allclose(information_posterior(z_mean, z_log_var, factors, n, seed=5)[0], expected, rtol=1e-10)


def test_a_part_of_the_population_estimates_its_mixture_without_bias():
    # Over all parts of three out of five that hold the row z was drawn from, the weighted sum averages to the mixture.
    density = np.array([0.9, 0.1, 0.4, 0.2, 0.7])
    estimates = []
    for others in itertools.combinations(range(1, 5), 2):
        weights = np.exp(_log_weights(np.array([0]), 3, share=3 / 5))[0]
        np.testing.assert_allclose(weights.sum(), 1.0, rtol=1e-12)
        estimates.append(weights @ density[[0, *others]])
    np.testing.assert_allclose(np.mean(estimates), density.mean(), rtol=1e-12)


def test_a_value_with_one_row_is_its_own_mixture():
    np.testing.assert_array_equal(_log_weights(np.array([0, 0]), 1, share=0.1), [[0.0], [0.0]])


@pytest.mark.slow
def test_a_part_errs_above_and_the_part_of_a_population_below(rng):
    # Posteriors so narrow that a z lies far from all rows but its own; in the population every row has neighbours, and
    # the factor says nothing about the code.
    z_mean = np.concatenate([np.linspace(-1.0, 1.0, 20_000)[:, None], np.zeros((20_000, 1))], axis=1)
    factor = rng.integers(0, 2, size=(20_000, 1))
    z_log_var = np.full_like(z_mean, 2.0 * np.log(2e-3))
    part = rng.choice(20_000, 400, replace=False)
    arguments = (z_mean[part], z_log_var[part], factor[part], 400)
    assert information_posterior(*arguments)[0, 0] > 0.2
    assert information_posterior(*arguments, n_population=20_000)[0, 0] < -0.2
    assert abs(information_posterior(z_mean, z_log_var, factor, 400)[0, 0]) < 0.05


def test_all_rows_as_population_is_the_default(rng):
    factors = rng.integers(0, 2, size=(30, 1))
    arguments = (*rng.normal(size=(2, 30, 2)), factors, 60)
    np.testing.assert_allclose(information_posterior(*arguments), information_posterior(*arguments, n_population=30))


def test_the_same_seed_gives_the_same_number(rng):
    factors = rng.integers(0, 2, size=(30, 1))
    arguments = (*rng.normal(size=(2, 30, 2)), factors, 60)
    assert mig_posterior(*arguments, seed=1) == mig_posterior(*arguments, seed=1)
    assert mig_posterior(*arguments, seed=1) != mig_posterior(*arguments, seed=2)


# What is refused.


@pytest.mark.parametrize("estimator", [mig_histogram, information_histogram])
def test_a_histogram_needs_two_bins(estimator):
    with pytest.raises(ValueError, match="`n_bins` must be a whole number >= 2"):
        estimator(FACTORS, FACTORS, n_bins=1)


def test_a_factor_without_repeated_values_is_refused(rng):
    factors = rng.normal(size=(8, 1))
    with pytest.raises(ValueError, match=r"come twice on average.* 8 values in the 8 rows of factors\[:, 0\]"):
        mig_histogram(FACTORS, factors)
    with pytest.raises(ValueError, match="come twice on average"):
        mig_posterior(FACTORS, np.zeros((8, 2)), factors)


def test_variances_of_another_shape_or_not_finite_are_refused():
    with pytest.raises(ValueError, match="`z_mean` and `z_log_var` must have the same shape"):
        mig_posterior(FACTORS, np.zeros((8, 3)), FACTORS)
    with pytest.raises(ValueError, match="`z_log_var` must be finite"):
        mig_posterior(FACTORS, np.full((8, 2), np.nan), FACTORS)


@pytest.mark.parametrize(
    ("argument", "value", "minimum"), [("n_samples", 0, 1), ("n_population", 7, 8), ("seed", -1, 0)]
)
def test_numbers_out_of_bounds_are_refused(argument, value, minimum):
    with pytest.raises(ValueError, match=f"`{argument}` must be a whole number >= {minimum}"):
        mig_posterior(FACTORS, np.zeros((8, 2)), FACTORS, **{argument: value})
