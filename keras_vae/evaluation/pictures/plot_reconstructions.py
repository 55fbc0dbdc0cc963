"""Examples and what a model makes of them: images in rows, columns of tables as points, sequences as curves."""

import numpy as np
from numpy.typing import ArrayLike

from keras_vae.evaluation.pictures.column_panels import (
    as_shown,
    columns_shown,
    confusion,
    has_words,
    is_category,
    is_count,
    jittered,
    label_dates,
    probabilities,
    share_right,
)
from keras_vae.evaluation.pictures.figure import (
    BLUE,
    COLOURS,
    GREY,
    MAX_PANELS,
    names_of_columns,
    panels,
    value_range_of,
)
from keras_vae.evaluation.pictures.plot_grid import N_CURVES, plot_grid

_N_POINTS = 2000
# Elements of a table from which the explained shares are computed.
_N_RANKED = 1_000_000


def plot_reconstructions(
    originals: ArrayLike,
    reconstructions: ArrayLike,
    n: int = 10,
    inputs: ArrayLike | None = None,
    feature_names=None,
    columns=None,
):
    """Originals beside their reconstructions.

    Images stand in rows, above them the inputs where these differ (noisy or smaller images). Of a table every column
    has a panel with the original along and the reconstruction upwards: all points on the line would be perfect. Beyond
    12 columns the best and the worst six are shown. Of words the panel shows which are taken for which, of yes or no
    the probability. Of sequences some examples are drawn with both curves.

    Args:
        originals: array `(m, *event_shape)`; of tables NaN is a hole.
        reconstructions: array, same shape.
        n: int. How many images or sequences at most; of a table 2,000 rows are shown.
        inputs: array `(m, ...)` or None; of images only.
        feature_names: sequence of str or None. Names of the columns of a table or of the features of sequences.
        columns: sequence or None. What each column of a table holds: None for numbers, "count", a tuple of words whose
            codes 0, 1, ... it has (of two words the reconstruction is the probability of the second), or the
            `numpy.datetime64` from which it counts days.

    Returns:
        matplotlib Figure.

    Raises:
        ValueError: if there are not as many names, or entries of `columns`, as columns.
    """
    originals, reconstructions = np.asarray(originals), np.asarray(reconstructions)
    if originals.ndim == 2 and inputs is None:
        return _columns(originals[:_N_POINTS], reconstructions[:_N_POINTS], feature_names, columns)
    if originals.ndim == 3 and inputs is None:
        return _sequences(originals[: min(n, 6)], reconstructions[: min(n, 6)], feature_names)
    rows = {} if inputs is None else {"input": inputs}
    rows |= {"original" if inputs is None else "target": originals, "reconstruction": reconstructions}
    n = min(n, len(originals))
    examples = [example for row in rows.values() for example in np.asarray(row)[:n]]
    return plot_grid(examples, n, row_labels=list(rows), value_range=value_range_of(originals[:n]))


def explained_share(originals, reconstructions):
    """Share of the variance of each column that its reconstruction explains, `(n_columns,)`; 1 is all of it.

    Below 0 where the mean of the column would be nearer; NaN for a column that does not vary. Values that are missing
    are left out.
    """
    known = np.isfinite(originals) & np.isfinite(reconstructions)
    n = known.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = np.where(known, originals, 0.0).astype(np.float64)
        spread = np.where(known, values - values.sum(axis=0) / n, 0.0)
        errors = np.where(known, values - np.where(known, reconstructions, 0.0), 0.0)
        total = np.square(spread).sum(axis=0)
        return np.where(total > 0, 1.0 - np.square(errors).sum(axis=0) / np.where(total > 0, total, 1.0), np.nan)


