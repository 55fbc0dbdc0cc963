"""Pictures of a model, each a matplotlib Figure: loss curves, reconstructions, samples, latent map, traversals."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from keras_vae.evaluation.latent import active_units, kl_per_dim

# Colour-blind safe (Okabe & Ito 2008).
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#E69F00", "#009E73", "#777777"


def new_figure(width, height):
    """An empty figure of that size in inches, independent of pyplot's state."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained", dpi=110)


def is_image(event_shape):
    """Whether an event of this shape can be shown as a picture."""
    return len(event_shape) == 3 and event_shape[-1] in (1, 3)


def show(axes, example, value_range):
    """Draw one example into axes: a picture for images, a line per feature for sequences, bars for vectors."""
    axes.set_xticks([])
    axes.set_yticks([])
    low, high = value_range
    if is_image(example.shape):
        picture = np.clip((example - low) / max(high - low, 1e-12), 0.0, 1.0)
        picture = picture[..., 0] if picture.shape[-1] == 1 else picture
        # A hair of a frame: without it dark pictures melt into one another.
        for spine in axes.spines.values():
            spine.set(color="#bbbbbb", linewidth=0.5)
        axes.imshow(picture, cmap="gray", vmin=0.0, vmax=1.0, interpolation="nearest")
        return
    if example.ndim == 1:
        axes.bar(np.arange(example.size), example, width=0.9, color=BLUE)
    else:
        axes.plot(example.reshape(example.shape[0], -1)[:, :8], linewidth=0.9)
    margin = 0.05 * max(high - low, 1e-12)
    axes.set_ylim(low - margin, high + margin)


def value_range_of(*arrays):
    """Common (low, high) of arrays, for one scale in all pictures.

    From 0 where nothing is negative; images have (0, 1) or (0, 255) where their values lie in them.
    """
    low, high = min(float(np.min(a)) for a in arrays), max(float(np.max(a)) for a in arrays)
    if low >= 0.0:
        tops = (1.0, 255.0) if is_image(np.shape(arrays[0])[1:]) else ()
        return 0.0, next((top for top in tops if high <= top), high)
    return low, high


def plot_grid(
    examples,
    n_cols: int = 10,
    title: str | None = None,
    value_range: tuple[float, float] | None = None,
    row_labels: Sequence[str] | None = None,
    figure=None,
):
    """Examples in rows of `n_cols`.

    Args:
        examples: array `(n, *event_shape)`, or a list of examples, which may then differ in shape.
        n_cols: int >= 1.
        title: str or None.
        value_range: pair of floats or None. Values shown as black and white; None takes it from the examples.
        row_labels: list of str or None. One label per row.
        figure: matplotlib figure or subfigure to draw into, or None for a new one.

    Returns:
        matplotlib Figure.
    """
    examples = [np.asarray(example) for example in examples]
    n_rows = math.ceil(len(examples) / n_cols)
    wide = not is_image(examples[0].shape)
    if figure is None:
        label_width = 0.9 if row_labels else 0.0
        cell = (1.5, 0.9) if wide else (0.75, 0.75)
        figure = new_figure(n_cols * cell[0] + label_width + 0.2, n_rows * cell[1] + (0.5 if title else 0.2))
    axes = figure.subplots(n_rows, n_cols, squeeze=False)
    value_range = value_range or value_range_of(*(example[None] for example in examples))
    for i, ax in enumerate(axes.flat):
        if i < len(examples):
            show(ax, examples[i], value_range)
        else:
            ax.set_axis_off()
    for label, ax in zip(row_labels or [], axes[:, 0], strict=False):
        ax.set_ylabel(label, rotation=0, ha="right", va="center", fontsize=9)
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


def plot_reconstructions(
    originals: ArrayLike, reconstructions: ArrayLike, n: int = 10, inputs: ArrayLike | None = None
):
    """Originals above their reconstructions, and above both the inputs where these differ (noisy or smaller images).

    Args:
        originals: array `(m, *event_shape)`.
        reconstructions: array, same shape.
        n: int. How many columns at most.
        inputs: array `(m, ...)` or None.

    Returns:
        matplotlib Figure.
    """
    rows = {} if inputs is None else {"input": inputs}
    rows |= {"original" if inputs is None else "target": originals, "reconstruction": reconstructions}
    n = min(n, len(originals))
    examples = [example for row in rows.values() for example in np.asarray(row)[:n]]
    return plot_grid(examples, n, row_labels=list(rows), value_range=value_range_of(np.asarray(originals)[:n]))


def plot_history(history):
    """Loss curves split into their parts: minus ELBO, reconstruction and KL, training and validation.

    Args:
        history: what `fit` gives back, or its dict of lists by name; `epoch` in it, if there, is the horizontal axis.

    Returns:
        matplotlib Figure.
    """
    history = getattr(history, "history", history)
    panels = [("loss", "loss"), ("reconstruction_loss", "reconstruction"), ("kl_loss", "KL")]
    panels = [(key, label) for key, label in panels if key in history]
    figure = new_figure(3.6 * len(panels), 3.0)
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for ax, (key, label) in zip(axes, panels, strict=True):
        for name, text, colour in ((key, "training", BLUE), (f"val_{key}", "validation", ORANGE)):
            if name in history:
                epochs = history.get("epoch", range(1, len(history[name]) + 1))
                ax.plot(epochs, history[name], color=colour, label=text, marker="o", markersize=2.5, linewidth=1.4)
        ax.set(title=label, xlabel="epoch")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.grid(alpha=0.3)
    axes[0].set_ylabel("nats per example")
    axes[0].legend(frameon=False)
    return figure


