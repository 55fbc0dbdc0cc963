"""Loss curves of a training."""

import numpy as np

from keras_vae.evaluation.pictures.figure import BLUE, GREY, ORANGE, new_figure

_MANY_EPOCHS = 200
_PANELS = (("loss", "loss"), ("reconstruction_loss", "reconstruction"), ("kl_loss", "KL"))


def plot_history(history, kept_epoch: int | None = None):
    """Loss curves split into their parts: minus ELBO, reconstruction and KL, training and validation.

    The first epochs of a training lie far above the others: where they would flatten the rest, the axis ends below
    them and says so. More than 200 epochs stand on a logarithmic axis.

    Args:
        history: what `fit` gives back, or its dict of lists by name; `epoch` in it, if there, is the horizontal axis,
            and `learning_rate` has a panel. Without it a shorter list is of every second epoch, every third and so on.
        kept_epoch: int or None. The epoch whose weights were kept, marked by a line.

    Returns:
        matplotlib Figure.
    """
    history = getattr(history, "history", history)
    shown = [(key, label) for key, label in _PANELS if key in history]
    shown += [("learning_rate", "learning rate")] if "learning_rate" in history else []
    figure = new_figure(3.6 * len(shown), 3.0)
    axes = figure.subplots(1, len(shown), squeeze=False)[0]
    for ax, (key, label) in zip(axes, shown, strict=True):
        curves = []
        for name, text, colour in ((key, "training", BLUE), (f"val_{key}", "validation", ORANGE)):
            if name in history:
                epochs = epochs_of(history, name)
                values = np.asarray(history[name], dtype=float)
                # Examples held out may have been looked at every few epochs only.
                there = np.isfinite(values)
                few = there.sum() <= 40
                style = {"color": colour, "label": text, "marker": "o" if few else "", "markersize": 2.5}
                ax.plot(epochs[there], values[there], **style)
                curves.append(values)
        ax.set(title=label, xlabel="epoch")
        if key != "learning_rate":
            _end_below_the_first_epochs(ax, curves)
        _epochs_along(ax, len(curves[0]), epochs)
        if kept_epoch is not None:
            ax.axvline(kept_epoch, color=GREY, linestyle="--", linewidth=1.0, label=f"kept, epoch {kept_epoch}")
        ax.grid(alpha=0.3)
    axes[0].set_ylabel("nats per example")
    axes[0].legend(frameon=False)
    return figure


def epochs_of(history, name):
    """The epochs that the values of a history belong to, an int array counted from 1.

    Keras lists the values of a validation that is made every few epochs (`validation_freq`) without its epochs.

    Args:
        history: dict of lists by name.
        name: str. One of them.
    """
    n_values, n_epochs = len(history[name]), max(len(values) for values in history.values() if np.ndim(values) == 1)
    if "epoch" in history and len(history["epoch"]) == n_values:
        return np.asarray(history["epoch"], int)
    every = max(1, n_epochs // max(1, n_values))
    return every * np.arange(1, n_values + 1)


def _end_below_the_first_epochs(ax, curves):
    """End the vertical axis where the last nine tenths of the epochs end, if all of them take three times as much."""
    finite = [curve[np.isfinite(curve)] for curve in curves]
    settled = [curve[max(1, len(curve) // 10) :] for curve in finite]
    if any(part.size < 5 for part in settled):
        return
    low, high = min(part.min() for part in finite), max(part.max() for part in settled)
    if max(part.max() for part in finite) - low > 3.0 * (high - low) > 0.0:
        ax.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))
        ax.annotate("first epochs above", (0.98, 0.98), xycoords="axes fraction", ha="right", va="top", fontsize=7)


def _epochs_along(ax, n, epochs):
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    if n > _MANY_EPOCHS and min(epochs) > 0:
        ax.set_xscale("log")
        ax.xaxis.set_major_formatter(FuncFormatter(lambda epoch, place: f"{epoch:g}"))
    else:
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
