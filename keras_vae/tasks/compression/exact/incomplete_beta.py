"""The incomplete beta function with the same bits on every machine: the cdf of negative binomials."""

import numpy as np

from keras_vae.tasks.compression.exact.exact_math import exp, log, log1p

# Stirling's series of the log of the gamma function needs no more terms from here on.
LARGE = 16.0
# 1/12, -1/360, 1/1260 ...: coefficients of 1/z, 1/z^3, 1/z^5 ...
STIRLING = (1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0)
LOG_SQRT_2_PI = float.fromhex("0x1.d67f1c864beb5p-1")
# A fraction that has not converged by then stays as it is: as many were never needed for counts up to 2^31.
MAX_TERMS = 5000
PRECISION = 1e-15


def incomplete_beta(a: np.ndarray, b: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """I_x(a, b), the mass below x of a beta distribution, within 1e-10.

    Args:
        a, b: float64 arrays `(n,)`, > 0.
        x: float64 array `(n,)`, between 0 and 1.
        y: 1 - x, given for its digits where x is near 1.

    Returns:
        float64 array `(n,)`, in [0, 1].

    References:
        Didonato & Morris 1992, eq. 9 (the continued fraction). https://doi.org/10.1145/131766.131776
        Loader 2000, Fast and accurate computation of binomial probabilities (the factor in front, without cancelling).
    """
    # The fraction is slow for a < 1: there I_x(a, b) = I_x(a + 1, b) + x^a y^b / (a B(a, b)).
    is_small = a < 1.0
    rest = np.where(is_small, exp(_log_factor(a, b, _gap(a, b, x, y))) / a, 0.0)
    a = np.where(is_small, a + 1.0, a)
    # It is for the side below the mean.
    gap = _gap(a, b, x, y)
    is_other = gap < 0.0
    a, b, x, y = (np.where(is_other, other, own) for own, other in ((a, b), (b, a), (x, y), (y, x)))
    gap = np.abs(gap)
    below = exp(_log_factor(a, b, gap)) * _fraction(a, b, x, y, gap)
    return np.minimum(np.maximum(np.where(is_other, 1.0 - below, below) + rest, 0.0), 1.0)


def _gap(a, b, x, y):
    """a - (a + b) x with y = 1 - x, from the smaller of two products."""
    return np.where(x < y, a - (a + b) * x, (a + b) * y - b)


def _log_factor(a, b, gap):
    """log(x^a y^b / B(a, b)) with y = 1 - x and gap = a - (a + b) x."""
    n = a + b
    # (a + b) x / a = 1 - gap / a and (a + b) y / b = 1 + gap / b: the terms of first order cancel, and are left out.
    deviance = a * _log1p_minus(-gap / a) + b * _log1p_minus(gap / b)
    return deviance + 0.5 * log(a / n * b) - LOG_SQRT_2_PI + (_stirling(n) - _stirling(a) - _stirling(b))


def _log1p_minus(t):
    """log(1 + t) - t for t > -1."""
    # In the middle by the series 2 artanh(s) with s = t / (2 + t), where t - 2 s = s t.
    s = t / (2.0 + t)
    square = s * s
    series = np.full_like(t, 1.0 / 25.0)
    for k in range(23, 1, -2):
        series = series * square + 1.0 / k
    near = 2.0 * (series * square * s) - s * t
    return np.where(np.abs(t) < 0.25, near, log1p(np.maximum(t, -1.0 + 2.0**-53)) - t)


def _stirling(z):
    """log Gamma(z) minus the first terms of Stirling's series, (z - 1/2) log z - z + log(2 pi) / 2."""
    is_small = z < LARGE
    large = np.where(is_small, z + LARGE, z)
    rest = _series(large)
    if not np.any(is_small):
        return rest
    # Gamma(z) = Gamma(z + 16) / (z (z + 1) ... (z + 15))
    small = np.minimum(z, LARGE)
    product = small
    for i in range(1, int(LARGE)):
        product = product * (small + i)
    shifted = small + LARGE
    log_gamma = (shifted - 0.5) * log(shifted) - shifted + _series(shifted) - log(product)
    return np.where(is_small, log_gamma - ((small - 0.5) * log(small) - small), rest)


def _series(z):
    square = 1.0 / (z * z)
    series = np.full_like(z, STIRLING[-1])
    for coefficient in STIRLING[-2::-1]:
        series = series * square + coefficient
    return series / z


def _fraction(a, b, x, y, gap):
    """The continued fraction, term by term: an element stops where it has converged, whatever the others do.

    Args:
        a, b, x, y: float64 arrays `(n,)`.
        gap: float64 array `(n,)`, a - (a + b) x >= 0. What would cancel in other forms of the fraction is in it.
    """
    out, at = np.empty_like(x), np.arange(len(x))
    first = (1.0 + 1.0 / a) / (1.0 + gap)
    state = (a, b, x, y, 1.0 + gap, np.zeros_like(x), first, first)
    for term in range(1, MAX_TERMS + 1):
        if not len(at):
            break
        state, has_converged = _next_term(term, *state)
        has_converged |= term == MAX_TERMS
        if np.any(has_converged):
            out[at[has_converged]] = state[-1][has_converged]
            at, *state = (part[~has_converged] for part in (at, *state))
    return out


def _next_term(n, a, b, x, y, c, before, below, ratio):
    """One term more; `ratio` is the last fraction, `before / below` the one before it."""
    share, w, s = (n - 1) / a, n * (b - n) * x, a + (2 * n - 1)
    alpha = (1.0 + share) * (1.0 + share + b / a) * (a / s) * (a / s) * w * x
    beta = n + w / s + (1.0 + n / a) / (1.0 + (2 * n + 1) / a) * (c + n * (1.0 + y))
    numerator = alpha * before + beta * ratio
    denominator = alpha * below + beta
    found = numerator / denominator
    has_converged = np.abs(found - ratio) <= PRECISION * found
    return (a, b, x, y, c, ratio / denominator, 1.0 / denominator, found), has_converged
