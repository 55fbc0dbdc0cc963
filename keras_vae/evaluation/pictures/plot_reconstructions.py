"""Examples and what a model makes of them: images in rows, columns of tables as points, sequences as curves."""

import numpy as np
from numpy.typing import ArrayLike

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
    originals: ArrayLike, reconstructions: ArrayLike, n: int = 10, inputs: ArrayLike | None = None, feature_names=None
):
    """Originals beside their reconstructions.

    Images stand in rows, above them the inputs where these differ (noisy or smaller images). Of a table every column
    has a panel with the original along and the reconstruction upwards: all points on the line would be perfect. Beyond
    12 columns the best and the worst six are shown. Of sequences some examples are drawn with both curves.

    Args:
        originals: array `(m, *event_shape)`.
        reconstructions: array, same shape.
        n: int. How many images or sequences at most; of a table 2,000 rows are shown.
        inputs: array `(m, ...)` or None; of images only.
        feature_names: sequence of str or None. Names of the columns of a table or of the features of sequences.

    Returns:
        matplotlib Figure.

    Raises:
        ValueError: if there are not as many names as columns.
    """
    originals, reconstructions = np.asarray(originals), np.asarray(reconstructions)
    if originals.ndim == 2 and inputs is None:
        return _columns(originals[:_N_POINTS], reconstructions[:_N_POINTS], feature_names)
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


def _columns(originals, reconstructions, feature_names):
    names = names_of_columns(feature_names, originals.shape[1])
    # A few hundred rows say which columns are best, also where there are thousands of columns.
    n_rows = min(len(originals), max(_N_RANKED // len(names), 200))
    share = explained_share(originals[:n_rows], reconstructions[:n_rows])
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
        both = np.concatenate([originals[:, k], reconstructions[:, k]])
        both = both[np.isfinite(both)]
        low, high = (both.min(), both.max()) if both.size else (0.0, 1.0)
        margin = 0.05 * (high - low) or 0.5
        ax.plot([low, high], [low, high], color=GREY, linewidth=0.8, zorder=1)
        ax.scatter(originals[:, k], reconstructions[:, k], s=5, alpha=0.35, linewidths=0, color=BLUE, rasterized=True)
        ends = (low - margin, high + margin)
        known = "constant" if np.isnan(share[k]) else f"{share[k]:.0%} explained"
        ax.set(xlim=ends, ylim=ends)
        ax.set_title(f"{names[k]}\n{known}", fontsize=8)
    figure.suptitle(title, fontsize=10)
    return figure


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
