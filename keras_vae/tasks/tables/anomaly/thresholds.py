"""From what score on a row is an outlier: by their share, by a quantile with a confidence bound, by extreme values."""

import math
import warnings

import numpy as np

from keras_vae._checks import check_number

CONFIDENCE = 0.95
# Share of the scores whose excesses a generalised Pareto distribution is fitted to, and how many it takes.
TAIL, MIN_EXCESSES = 0.1, 20


def check_probability(name, value):
    """Return `value` if it is a number in (0, 1).

    Raises:
        ValueError: if it is not.
    """
    if not 0.0 < check_number(name, value) < 1.0:
        raise ValueError(f"`{name}` must be in (0, 1). Received: {name}={value!r}")
    return value


def contamination_threshold(scores, contamination):
    """The score that this share of the training rows passes.

    Args:
        scores: array `(n,)`, larger for outliers.
        contamination: float in (0, 0.5].

    Returns:
        float.
    """
    return float(np.quantile(scores, 1.0 - contamination))


def quantile_threshold(scores, rate, confidence=CONFIDENCE):
    """A score that at most a share `rate` of rows like these pass, with this confidence, whatever their distribution.

    Args:
        scores: array `(n,)`, larger for outliers.
        rate: float in (0, 0.5].
        confidence: float in (0, 1).

    Returns:
        float. The smallest score of the rows that is high enough.

    Raises:
        ValueError: for so few rows that not even the largest score is, or a confidence out of bounds.

    References:
        Wilks 1941, section 2 (tolerance limits by order statistics). https://doi.org/10.1214/aoms/1177731788
    """
    from scipy.stats import binom

    check_probability("confidence", confidence)
    scores, n = np.sort(scores), len(scores)
    # P(at most k - 1 of n rows are below the quantile) is the confidence that the k-th smallest is above it.
    k = np.arange(1, n + 1)
    is_enough = binom.cdf(k - 1, n, 1.0 - rate) >= confidence
    if not is_enough.any():
        needed = math.ceil(math.log(1.0 - confidence) / math.log(1.0 - rate))
        raise ValueError(
            f"`X` must have at least {needed} rows for a threshold of {rate:g} with a confidence of {confidence:g}. "
            f"Received: {n} rows"
        )
    return float(scores[np.argmax(is_enough)])


def extreme_value_threshold(scores, rate):
    """A score that a share `rate` of rows passes, however small: the tail beyond the training rows is extrapolated.

    Args:
        scores: array `(n,)`, larger for outliers.
        rate: float in (0, 0.5].

    Returns:
        float.

    Raises:
        ValueError: for fewer rows than a tail can be fitted to.

    References:
        Siffer et al. 2017, eq. 1 (peaks over threshold). https://doi.org/10.1145/3097983.3098144
    """
    from scipy.stats import genpareto

    scores = np.asarray(scores, np.float64)
    if rate >= TAIL:
        return contamination_threshold(scores, rate)
    start = np.quantile(scores, 1.0 - TAIL)
    excesses = scores[scores > start] - start
    if len(excesses) < MIN_EXCESSES:
        raise ValueError(
            f"`X` must have at least {MIN_EXCESSES / TAIL:.0f} rows of different scores for a threshold by extreme "
            f"values. Received: {len(excesses)} scores in the upper tenth"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # Steps of the optimizer beyond the support.
        shape, _, scale = genpareto.fit(excesses, floc=0.0)
    return float(start + genpareto.isf(rate / TAIL, shape, scale=scale))
