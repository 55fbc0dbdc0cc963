"""The picture of what a detector has found: all scores, and why the first rows stand out."""

import numpy as np

from keras_vae.evaluation.pictures.figure import BLUE, GREY, ORANGE, new_figure, shortened

N_ROWS, N_COLUMNS = 4, 6
N_BINS = 40
# Fewer scores are marked one by one: a histogram of a few is a row of spikes.
MIN_IN_HISTOGRAM = 20


def plot_outliers(scores, threshold, contributions, cells, names, rows=None, known=None, is_combined=True):
    """Scores of all rows with the threshold, and what the columns add to the scores of the highest rows.

    Args:
        scores: array `(n,)`, larger for outliers.
        threshold: float.
        contributions: array `(n, n_columns)`, nats, as `VAEOutlierDetector.explain` gives them.
        cells: list of arrays `(n,)`, one per column: what stands in the cells, words and numbers.
        names: list of str. Names of the columns.
        rows: sequence of names of the rows, or None for their numbers.
        known: array of scores of the training rows, or None.
        is_combined: bool. Whether these are combined scores: contributions are always those to the combined ones.

    Returns:
        matplotlib Figure.
    """
    order = np.argsort(-np.asarray(scores), kind="stable")[:N_ROWS]
    figure = new_figure(10.5, 4.6 if len(order) > 2 else 3.4)
    left, right = figure.subfigures(1, 2, width_ratios=(1, 1.5))
    _histogram(left.subplots(), np.asarray(scores), threshold, known)
    n_rows = -(-len(order) // 2)
    axes = np.atleast_1d(right.subplots(n_rows, min(2, len(order)))).ravel()
    for ax, row in zip(axes, order, strict=False):
        name = f"row {row}" if rows is None else _row_name(rows[row])
        _bars(ax, np.asarray(contributions)[row], [column[row] for column in cells], names)
        ax.set_title(f"{name}: score {scores[row]:.2f}", fontsize=9, loc="right")
    for ax in axes[len(order) :]:
        ax.set_axis_off()
    nats = "nats by column" if is_combined else "nats of the combined score by column"
    right.suptitle(f"why the highest stand out, {nats}", fontsize=10)
    return figure


def _histogram(ax, scores, threshold, known):
    everything = scores if known is None else np.concatenate([scores, known])
    bins = np.linspace(everything.min(), max(everything.max(), everything.min() + 1e-9), N_BINS + 1)
    if known is not None:
        ax.hist(known, bins, density=True, color=GREY, alpha=0.45, label="training rows")
    if len(scores) < MIN_IN_HISTOGRAM:
        ax.plot(scores, np.zeros(len(scores)), "^", color=BLUE, ms=7, clip_on=False, label="these rows")
        ax.set_ylim(bottom=0.0)
    else:
        ax.hist(scores, bins, density=True, histtype="step", color=BLUE, lw=1.4, label="these rows")
    ax.axvline(threshold, color=ORANGE, lw=1.4, label=f"threshold {threshold:.2f}")
    n = int(np.sum(scores > threshold))
    ax.set(xlabel="score", ylabel="density", title=f"{n:,} of {len(scores):,} rows are outliers")
    ax.legend(frameon=False, fontsize=8)
    ax.spines[["top", "right"]].set_visible(False)


def _bars(ax, contributions, cells, names):
    largest = np.argsort(-contributions, kind="stable")[:N_COLUMNS][::-1]
    ax.barh(np.arange(len(largest)), contributions[largest], color=ORANGE)
    labels = [f"{shortened(names[j], 16)} = {_cell(cells[j])}" for j in largest]
    ax.set_yticks(np.arange(len(largest)), labels, fontsize=7.5)
    ax.tick_params(axis="x", labelsize=7.5)
    ax.spines[["top", "right"]].set_visible(False)


def _row_name(label):
    """A label of a row; a bare number says that it is one."""
    return f"row {label}" if isinstance(label, (int, np.integer)) else shortened(str(label), 18)


def _cell(value):
    if value is None or value != value:
        return "empty"
    if isinstance(value, (float, np.floating)):
        return f"{value:.6g}"
    if isinstance(value, np.datetime64):
        # The day, and the minute where there is one.
        return str(value.astype("datetime64[m]")).replace("T", " ").removesuffix(" 00:00")
    if isinstance(value, np.timedelta64):
        return f"{value / np.timedelta64(1, 'D'):.4g} days"
    return shortened(str(value), 12)
