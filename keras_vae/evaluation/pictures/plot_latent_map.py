"""The codes of many examples on a plane, coloured by their labels."""

import numpy as np
from numpy.typing import ArrayLike

from keras_vae.evaluation.pictures.figure import BLUE, COLOURS, new_figure, shortened

_MAX_CLASSES, _MOST_FREQUENT = 20, 12
_MARKERS = ("o", "^", "s")
_PALE = "#bbbbbb"


def plot_latent_map(
    z_mean: ArrayLike, labels: ArrayLike | None = None, z_log_var: ArrayLike | None = None, label_name: str = "label"
):
    """Posterior means on a plane: both latent dimensions of two, else the two main directions of the codes (PCA).

    Classes have a legend of at most 20 names; of more the 12 most frequent are named and the others grey. Labels that
    are real numbers, or more than 20 different whole numbers, have a colour bar.

    Args:
        z_mean: array `(n, latent_dim)`.
        labels: array or sequence `(n,)` of numbers or names, or None.
        z_log_var: array like `z_mean` or None. Ignored: the map follows from the means.
        label_name: str. Title of the legend or the colour bar.

    Returns:
        matplotlib Figure.
    """
    del z_log_var
    plane, axis_names = _plane(np.asarray(z_mean, dtype=np.float64))
    figure = new_figure(6.2, 4.6)
    ax = figure.subplots()
    n = len(plane)
    style = {
        "s": 18 if n <= 600 else 9 if n <= 3000 else 4,
        "alpha": 0.75 if n <= 3000 else 0.4,
        "linewidths": 0,
        "rasterized": True,
    }
    if labels is None:
        ax.scatter(*plane.T, color=BLUE, **style)
    elif _is_scale(np.asarray(labels)):
        values = np.asarray(labels, dtype=float)
        # One outlier would leave all others one colour.
        low, high = np.nanquantile(values, (0.01, 0.99))
        points = ax.scatter(*plane.T, c=values, cmap="viridis", vmin=low, vmax=high, **style)
        bar = figure.colorbar(points, ax=ax, label=label_name, extend="both", shrink=0.9)
        bar.solids.set_alpha(1.0)
    else:
        _classes(ax, plane, np.asarray(labels), label_name, style)
    ax.set(xlabel=axis_names[0], ylabel=axis_names[1], title="posterior means")
    ax.grid(alpha=0.3)
    return figure


def _plane(z_mean):
    """Codes on a plane, `(n, 2)`, and what its axes are."""
    latent_dim = z_mean.shape[1]
    if latent_dim == 1:
        # Noise upwards, that points do not hide one another.
        return np.column_stack([z_mean, np.random.default_rng(0).normal(size=len(z_mean))]), ("z[0]", "no meaning")
    if latent_dim == 2 or len(z_mean) < 2:
        return z_mean[:, :2], ("z[0]", "z[1]")
    from sklearn.decomposition import PCA

    pca = PCA(2, random_state=0)
    plane = pca.fit_transform(z_mean)
    share = np.nan_to_num(pca.explained_variance_ratio_)
    return plane, tuple(
        f"direction {k + 1} of {latent_dim}: {share[k]:.0%} of the variance of the codes" for k in range(2)
    )


def _is_scale(labels):
    """Whether labels are measured, not named."""
    if labels.dtype.kind == "f":
        return len(np.unique(labels)) > 2
    return labels.dtype.kind in "iu" and len(np.unique(labels)) > _MAX_CLASSES


def _classes(ax, plane, labels, label_name, style):
    classes, counts = np.unique(labels, return_counts=True)
    named = classes
    if len(classes) > _MAX_CLASSES:
        named = classes[np.sort(np.argsort(-counts, kind="stable")[:_MOST_FREQUENT])]
        others = ~np.isin(labels, named)
        ax.scatter(*plane[others].T, color=_PALE, label=f"{len(classes) - len(named)} others", **style)
    for k, label in enumerate(named):
        marker = _MARKERS[k // len(COLOURS)]
        rows = labels == label
        ax.scatter(*plane[rows].T, color=COLOURS[k % len(COLOURS)], marker=marker, label=shortened(str(label)), **style)
    legend = ax.legend(title=label_name, markerscale=2.0, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    for handle in legend.legend_handles:
        handle.set_alpha(1.0)
