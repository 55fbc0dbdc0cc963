"""Whether scores change over time: windows of rows against rows that are known, and a picture."""

from typing import NamedTuple

import numpy as np

from keras_vae._checks import check_int
from keras_vae.evaluation.pictures.figure import BLUE, GREY, ORANGE, new_figure
from keras_vae.tasks.tables.anomaly.thresholds import check_probability

MIN_WINDOW, N_WINDOWS = 20, 20
SIGNIFICANCE = 0.01


class Drift(NamedTuple):
    """Scores of rows in their order, window by window, beside those of known rows.

    Attributes:
        starts: int array `(n_windows,)`. Number of the first row of each window.
        medians, lows, highs: float arrays `(n_windows,)`. Median and quartiles of the scores of each.
        flagged: float array `(n_windows,)`. Share of rows that pass the threshold.
        statistics: float array `(n_windows,)`. Largest distance of the distribution of the scores from the known one.
        p_values: float array `(n_windows,)`. Of no difference, by Kolmogorov and Smirnov, times the number of windows.
        has_drifted: bool array `(n_windows,)`. Whether that is below `significance`.
        known: triple of floats. Quartiles of the known scores.
        threshold: float.
        window, n_rows: int.

    References:
        Hodges 1958 (the test of two samples). https://doi.org/10.1007/BF02589501
    """

    starts: np.ndarray
    medians: np.ndarray
    lows: np.ndarray
    highs: np.ndarray
    flagged: np.ndarray
    statistics: np.ndarray
    p_values: np.ndarray
    has_drifted: np.ndarray
    known: tuple
    threshold: float
    window: int
    n_rows: int

    @property
    def first(self) -> int | None:
        """Number of the first row of the first window that has drifted; None without one."""
        return int(self.starts[np.argmax(self.has_drifted)]) if self.has_drifted.any() else None


def check_enough_rows(name, values):
    """Check that there are as many rows as the shortest window has.

    Raises:
        ValueError: for fewer than 20.
    """
    if len(values) < MIN_WINDOW:
        raise ValueError(f"`{name}` must be of at least {MIN_WINDOW} rows. Received: {len(values)}")


def score_drift(known, scores, threshold, window=None, significance=SIGNIFICANCE):
    """Compare scores of rows in the order of time with those of known rows.

    Args:
        known: array of scores of rows that are as they should be.
        scores: array `(n,)`, in their order.
        threshold: float. Scores above it are outliers.
        window: int >= 20, or None for twenty windows. Rows that are compared at a time.
        significance: float in (0, 1). Share of false alarms in all windows together, at most.

    Returns:
        `Drift`.

    Raises:
        ValueError: for fewer than 20 rows or known rows, or a number out of bounds.
    """
    from scipy.stats import ks_2samp

    known, scores = np.asarray(known, np.float64), np.asarray(scores, np.float64)
    check_probability("significance", significance)
    check_enough_rows("known", known)
    check_enough_rows("scores", scores)
    window = max(MIN_WINDOW, len(scores) // N_WINDOWS) if window is None else check_int("window", window, MIN_WINDOW)
    # What is left at the end belongs to the last window.
    starts = np.arange(0, max(1, len(scores) - window + 1), window)
    pieces = [scores[a:b] for a, b in zip(starts, [*starts[1:], len(scores)], strict=True)]
    tests = [ks_2samp(piece, known) for piece in pieces]
    quartiles = np.array([np.quantile(piece, [0.25, 0.5, 0.75]) for piece in pieces])
    p_values = np.minimum(1.0, np.array([test.pvalue for test in tests]) * len(pieces))
    return Drift(
        starts,
        quartiles[:, 1],
        quartiles[:, 0],
        quartiles[:, 2],
        np.array([np.mean(piece > threshold) for piece in pieces]),
        np.array([test.statistic for test in tests]),
        p_values,
        p_values < significance,
        tuple(np.quantile(known, [0.25, 0.5, 0.75])),
        float(threshold),
        int(window),
        len(scores),
    )


def plot_drift(drift: Drift):
    """Median and quartiles of the scores of every window beside the known ones; windows that have drifted in orange.

    Returns:
        matplotlib Figure.
    """
    figure = new_figure(7.6, 4.4)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    middle = drift.starts + 0.5 * np.diff([*drift.starts, drift.n_rows])
    above.axhspan(drift.known[0], drift.known[2], color=GREY, alpha=0.2, lw=0, label="known rows, quartiles")
    above.axhline(drift.known[1], color=GREY, lw=1)
    for color, rows, label in ((BLUE, ~drift.has_drifted, "as known"), (ORANGE, drift.has_drifted, "drifted")):
        if rows.any():
            spread = np.abs(np.stack([drift.lows, drift.highs]) - drift.medians)[:, rows]
            above.errorbar(middle[rows], drift.medians[rows], spread, fmt="o", ms=4, lw=1.2, color=color, label=label)
            below.plot(middle[rows], 100.0 * drift.flagged[rows], "o", ms=4, color=color)
    above.set(ylabel="score, median and quartiles")
    figure.suptitle(f"scores of {drift.n_rows:,} rows, {drift.window:,} at a time", fontsize=11)
    above.legend(frameon=False, fontsize=8, ncols=3, loc="lower left", bbox_to_anchor=(0.0, 1.0))
    below.set(xlabel="row", ylabel="flagged, %")
    below.set_ylim(bottom=0.0)
    for ax in (above, below):
        ax.spines[["top", "right"]].set_visible(False)
    return figure
