"""New examples of a model: images and sequences in rows, columns of a table as histograms beside those of the data."""

import math

import numpy as np
from numpy.typing import ArrayLike

from keras_vae.evaluation.pictures.column_panels import (
    PALE,
    as_shown,
    bars,
    codes,
    columns_shown,
    has_words,
    is_count,
    label_dates,
)
from keras_vae.evaluation.pictures.figure import BLUE, MAX_PANELS, names_of_columns, panels, value_range_of
from keras_vae.evaluation.pictures.plot_grid import plot_grid

_N_BINS = 30
# Elements of a table from which the columns to be shown are chosen.
_N_RANKED = 1_000_000


def plot_samples(
    samples: ArrayLike, data: ArrayLike | None = None, feature_names=None, n_cols: int | None = None, columns=None
):
    """Samples of a model, beside the data where these are given.

    Of a table every column has a histogram, in its own units; beyond 12 columns those whose samples differ most from
    the data are shown. Images and sequences stand in rows, on the scale of the data.

    Args:
        samples: array `(n, *event_shape)`. Draws of x; means of p(x given z) spread less than data do.
        data: array `(m, *event_shape)` or None.
        feature_names: sequence of str or None. Names of the columns of a table.
        n_cols: int or None. Images in a row; None for nearly a square.
        columns: sequence or None. What each column of a table holds, as in `plot_reconstructions`; columns of words
            have bars.

    Returns:
        matplotlib Figure.

    Raises:
        ValueError: if there are not as many names, or entries of `columns`, as columns.
    """
    samples = np.asarray(samples)
    data = samples if data is None else np.asarray(data)
    if samples.ndim == 2:
        return _histograms(samples, None if data is samples else data, feature_names, columns)
    n = len(samples)
    n_cols = n_cols or (min(10, n) if n > 25 else max(1, math.ceil(math.sqrt(n))))
    return plot_grid(samples, n_cols, value_range=value_range_of(data))


def _histograms(samples, data, feature_names, columns):
    names = names_of_columns(feature_names, samples.shape[1])
    columns = columns_shown(columns, len(names))
    shown, title = np.arange(len(names)), "samples" if data is None else "grey: data; blue: samples"
    if len(names) > MAX_PANELS:
        n_rows = max(_N_RANKED // len(names), 200)
        compared = samples if data is None else data
        shown = np.argsort(-_difference(samples[:n_rows], compared[:n_rows], columns), kind="stable")[:MAX_PANELS]
        which = "the first" if data is None else "those that differ most"
        title += f"; {MAX_PANELS} of {len(names)} columns, {which}"
    figure, axes = panels(len(shown), height=1.8)
    for ax, k in zip(axes, shown, strict=True):
        parts = samples[:, k], samples[:0, k] if data is None else data[:, k]
        (bars if has_words(columns[k]) else _histogram)(ax, *parts, columns[k])
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        ax.set_title(names[k], fontsize=8)
    figure.suptitle(title, fontsize=10)
    return figure


def _histogram(ax, samples, data, column):
    parts = [as_shown(values[np.isfinite(values)], column) for values in (samples, data)]
    ends = np.concatenate([np.quantile(part, (0.002, 0.998)) for part in parts if part.size] or [[0.0, 1.0]])
    bins = _bins(ends.min(), ends.max(), column)
    styles = {"histtype": "step", "color": BLUE, "zorder": 2}, {"color": PALE}
    for part, style in zip(parts, styles, strict=True):
        if part.size:
            # Shares of the rows: there are more data than samples, or the other way round.
            ax.hist(np.clip(part, bins[0], bins[-1]), bins, weights=np.full(part.size, 1.0 / part.size), **style)
    if isinstance(column, np.datetime64):
        label_dates(ax.xaxis)


def _bins(low, high, column):
    if is_count(column):
        # As many whole numbers in each.
        low, high = math.floor(low), math.ceil(high)
        width = -(-(high - low + 1) // _N_BINS)
        return np.arange(low - 0.5, high + width + 0.5, width)
    return np.linspace(low, high if high > low else low + 1.0, _N_BINS + 1)


def _difference(samples, data, columns):
    """How far the columns of samples are from those of data.

    Of numbers in mean and spread, in standard deviations of the data; of words the share that would have to change.
    """
    samples, data = np.ma.masked_invalid(samples), np.ma.masked_invalid(data)
    spread = data.std(axis=0).filled(0.0)
    unit = np.where(spread > 0, spread, 1.0)
    far = np.abs(samples.mean(axis=0) - data.mean(axis=0)) / unit + np.abs(samples.std(axis=0) / unit - spread / unit)
    far = np.ma.filled(far, 0.0)
    for k, column in enumerate(columns):
        if has_words(column):
            parts = [codes(x[:, k].compressed(), column).astype(np.int64) for x in (samples, data)]
            shares = [np.bincount(part, minlength=len(column)) / max(part.size, 1) for part in parts]
            far[k] = 0.5 * np.abs(shares[0] - shares[1]).sum()
    return far
