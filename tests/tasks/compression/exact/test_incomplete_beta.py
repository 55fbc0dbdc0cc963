import numpy as np
import scipy.special

from keras_vae.tasks.compression.exact.incomplete_beta import incomplete_beta


def negative_binomials(n, rng):
    """Total counts, means and counts around them, over all that the likelihood allows."""
    r, mean = np.exp(rng.uniform(-10.0, 10.0, n)), np.exp(rng.uniform(-5.0, 20.0, n))
    counts = mean + 2.0 * np.sqrt(mean + mean**2 / r) * rng.standard_normal(n)
    return r, mean, np.floor(np.clip(counts, 1.0, 2.0**31))


def test_it_is_that_of_scipy(rng):
    r, mean, k = negative_binomials(5000, rng)
    found = incomplete_beta(r, k, r / (r + mean), mean / (r + mean))
    np.testing.assert_allclose(found, scipy.special.betainc(r, k, r / (r + mean)), atol=1e-10)


def test_an_element_is_the_same_alone_and_among_others(rng):
    r, mean, k = negative_binomials(50, rng)
    x, y = r / (r + mean), mean / (r + mean)
    together = incomplete_beta(r, k, x, y)
    for i in range(50):
        one = slice(i, i + 1)
        assert incomplete_beta(r[one], k[one], x[one], y[one])[0] == together[i]


def test_it_is_zero_and_one_at_the_ends():
    a, ends = np.array([0.3, 30.0]), np.array([1e-300, 1.0 - 1e-16])
    np.testing.assert_allclose(incomplete_beta(a[1:], a[1:], ends[:1], np.ones(1)), 0.0, atol=1e-12)
    np.testing.assert_allclose(incomplete_beta(a[1:], a[1:], ends[1:], np.array([1e-16])), 1.0, atol=1e-12)
