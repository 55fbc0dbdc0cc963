"""`plot_latent_sizes`, the picture of a choice of the latent size."""

import numpy as np

from keras_vae.evaluation.pictures.figure import BLUE, GREEN, GREY, ORANGE, new_figure

# The right panel shows the best size and those that are not further below it than so many times its errors or nats.
NEAR_ERRORS, NEAR_NATS = 12.0, 0.5
# Room for a label, as a share of the axis.
LABEL_SHARE = 0.045


def plot_latent_sizes(sizes):
    """Held-out bound by latent size: all sizes, and those near the best one by their paired differences.

    On the left the mean bound of every size with its standard error, which is that of the rows and moves all points
    together. On the right the difference to the best size with its own standard error, by which the size is chosen: a
    bar that reaches the dashed line is within one standard error of the best.

    Args:
        sizes: `LatentSizes`.

    Returns:
        matplotlib Figure.
    """
    figure = new_figure(9.0, 3.8)
    left, right = figure.subplots(1, 2)
    if sizes.units:
        # Below both panels: along an axis it would be longer than the axis.
        figure.supxlabel(f"nats of {sizes.units}", fontsize=7.5, color=GREY)
    _points(left, sizes, sizes.bounds, sizes.standard_errors, slice(None))
    at_best = sizes.sizes.index(sizes.best)
    error = sizes.standard_errors[at_best]
    best = sizes.bounds[at_best]
    left.axhspan(best - error, best + error, color=GREY, alpha=0.15, lw=0, label="one standard error of the best bound")
    left.set(title=f"log p(x) of {sizes.n_rows:,} held-out rows", ylabel="bound, nats per row")
    left.legend(loc="lower right", fontsize=7, frameon=False)
    near = _near(sizes)
    _points(right, sizes, sizes.differences, sizes.difference_errors, near)
    right.axhline(0.0, color=GREY, ls="--", lw=1)
    is_best = sizes.chosen == sizes.best
    title = "the best size" if is_best else f"as good as the best, {sizes.best}"
    right.set(title=f"{sizes.chosen} is {title}; less is worse", ylabel="difference to the best size, nats per row")
    return figure


def _near(sizes):
    """Numbers of the sizes that are near the best one, and of the neighbours of the chosen one."""
    differences, errors = np.asarray(sizes.differences), np.asarray(sizes.difference_errors)
    at_chosen = sizes.sizes.index(sizes.chosen)
    is_near = -differences <= np.maximum(NEAR_ERRORS * np.nanmax(errors[[at_chosen]]), NEAR_NATS)
    is_near[max(0, at_chosen - 1) : at_chosen + 2] = True
    return np.flatnonzero(is_near)


def _labels(x, chosen):
    """Labels of the sizes; "" where one would stand on that of the chosen size or of the size before."""
    places = np.log2(x)
    room = LABEL_SHARE * np.ptp(places)
    kept = [chosen]
    for size, place in zip(x, places, strict=True):
        if np.abs(np.log2(kept) - place).min() >= room:
            kept.append(size)
    return [f"{size:g}" if size in kept else "" for size in x]


def _points(ax, sizes, values, errors, which):
    """Points with error bars, a line through them, the chosen and the best size in their colours."""
    x, y, error = (np.asarray(numbers, float)[which] for numbers in (sizes.sizes, values, errors))
    ax.plot(x, y, color=BLUE, lw=1, alpha=0.5, zorder=1)
    ax.errorbar(x, y, error, fmt="o", color=BLUE, ms=5, capsize=3, lw=1.2, zorder=2, label="bound, one standard error")
    for size, colour, marker, name in ((sizes.best, GREEN, "D", "best"), (sizes.chosen, ORANGE, "o", "chosen")):
        at = np.flatnonzero(x == size)
        ax.scatter(x[at], y[at], s=110, facecolor="none", edgecolor=colour, lw=2, marker=marker, zorder=3, label=name)
    ax.set_xscale("log", base=2)
    ax.set_xticks(x, _labels(x, sizes.chosen))
    ax.minorticks_off()
    ax.set_xlabel("latent dimensions")
    ax.set_axisbelow(True)
    ax.grid(alpha=0.3)
    ax.spines[["top", "right"]].set_visible(False)
