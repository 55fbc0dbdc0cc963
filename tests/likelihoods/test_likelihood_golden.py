"""Values that can be derived by hand."""

import math

import numpy as np
import pytest

from keras_vae.likelihoods import (
    Bernoulli,
    Categorical,
    ContinuousBernoulli,
    DiscretizedLogistic,
    Gaussian,
    GaussianFixed,
    GaussianShared,
    Multinomial,
    NegativeBinomial,
)

HALF_LOG_2_PI = 0.5 * math.log(2 * math.pi)
# The smooth floor at -10 leaves this of a raw log variance of 0.
NEARLY_ZERO = math.log1p(math.exp(-10))


@pytest.mark.parametrize(
    ("likelihood", "x", "x_params", "expected"),
    [
        pytest.param(Bernoulli(), [1, 0], [0, 0], -2 * math.log(2), id="bernoulli-two-fair-coins"),
        pytest.param(Bernoulli(), [1], [math.log(3)], math.log(0.75), id="bernoulli-three-to-one"),
        pytest.param(Bernoulli(), [0], [100], -100, id="bernoulli-far-tail"),
        pytest.param(ContinuousBernoulli(), [0.3], [0], 0, id="continuous-bernoulli-uniform"),
        # Density l / (1 - exp(-l)) * exp(-l x) with l = log 2 is 2 log 2 at x = 0.
        pytest.param(
            ContinuousBernoulli(), [0], [-math.log(2)], math.log(2 * math.log(2)), id="continuous-bernoulli-falling"
        ),
        pytest.param(Gaussian(), [1], [1, 0], -HALF_LOG_2_PI - NEARLY_ZERO / 2, id="gaussian-at-the-mean"),
        # Location first, then raw scale, along the last axis: (1, 2 | 0, 0).
        pytest.param(
            Gaussian(),
            [1, 2],
            [1, 2, 0, 0],
            -2 * HALF_LOG_2_PI - NEARLY_ZERO,
            id="gaussian-locations-first",
        ),
        pytest.param(GaussianFixed(), [2], [0], -2 - HALF_LOG_2_PI, id="gaussian-fixed-two-sigma"),
        pytest.param(GaussianFixed(0.1), [0], [0], math.log(10) - HALF_LOG_2_PI, id="gaussian-fixed-narrow"),
        pytest.param(GaussianShared(), [1], [0], -0.5 - HALF_LOG_2_PI, id="gaussian-shared-starts-at-one"),
        # Location -1 is grey 0, all of one bin: half the mass and half a level more, logistic(0.5 / 127.5).
        pytest.param(
            DiscretizedLogistic(),
            [0],
            [-1, 0],
            -math.log1p(math.exp(-0.5 / 127.5)),
            id="discretized-logistic-black",
        ),
        # Halfway up and so wide that the two ends share the mass: logistic(-127 / 127.5) for either.
        pytest.param(
            DiscretizedLogistic(),
            [255],
            [0, 0],
            -math.log1p(math.exp(127 / 127.5)),
            id="discretized-logistic-white",
        ),
        pytest.param(Categorical(), [1, 0], [[0, 0], [math.log(3), 0]], math.log(0.5 * 0.75), id="categorical-two"),
        # 3 ways of two and one, each 1/4 * 1/4 * 3/4 ... with probabilities 1/4, 3/4.
        pytest.param(Multinomial(), [2, 1], [0, math.log(3)], math.log(9 / 64), id="multinomial-three-clicks"),
        pytest.param(Multinomial(), [0, 0], [0, 5], 0, id="multinomial-empty-row"),
        # Mean 1 and total count 1: the geometric distribution 1/2, 1/4, 1/8.
        pytest.param(NegativeBinomial(), [2], [0, 0], -3 * math.log(2), id="negative-binomial-geometric"),
        pytest.param(NegativeBinomial(), [0, 0], [0, 0, 0, 0], -2 * math.log(2), id="negative-binomial-zeros"),
    ],
)
def test_log_prob_by_hand(likelihood, x, x_params, expected):
    # 1e-4 absolute where the smooth floors enter unaccounted for (the scales of the last three classes).
    tolerance = 1e-4 if isinstance(likelihood, DiscretizedLogistic | NegativeBinomial) else 1e-6
    assert float(likelihood.log_prob([x], [x_params])[0]) == pytest.approx(expected, rel=1e-5, abs=tolerance)


@pytest.mark.parametrize(
    ("likelihood", "x_params", "expected"),
    [
        pytest.param(Bernoulli(), [0, math.log(3)], [0.5, 0.75], id="bernoulli"),
        # 1 / (1 - exp(-l)) - 1 / l with l = log 2.
        pytest.param(ContinuousBernoulli(), [0, math.log(2)], [0.5, 2 - 1 / math.log(2)], id="continuous-bernoulli"),
        pytest.param(Gaussian(), [1, 2, 5, 5], [1, 2], id="gaussian"),
        pytest.param(GaussianFixed(), [1, 2], [1, 2], id="gaussian-fixed"),
        pytest.param(GaussianShared(), [1, 2], [1, 2], id="gaussian-shared"),
        pytest.param(DiscretizedLogistic(), [-9, 0, 9, -7, 0, -7], [0, 127.5, 255], id="discretized-logistic"),
        pytest.param(Categorical(), [[0, 1, 0], [2, 1, 0]], [1, 0], id="categorical"),
        pytest.param(Multinomial(), [0, math.log(3)], [0.25, 0.75], id="multinomial"),
        pytest.param(NegativeBinomial(), [0, math.log(7), 1, -1], [1, 7], id="negative-binomial"),
    ],
)
def test_mean_by_hand(likelihood, x_params, expected):
    np.testing.assert_allclose(likelihood.mean([x_params])[0], expected, rtol=1e-5, atol=1e-5)
