"""What all pictures share: an empty figure, colours, the scale of values, names of columns."""

import numpy as np

# Colour-blind safe (Okabe & Ito 2008).
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#E69F00", "#009E73", "#777777"
COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", "#56B4E9", "#D55E00", "#B8A800", "#333333")

# More panels than this are not looked at one by one.
MAX_PANELS = 12


def new_figure(width, height):
    """An empty figure of that size in inches, independent of pyplot's state."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained", dpi=110)


def is_image(event_shape):
    """Whether an event of this shape can be shown as a picture."""
    return len(event_shape) == 3 and event_shape[-1] in (1, 3)


def value_range_of(*arrays):
    """Common (low, high) of arrays, for one scale in all pictures.

    From 0 where nothing is negative; images have (0, 1) or (0, 255) where their values lie in them.
    """
    low, high = min(float(np.min(a)) for a in arrays), max(float(np.max(a)) for a in arrays)
    if low >= 0.0:
        tops = (1.0, 255.0) if is_image(np.shape(arrays[0])[1:]) else ()
        return 0.0, next((top for top in tops if high <= top), high)
    return low, high


def names_of_columns(feature_names, n):
    """Names of `n` columns: those given, or their numbers.

    Raises:
        ValueError: if there are not as many names as columns.
    """
    if feature_names is None:
        return [f"column {k + 1}" for k in range(n)]
    if len(feature_names) != n:
        raise ValueError(f"`feature_names` must be {n} names, one per column. Received: {len(feature_names)} names")
    return [shortened(str(name)) for name in feature_names]


def shortened(name, n=24):
    """A name of at most `n` characters; the ends stay, where long names differ."""
    return name if len(name) <= n else f"{name[: n // 2]}…{name[-(n - n // 2 - 1) :]}"


def panels(n, width=2.3, height=2.1, n_cols=4):
    """A figure with `n` panels in rows of at most `n_cols`, and the panels; room for a title of two lines above."""
    from matplotlib.figure import Figure

    n_cols = min(n, n_cols)
    n_rows = -(-n // n_cols)
    size = (max(n_cols * width + 0.3, 4.6), n_rows * height + 0.6)
    # Places by hand: a layout that looks for them draws every panel several times, for seconds.
    figure = Figure(figsize=size, dpi=110)
    grid = figure.add_gridspec(
        n_rows,
        n_cols,
        left=0.45 / size[0],
        right=1.0 - 0.15 / size[0],
        bottom=0.45 / size[1],
        top=1.0 - 0.95 / size[1],
        wspace=0.28,
        hspace=0.75 / (height - 0.5),
    )
    axes = [figure.add_subplot(grid[k // n_cols, k % n_cols]) for k in range(n)]
    for ax in axes:
        ax.tick_params(labelsize=7)
        ax.locator_params(nbins=5)
        ax.spines[["top", "right"]].set_visible(False)
    return figure, axes
