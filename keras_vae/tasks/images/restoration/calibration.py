"""How wide draws must be for their 90 % interval to hold 90 % of the pixels: one number, on held-out images."""

import numpy as np

# Share of the changed pixels that an interval is to hold, and the draws that it is made of: quantiles of fewer draws
# are nearer to each other than those of more.
COVERAGE, N_DRAWS = 0.9, 32
# Narrower or wider spreads than these are a sign of too few images.
_LOWEST, _HIGHEST = 0.05, 20.0


def quantiles(draws):
    """Lower and upper end of the interval of draws `(n, ...)`."""
    return np.quantile(draws, [0.5 - COVERAGE / 2, 0.5 + COVERAGE / 2], axis=0)


def spread_for(clean, estimate, deviations, is_changed):
    """The factor on deviations from the estimate with which their interval holds 90 % of the changed pixels.

    A pixel is held from the factor on at which the end of its interval reaches it; the factor wanted is the quantile of
    these, with the correction of split conformal prediction for a finite number.

    Args:
        clean, estimate: arrays of one shape.
        deviations: array `(n_draws, *shape)` of draws minus estimate.
        is_changed: bool array of the shape.

    Returns:
        float; 1.0 where nothing has changed.

    References:
        Angelopoulos & Bates 2021, section 2.2 (conformalised quantiles). https://arxiv.org/abs/2107.07511
    """
    low, high = quantiles(deviations)
    error = clean - estimate
    end = np.where(error >= 0, high, -low)
    reached_at = np.abs(error) / np.maximum(end, 1e-6)
    scores = reached_at[is_changed]
    if not scores.size:
        return 1.0
    level = min(1.0, np.ceil((scores.size + 1) * COVERAGE) / scores.size)
    return float(np.clip(np.quantile(scores, level, method="higher"), _LOWEST, _HIGHEST))


def coverage(clean, low, high, is_changed):
    """Share of the changed pixels that lie in their interval; NaN where nothing has changed."""
    held = (clean >= low) & (clean <= high)
    return float(held[is_changed].mean()) if is_changed.any() else float("nan")