def _columns(originals, reconstructions, feature_names, columns):
    names = names_of_columns(feature_names, originals.shape[1])
    columns = columns_shown(columns, len(names))
    # A few hundred rows say which columns are best, also where there are thousands of columns.
    n_rows = min(len(originals), max(_N_RANKED // len(names), 200))
    share = explained_share(originals[:n_rows], reconstructions[:n_rows])
    right = {}
    for k in filter(lambda k: has_words(columns[k]), range(len(names))):
        right[k] = share_right(originals[:n_rows, k], reconstructions[:n_rows, k], columns[k])
        # Of words what is explained is the share of errors that are avoided.
        share[k] = (right[k][0] - right[k][1]) / (1 - right[k][1]) if right[k][1] < 1 else np.nan
    shown = np.arange(len(names))
    title = "original along, reconstruction upwards; on the line they agree"
    if len(names) > MAX_PANELS:
        order = np.argsort(-np.nan_to_num(share, nan=-np.inf))
        order = order[np.isfinite(share[order])] if np.isfinite(share).sum() >= MAX_PANELS else order
        shown = np.concatenate([order[: MAX_PANELS // 2], order[-(MAX_PANELS // 2) :]])
        median = np.nanmedian(share) if np.isfinite(share).any() else np.nan
        title += f"\nthe best and the worst six of {len(names)} columns; half explain more than {median:.0%}"
    figure, axes = panels(len(shown))
    for ax, k in zip(axes, shown, strict=True):
        _panel(ax, originals[:, k], reconstructions[:, k], columns[k])
        known = "constant" if np.isnan(share[k]) else f"{share[k]:.0%} explained"
        if k in right and np.isfinite(share[k]):
            known = f"{right[k][0]:.0%} right, commonest {right[k][1]:.0%}"
        ax.set_title(f"{names[k]}\n{known}", fontsize=8)
    figure.suptitle(title, fontsize=10)
    return figure


def _panel(ax, original, reconstruction, column):
    """Originals along, reconstructions upwards, of one column."""
    if has_words(column):
        return (confusion if is_category(column) else probabilities)(ax, original, reconstruction, column)
    original, reconstruction = as_shown(original, column), as_shown(reconstruction, column)
    both = np.concatenate([original, reconstruction])
    both = both[np.isfinite(both)]
    low, high = (both.min(), both.max()) if both.size else (0.0, 1.0)
    margin = 0.05 * (high - low) or 0.5
    ax.plot([low, high], [low, high], color=GREY, linewidth=0.8, zorder=1)
    along = jittered(original, 0.3) if is_count(column) else original
    ax.scatter(along, reconstruction, s=5, alpha=0.35, linewidths=0, color=BLUE, rasterized=True)
    ends = (low - margin, high + margin)
    ax.set(xlim=ends, ylim=ends)
    if isinstance(column, np.datetime64):
        label_dates(ax.xaxis)
        label_dates(ax.yaxis)


def _sequences(originals, reconstructions, feature_names):
    n_features = originals.shape[2]
    names = names_of_columns(feature_names, n_features)
    figure, axes = panels(len(originals), width=3.8, height=1.9, n_cols=2)
    for ax, original, reconstruction in zip(axes, originals, reconstructions, strict=True):
        for k in range(min(n_features, N_CURVES)):
            ax.plot(original[:, k], color=COLOURS[k], linewidth=1.0, alpha=0.45)
            ax.plot(reconstruction[:, k], color=COLOURS[k], linewidth=1.2, linestyle=(0, (4, 1.5)), label=names[k])
    for ax in axes[-2:]:
        ax.set_xlabel("time step", fontsize=8)
    said = "" if n_features <= N_CURVES else f"; the first {N_CURVES} of {n_features} features"
    figure.suptitle(f"pale: original; dashed: reconstruction{said}", fontsize=10)
    if n_features > 1:
        # In the room below the title.
        place = {"loc": "upper center", "bbox_to_anchor": (0.5, 1.0 - 0.27 / figure.get_figheight())}
        handles = axes[0].get_legend_handles_labels()
        figure.legend(*handles, ncols=min(n_features, 4), frameon=False, fontsize=8, **place)
    return figure
