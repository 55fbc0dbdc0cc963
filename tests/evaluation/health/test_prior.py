import numpy as np
import pytest
from scipy.stats import norm

from keras_vae.evaluation.health.prior import holes, tail_share, uncovered_codes
from keras_vae.priors.standard_normal import StandardNormal


def posteriors(z_mean, variance):
    return z_mean, np.full_like(z_mean, np.log(variance))


def matching(rng, n, dim, variance=0.3):
    """Posteriors that together are the standard normal."""
    return posteriors(rng.normal(size=(n, dim)) * np.sqrt(1.0 - variance), variance)


def test_the_share_by_hand():
    # The 5 % quantile of 0..100 is 5: of the points -1, 4.5, 5.5 and 200 two are below.
    tail = tail_share([-1.0, 4.5, 5.5, 200.0], np.arange(101.0))
    assert (tail.share, tail.tail) == (0.5, 0.05)
    np.testing.assert_array_equal(tail.points, [-1.0, 4.5, 5.5, 200.0])


@pytest.mark.slow
def test_points_of_one_kind_have_the_share_that_was_asked_for(rng):
    shares = [tail_share(rng.normal(size=400), rng.normal(size=300), seed=k) for k in range(100)]
    values = np.array([s.share for s in shares])
    assert values.mean() == pytest.approx(0.05, abs=5.0 * values.std() / 10.0)
    # And the error that is told is the spread.
    assert np.mean([s.standard_error for s in shares]) == pytest.approx(values.std(), rel=0.25)


@pytest.mark.parametrize("dim", [1, 5, 20])
@pytest.mark.parametrize("variance", [0.3, 0.001], ids=["wide", "narrow"])
def test_a_prior_that_is_the_aggregate_posterior_has_no_holes_in_any_dimension(dim, variance, rng):
    # Narrow posteriors in 20 dimensions hardly overlap, and their sum is anything but smooth: still 5 %.
    tail = holes(rng.normal(size=(1000, dim)), matching(rng, 1000, dim, variance), matching(rng, 300, dim, variance))
    assert tail.share == pytest.approx(0.05, abs=5.0 * tail.standard_error)
    assert 5.0 * tail.standard_error < 0.08


def test_a_prior_between_two_clusters_has_holes_of_known_size(rng):
    # Codes at -1 and 1, posteriors of stddev 0.1: where |z| is within 2.17 stddevs of a cluster there are all but 3 %
    # of them, the quantile of density that a twentieth lies below is at 1.96.
    centres = np.where(np.arange(4000) % 2, 1.0, -1.0)[:, None]
    tail = holes(rng.normal(size=(4000, 1)), posteriors(centres, 0.01), posteriors(centres, 0.01))
    covered = 2.0 * (norm.cdf(1.196) - norm.cdf(0.804))
    assert tail.share == pytest.approx(1.0 - covered, abs=5.0 * tail.standard_error)
    assert 5.0 * tail.standard_error < 0.1


def test_codes_spread_beyond_the_prior_are_not_covered_by_it(rng):
    # Codes of variance 9 in one dimension: |z| > 1.96 has probability 0.05 under the prior.
    z_prior, codes = rng.normal(size=(5000, 1)), posteriors(rng.normal(size=(5000, 1)) * np.sqrt(8.0), 1.0)
    tail = uncovered_codes(z_prior, codes, StandardNormal())
    assert tail.share == pytest.approx(2.0 * norm.cdf(-1.96 / 3.0), abs=5.0 * tail.standard_error)
    assert 5.0 * tail.standard_error < 0.06
    # They have no holes all the same: where the prior draws there are codes.
    assert holes(z_prior, codes, codes).share < 0.01


def test_codes_of_the_prior_are_covered(rng):
    tail = uncovered_codes(rng.normal(size=(2000, 4)), matching(rng, 2000, 4), StandardNormal())
    assert tail.share == pytest.approx(0.05, abs=5.0 * tail.standard_error)


@pytest.mark.parametrize("function", [holes, uncovered_codes])
def test_a_seed_fixes_the_share(function, rng):
    z_prior, codes = rng.normal(size=(50, 2)), matching(rng, 50, 2)
    last = codes if function is holes else StandardNormal()
    one, same, other = (function(z_prior, codes, last, seed=seed) for seed in (0, 0, 1))
    assert (one.share, one.standard_error) == (same.share, same.standard_error)
    assert not np.array_equal(one.others, other.others) or not np.array_equal(one.points, other.points)


@pytest.mark.parametrize("tail", [0.0, 1.5, None])
def test_a_tail_that_is_no_share_is_refused(tail):
    with pytest.raises(ValueError, match="`tail` must be a finite number > 0"):
        tail_share([0.0], [1.0], tail)


def test_a_seed_that_is_none_is_refused(rng):
    with pytest.raises(ValueError, match="`seed` must be a whole number >= 0"):
        tail_share([0.0], [1.0], seed=-1)
    for function, last in ((holes, matching(rng, 5, 2)), (uncovered_codes, StandardNormal())):
        with pytest.raises(ValueError, match="`seed` must be a whole number >= 0"):
            function(rng.normal(size=(5, 2)), matching(rng, 5, 2), last, seed=-1)
