"""New examples of a model: images and sequences in rows, columns of a table as histograms beside those of the data."""

import math

import numpy as np
from numpy.typing import ArrayLike

from keras_vae.evaluation.pictures.figure import BLUE, MAX_PANELS, names_of_columns, panels, value_range_of
from keras_vae.evaluation.pictures.plot_grid import plot_grid

_N_BINS = 30
# Elements of a table from which the columns to be shown are chosen.
_N_RANKED = 1_000_000


def plot_samples(samples: ArrayLike, data: ArrayLike | None = None, feature_names=None, n_cols: int | None = None):
    """Samples of a model, beside the data where these are given.

    Of a table every column has a histogram, in its own units; beyond 12 columns those whose samples differ most from
    the data are shown. Images and sequences stand in rows, on the scale of the data.

    Args:
        samples: array `(n, *event_shape)`. Draws of x; means of p(x given z) spread less than data do.
        data: array `(m, *event_shape)` or None.
        feature_names: sequence of str or None. Names of the columns of a table.
        n_cols: int or None. Images in a row; None for nearly a square.

    Returns:
        matplotlib Figure.

    Raises:
        ValueError: if there are not as many names as columns.
    """
    samples = np.asarray(samples)
    data = samples if data is None else np.asarray(data)
    if samples.ndim == 2:
        return _histograms(samples, None if data is samples else data, feature_names)
    n = len(samples)
    n_cols = n_cols or (min(10, n) if n > 25 else max(1, math.ceil(math.sqrt(n))))
    return plot_grid(samples, n_cols, value_range=value_range_of(data))


def _histograms(samples, data, feature_names):
    names = names_of_columns(feature_names, samples.shape[1])
    shown, title = np.arange(len(names)), "samples" if data is None else "grey: data; blue: samples"
    if len(names) > MAX_PANELS:
        n_rows = max(_N_RANKED // len(names), 200)
        compared = samples if data is None else data
        shown = np.argsort(-_difference(samples[:n_rows], compared[:n_rows]), kind="stable")[:MAX_PANELS]
        which = "the first" if data is None else "those that differ most"
        title += f"; {MAX_PANELS} of {len(names)} columns, {which}"
    figure, axes = panels(len(shown), height=1.8)
    for ax, k in zip(axes, shown, strict=True):
        parts = [
            values[np.isfinite(values)] for values in (samples[:, k], samples[:0, k] if data is None else data[:, k])
        ]
        ends = np.concatenate([np.quantile(part, (0.002, 0.998)) for part in parts if part.size] or [[0.0, 1.0]])
        low, high = ends.min(), ends.max()
        bins = np.linspace(low, high if high > low else low + 1.0, _N_BINS + 1)
        for part, style in zip(
            parts, ({"histtype": "step", "color": BLUE, "zorder": 2}, {"color": "#bbbbbb"}), strict=True
        ):
            if part.size:
                # Shares of the rows: there are more data than samples, or the other way round.
                ax.hist(np.clip(part, bins[0], bins[-1]), bins, weights=np.full(part.size, 1.0 / part.size), **style)
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        ax.set_title(names[k], fontsize=8)
    figure.suptitle(title, fontsize=10)
    return figure


def _difference(samples, data):
    """How far the columns of samples are from those of data: in mean and spread, in standard deviations of the data."""
    with np.errstate(all="ignore"):
        spread = np.nanstd(data, axis=0)
        unit = np.where(spread > 0, spread, 1.0)
        return np.abs(np.nanmean(samples, axis=0) - np.nanmean(data, axis=0)) / unit + np.abs(
            np.nanstd(samples, axis=0) / unit - spread / unit
        )