def plot_latent_map(z_mean: ArrayLike, labels: ArrayLike | None = None, z_log_var: ArrayLike | None = None):
    """Posterior means over the two latent dimensions of largest KL, coloured by label.

    Args:
        z_mean: array `(n, latent_dim)`.
        labels: int array `(n,)` or None.
        z_log_var: array like `z_mean` or None. Without it dimensions are ranked by the variance of their mean.

    Returns:
        matplotlib Figure.
    """
    from matplotlib import colormaps

    z_mean = np.asarray(z_mean)
    strength = z_mean.var(axis=0) if z_log_var is None else kl_per_dim(z_mean, z_log_var)
    order = np.argsort(-strength)
    i, j = order[0], order[min(1, len(order) - 1)]
    figure = new_figure(5.4, 4.6)
    ax = figure.subplots()
    style = {"s": 7, "alpha": 0.75, "linewidths": 0}
    if labels is None:
        ax.scatter(z_mean[:, i], z_mean[:, j], color=BLUE, **style)
    else:
        classes = np.unique(labels)
        palette = colormaps["tab10"] if len(classes) <= 10 else colormaps["turbo"].resampled(len(classes))
        for k, label in enumerate(classes):
            rows = labels == label
            ax.scatter(z_mean[rows, i], z_mean[rows, j], color=palette(k), label=str(label), **style)
        if len(classes) <= 20:
            ax.legend(title="label", markerscale=2.5, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    ax.set(xlabel=f"z[{i}]", ylabel=f"z[{j}]", title="posterior means")
    ax.grid(alpha=0.3)
    return figure


def plot_kl_per_dim(z_mean: ArrayLike, z_log_var: ArrayLike):
    """KL of every latent dimension, largest first; inactive ones in grey.

    Args:
        z_mean: array `(n, latent_dim)`.
        z_log_var: array, same shape.

    Returns:
        matplotlib Figure.
    """
    kl = kl_per_dim(z_mean, z_log_var)
    active = active_units(z_mean)
    order = np.argsort(-kl)
    figure = new_figure(max(5.0, 0.18 * len(kl) + 1.5), 2.8)
    ax = figure.subplots()
    ax.bar(np.arange(len(kl)), kl[order], color=[BLUE if active[k] else GREY for k in order])
    ax.set(
        title=f"{int(active.sum())} of {len(kl)} latent dimensions active, KL {kl.sum():.2f} nats",
        xlabel="latent dimension, largest KL first",
        ylabel="KL, nats",
    )
    step = max(1, len(kl) // 20)
    ax.set_xticks(np.arange(0, len(kl), step), [str(k) for k in order[::step]], fontsize=7)
    ax.set_axisbelow(True)
    ax.grid(axis="y", alpha=0.3)
    return figure


def plot_traversals(
    decode: Callable, z_mean: ArrayLike, z_log_var: ArrayLike, steps: int = 9, limit: float = 2.5, max_dims: int = 12
):
    """What each active latent dimension does: it runs from -limit to +limit while the others stay at a typical code.

    Args:
        decode: Callable. `(n, latent_dim)` codes to `(n, *event_shape)`, such as `vae.decode`.
        z_mean: array `(n, latent_dim)`.
        z_log_var: array, same shape.
        steps: int. Pictures per dimension.
        limit: float. End of the run, in standard deviations of the prior.
        max_dims: int. Largest number of dimensions shown; the ones with the largest KL are.

    Returns:
        matplotlib Figure.
    """
    z_mean = np.asarray(z_mean, np.float32)
    kl = kl_per_dim(z_mean, z_log_var)
    active = [int(k) for k in np.argsort(-kl) if active_units(z_mean)[k]]
    chosen = active[:max_dims] or [int(np.argmax(kl))]
    # The code nearest to the mean of all codes: a real example, which the mean itself need not be.
    base = z_mean[np.argmin(np.square(z_mean - z_mean.mean(axis=0)).sum(axis=1))]
    codes = np.repeat(base[None], len(chosen) * steps, axis=0)
    values = np.linspace(-limit, limit, steps, dtype=np.float32)
    for row, k in enumerate(chosen):
        codes[row * steps : (row + 1) * steps, k] = values
    labels = [f"z[{k}], {kl[k]:.2g} nats" for k in chosen]
    which = "each active dimension" if active else f"no dimension is active; z[{chosen[0]}]"
    if len(active) > len(chosen):
        which = f"the {len(chosen)} of {len(active)} active dimensions of largest KL"
    title = f"{which} from -{limit:g} to +{limit:g}"
    return plot_grid(decode(codes), steps, title=title, row_labels=labels)
