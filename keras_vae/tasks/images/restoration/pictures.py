"""The pictures of a restorer: before and after beside the clean images, at a size where one sees the difference."""

import numpy as np

from keras_vae.evaluation.pictures.figure import BLUE, GREY, new_figure
from keras_vae.evaluation.pictures.plot_history import plot_history

# Images in the picture of small ones; of large ones fewer.
N_SHOWN, N_LARGE = 8, 3
_LARGE = 48
# What a method is called in a picture.
_OWN = "this restorer"


def pictures(restorer, model, clean, told, restored, figures, history):
    """Iterator over pairs of a name and a matplotlib figure.

    Args:
        restorer: `Restorer`.
        model: trained.
        clean, told, restored: arrays, or lists of arrays, of the same images.
        figures: dict, as `Restorer.figures` gives it.
        history: dict of lists by name.
    """
    yield "loss_curves", plot_history(history, history.get("kept_epoch"))
    yield "before_and_after", plot_restored(restorer, model, clean, told, restored)
    yield "beside_others", plot_methods(figures)


def plot_restored(restorer, model, clean, told, restored, n=None):
    """Degraded, restored, one draw, its spread and clean images, one row each.

    Args:
        restorer, model, clean, told, restored: as in `pictures`.
        n: int or None. Images; None for as many as one can see.
    """
    n = min(len(clean), n or (N_SHOWN if max(clean[0].shape[:2]) < _LARGE else N_LARGE))
    drawn = restorer.draws_of(told[:n], 32, 0, model)
    draws = [_with_what_was_seen(*one) for one in zip(drawn, told[:n], clean[:n], strict=True)]
    degraded = [_seen(y, x) for y, x in zip(told[:n], clean[:n], strict=True)]
    rows = [
        ("degraded", degraded),
        ("restored", restored[:n]),
        ("a draw", [one[0] for one in draws]),
        ("uncertainty", [one.std(axis=0).mean(-1, keepdims=True) for one in draws]),
        ("clean", clean[:n]),
    ]
    size = min(2.2, 14.0 / n)
    figure = new_figure(n * size + 0.5, len(rows) * size + 0.2)
    axes = figure.subplots(len(rows), n, squeeze=False)
    widest = max(1e-3, max(float(one.max()) for one in rows[3][1]))
    for row, (name, images) in zip(axes, rows, strict=True):
        for ax, image in zip(row, images, strict=True):
            is_grey = image.shape[-1] == 1
            scale = {"cmap": "magma", "vmin": 0.0, "vmax": widest} if name == "uncertainty" else {}
            scale = scale or ({"cmap": "gray", "vmin": 0.0, "vmax": 1.0} if is_grey else {})
            ax.imshow(image[..., 0] if is_grey else np.clip(image, 0.0, 1.0), interpolation="nearest", **scale)
            ax.set(xticks=[], yticks=[])
        row[0].set_ylabel(name)
    return figure


def _seen(y, x):
    """A degraded image as one sees it: missing pixels are grey."""
    return _with_what_was_seen(0.5, y, x) if y.shape[-1] > x.shape[-1] else y


def _with_what_was_seen(drawn, y, x):
    """Draws of an image x; where y says which pixels are missing, the others are as they were seen."""
    return np.where(y[..., -1:] > 0, y[..., :-1], drawn) if y.shape[-1] > x.shape[-1] else drawn


def plot_methods(figures):
    """Bars of the PSNR and SSIM of the restorer and of other methods."""
    names = [name.removesuffix("_psnr") for name in figures if name.endswith("_psnr")]
    figure = new_figure(9.0, 0.4 * len(names) + 1.6)
    for ax, measure, unit in zip(figure.subplots(1, 2, sharey=True), ("psnr", "ssim"), (" (dB)", ""), strict=True):
        values = [figures[measure], *(figures[f"{name}_{measure}"] for name in names)]
        labels = [_OWN, *(name.replace("_", " ") for name in names)]
        bars = ax.barh(labels[::-1], values[::-1], color=[*[GREY] * len(names), BLUE])
        ax.bar_label(bars, fmt="%.2f" if measure == "psnr" else "%.3f", padding=2)
        ax.set(title=f"{measure.upper()}{unit}, mean of {figures['n_images']} images")
        ax.margins(x=0.15)
        ax.spines[["top", "right"]].set_visible(False)
    return figure
