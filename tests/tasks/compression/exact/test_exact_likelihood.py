import numpy as np
import pytest

import keras_vae as kv
from keras_vae.tasks.compression.exact.exact_likelihood import exact_likelihood, likelihood_entry

# Likelihood, shape of an example, and how far the parameters are spread.
CASES = {
    "bernoulli": (kv.likelihoods.Bernoulli, (4, 3), 3.0),
    "logistic": (kv.likelihoods.DiscretizedLogistic, (3, 2, 3), 1.0),
    "mixture, grey": (kv.likelihoods.DiscretizedLogisticMixture, (3, 2, 1), 1.0),
    "mixture, colour": (lambda: kv.likelihoods.DiscretizedLogisticMixture(n_components=5), (3, 2, 3), 1.0),
    "categorical": (lambda: kv.likelihoods.Categorical(n_classes=9), (5,), 2.0),
    "categorical of the decoder": (lambda: kv.likelihoods.Categorical(), (5,), 2.0),
    "counts": (kv.likelihoods.NegativeBinomial, (6,), 2.0),
}


def made(case, n, rng, times=1.0):
    """Likelihood, its exact form, parameters of n rows, and draws."""
    make, shape, spread = CASES[case]
    likelihood = make()
    params_shape = (*shape, 9) if case.startswith("categorical") else likelihood.params_shape(shape)
    # In float32, as both forms are given them.
    x_params = (times * spread * rng.standard_normal((n, *params_shape))).astype(np.float32)
    exact = exact_likelihood(likelihood_entry(likelihood, params_shape), shape)
    x = np.asarray(likelihood.sample(x_params, seed=0)).astype(np.int64)
    return likelihood, exact, x_params, x


def walk(exact, x_params, x):
    """Groups with their values and their cdf given the groups before."""
    known = []
    for group in exact.groups(x_params.astype(np.float64)):
        values = group.take(x)
        yield group, values, group.given(known)
        known = [*known, values]


@pytest.mark.parametrize("case", CASES)
def test_differences_of_the_cdf_are_the_probabilities_of_the_library(case, rng):
    likelihood, exact, x_params, x = made(case, 200, rng)
    total = 0.0
    for _, values, below in walk(exact, x_params, x):
        total = total + np.log(below(values + 1) - below(values)).sum(axis=1)
    # float32 log probabilities of a dozen elements; counts up to thousands, whose log gammas cancel.
    tolerance = {"rtol": 1e-3, "atol": 1e-2} if case == "counts" else {"rtol": 1e-4, "atol": 1e-4}
    np.testing.assert_allclose(total, likelihood.log_prob(x.astype(np.float32), x_params), **tolerance)


@pytest.mark.parametrize("times", [1.0, 100.0, 1e6])
@pytest.mark.parametrize("case", CASES)
def test_a_cdf_begins_at_zero_ends_at_one_and_never_falls(case, times, rng):
    _, exact, x_params, x = made(case, 5, rng, times)
    for group, values, below in walk(exact, x_params, x % (exact.levels or 1000)):
        ks = np.arange(group.levels + 1) if group.levels else np.unique(np.geomspace(1, 2**31, 300).astype(int)) - 1
        cdf = np.stack([below(np.full(group.shape, k)) for k in ks])
        assert np.all(np.isfinite(cdf))
        assert np.all(cdf[0] == 0.0)
        # Counts in the far tail may miss a unit in the last place.
        assert np.all(np.diff(cdf, axis=0) >= (0.0 if group.levels else -(2.0**-52)))
        assert np.all(cdf <= 1.0)
        if group.levels:
            assert np.all(cdf[-1] == 1.0)
            assert np.array_equal(below(values), np.take_along_axis(cdf, values[None], axis=0)[0])


@pytest.mark.parametrize("case", CASES)
def test_rows_are_the_same_bits_alone_and_none_are_none(case, rng):
    _, exact, x_params, x = made(case, 7, rng)
    together = [below(values + 1) for _, values, below in walk(exact, x_params, x)]
    for rows in (slice(3, 4), slice(2, 5), slice(0, 0)):
        for all_rows, (group, values, below) in zip(together, walk(exact, x_params[rows], x[rows]), strict=True):
            assert np.array_equal(below(values + 1), all_rows[rows])
            assert group.shape == all_rows[rows].shape


@pytest.mark.parametrize("case", CASES)
def test_groups_hold_every_value_once(case, rng):
    _, exact, x_params, x = made(case, 3, rng)
    back = np.full_like(x, -1)
    groups = [(group, group.place(values, back)) for group, values, _ in walk(exact, x_params, x)]
    assert np.array_equal(back, x)
    assert len(groups) == (3 if case == "mixture, colour" else 1)
    assert all(group.levels == exact.levels for group, _ in groups)


def test_small_scales_and_far_locations_leave_a_cdf(rng):
    likelihood = kv.likelihoods.DiscretizedLogistic(min_log_scale=-50.0, max_log_scale=50.0)
    exact = exact_likelihood(likelihood_entry(likelihood, (1000,)), (500,))
    x_params = np.concatenate([rng.uniform(-1e30, 1e30, (2, 500)), rng.uniform(-60.0, 60.0, (2, 500))], axis=1)
    (group,) = exact.groups(x_params)
    cdf = np.stack([group.cdf(np.full(group.shape, k)) for k in range(257)])
    assert np.all(np.diff(cdf, axis=0) >= 0.0)
    assert np.all(np.isfinite(cdf))


def test_counts_of_millions_are_those_of_scipy():
    import scipy.stats

    exact = exact_likelihood(likelihood_entry(kv.likelihoods.NegativeBinomial(), (2,)), (1,))
    for log_mean, log_count in ((-3.0, -6.0), (2.0, 0.0), (10.0, 5.0), (15.0, 9.0)):
        (group,) = exact.groups(np.array([[log_mean, log_count]]))
        # What the bounds make of the two.
        mean = np.exp(min(log_mean, 20.0) - np.log1p(np.exp(-abs(log_mean - 20.0))))
        floored = -10.0 + np.log1p(np.exp(log_count + 10.0))
        r = np.exp(floored - np.log1p(np.exp(floored - 10.0)))
        for k in np.unique((mean * np.array([0.01, 0.5, 1.0, 1.1, 3.0])).astype(int)) + 1:
            wanted = scipy.stats.nbinom.cdf(k - 1, r, r / (r + mean))
            np.testing.assert_allclose(group.cdf(np.array([[k]])), wanted, atol=1e-9)


@pytest.mark.parametrize("name", ["gaussian", "multinomial", "continuous_bernoulli", "student_t"])
def test_likelihoods_that_cannot_be_coded_are_refused(name):
    likelihood = kv.likelihoods.get_likelihood(name)
    with pytest.raises(
        ValueError, match=r"`likelihood` must be one over whole numbers.*NegativeBinomial\. Received: k"
    ):
        likelihood_entry(likelihood, (4,))
