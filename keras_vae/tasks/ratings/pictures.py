"""The pictures of a training: how the ranking rose, and how far it is above simple methods, for whom."""

import numpy as np

from keras_vae.evaluation.pictures.figure import BLUE, GREY, ORANGE, new_figure
from keras_vae.evaluation.pictures.plot_history import epochs_of, plot_history
from keras_vae.tasks.ratings.ranking_monitor import MONITORED

SHOWN = ("recall_at_20", "ndcg_at_20", "ndcg_at_100")
BARS = (
    ("", "this recommender", BLUE),
    ("neighbours_", "nearest neighbours", ORANGE),
    ("popularity_", "popularity", GREY),
)


def pictures(figures, history):
    """Iterator over pairs of a name and a matplotlib figure.

    Args:
        figures: dict, as `ranking_report` gives it, or an empty one.
        history: dict of lists by name.
    """
    yield "loss_curves", plot_history(history, history.get("kept_epoch"))
    if MONITORED in history:
        yield "ranking_by_epoch", plot_ranking_history(history)
    if figures:
        yield "ranking", plot_ranking(figures)


def plot_ranking_history(history):
    """NDCG@100 and recall@20 of held-out items by epoch."""
    figure = new_figure(5.0, 3.2)
    ax = figure.subplots()
    epochs = epochs_of(history, MONITORED)
    for name, label, colour in ((MONITORED, "NDCG@100", BLUE), ("val_recall_at_20", "recall@20", ORANGE)):
        values = np.array(history[name], float)
        there = np.isfinite(values)
        ax.plot(epochs[there], values[there], color=colour, label=label, marker="o", markersize=2.5)
    if history.get("kept_epoch"):
        ax.axvline(
            history["kept_epoch"],
            color=GREY,
            linestyle="--",
            linewidth=1.0,
            label=f"kept, epoch {history['kept_epoch']}",
        )
    ax.set(title="ranking of held-out items", xlabel="epoch")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.grid(alpha=0.3)
    ax.legend(frameon=False)
    return figure


def plot_ranking(figures):
    """Bars of the measures beside those of simple methods, and NDCG@100 by how many items are known of a user."""
    figure = new_figure(9.0, 3.4)
    left, right = figure.subplots(1, 2)
    shown = [name for name in SHOWN if name in figures] or [
        name for name in figures if name.startswith(("recall_at", "ndcg_at")) and not name.endswith("interval")
    ]
    methods = [bar for bar in BARS if f"{bar[0]}{shown[0]}" in figures]
    width = 0.8 / len(methods)
    for i, (prefix, label, colour) in enumerate(methods):
        places = np.arange(len(shown)) + (i - 0.5 * (len(methods) - 1)) * width
        values = [figures[f"{prefix}{name}"] for name in shown]
        left.bar(places, values, width, color=colour, label=label)
        intervals = [figures.get(f"{prefix}{name}_interval") for name in shown]
        for place, value, interval in zip(places, values, intervals, strict=True):
            if interval is not None:
                error = [[value - interval[0]], [interval[1] - value]]
                left.errorbar(place, value, yerr=error, color="black", linewidth=1.0, capsize=2.0)
    left.set_xticks(np.arange(len(shown)), [name.replace("_at_", "@").replace("ndcg", "NDCG") for name in shown])
    left.set(title=f"{figures['n_users']} users")
    left.legend(frameon=False, fontsize=8)
    groups = figures["by_activity"]
    labels = [str(g["from"]) if g["from"] == g["to"] else f"{g['from']} to {g['to']}" for g in groups]
    right.bar(labels, [g["mean"] for g in groups], 0.6, color=BLUE)
    right.set(title="NDCG by what is known of a user", xlabel="items known")
    for ax in (left, right):
        ax.grid(alpha=0.3, axis="y")
        ax.set_axisbelow(True)
    return figure
