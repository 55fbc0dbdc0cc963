"""Columns of a table that are no plain numbers, as panels show them: words, yes or no, counts, dates."""

import numpy as np

from keras_vae.evaluation.pictures.figure import BLUE, shortened

COUNT = "count"
PALE = "#bbbbbb"
# More words than this are not read along an axis; the rest stand together.
MAX_WORDS = 8
_REST = "the rest"
_LETTERS = 10
# Days of the years 100 to 9000, which matplotlib can write.
_CALENDAR = (-683_000, 2_567_000)


def columns_shown(columns, n):
    """What `n` columns are shown as: those given, or numbers.

    Raises:
        ValueError: if there are not as many entries as columns.
    """
    if columns is None:
        return [None] * n
    if len(columns) != n:
        raise ValueError(f"`columns` must have {n} entries, one per column. Received: {len(columns)} entries")
    return list(columns)


def is_count(column):
    """Whether a column has whole numbers from 0 on."""
    return isinstance(column, str) and column == COUNT


def has_words(column):
    """Whether the numbers of a column are codes of words."""
    return isinstance(column, tuple)


def is_category(column):
    """Whether they are of more than two words, whose order means nothing; of two the number is a probability."""
    return has_words(column) and len(column) > 2


def codes(values, column):
    """Whole numbers of words; a probability of two words becomes the likelier one. NaN stays."""
    return np.floor(np.clip(values, 0, len(column) - 1) + 0.5)


def share_right(original, reconstruction, column):
    """How often a word is found again.

    Returns:
        (right, commonest): shares of the rows whose original is known; the second is that of the commonest word, which
            who knows nothing of a row would say. NaN if there are no rows.
    """
    known = np.isfinite(original) & np.isfinite(reconstruction)
    if not known.any():
        return np.nan, np.nan
    original, reconstruction = (codes(values[known], column) for values in (original, reconstruction))
    _, n = np.unique(original, return_counts=True)
    return np.mean(original == reconstruction), n.max() / n.sum()


def pooled(column, *parts):
    """Words along an axis, those that the first part holds most often first.

    Args:
        column: tuple of str.
        parts: arrays `(n,)` of codes, NaN for holes.

    Returns:
        (words, places): at most `MAX_WORDS` str, the last of them for all rare ones where there are more; list of int
            arrays, the place of every known value of a part among them.
    """
    parts = [codes(part[np.isfinite(part)], column).astype(np.int64) for part in parts]
    counts = np.array([np.bincount(part, minlength=len(column)) for part in parts])
    order = np.lexsort((*-counts[::-1],))
    order = order[counts[:, order].any(axis=0)]
    words = [shortened(str(column[k]), _LETTERS) for k in order]
    if len(words) > MAX_WORDS:
        words = [*words[: MAX_WORDS - 1], _REST]
    place = np.zeros(len(column), np.int64)
    place[order] = np.minimum(np.arange(len(order)), len(words) - 1)
    return words, [place[part] for part in parts]


def label_words(axis, words):
    """Words at 0, 1, ... of an axis."""
    along = axis.axis_name == "x"
    # Short ones stand side by side.
    turned = along and sum(map(len, words)) > 18
    style = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"} if turned else {}
    axis.set_ticks(range(len(words)), words, fontsize=6.5, **style)


def label_dates(axis):
    """Dates along an axis whose numbers are those of `days`."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=2, maxticks=5)
    axis.set_major_locator(locator)
    axis.set_major_formatter(ConciseDateFormatter(locator))
    axis.get_offset_text().set_fontsize(6.5)


def as_shown(values, column):
    """Numbers of a column on its axis: days from a date become those that matplotlib counts."""
    if not isinstance(column, np.datetime64):
        return values
    from matplotlib.dates import date2num

    return np.clip(values + date2num(column), *_CALENDAR)


def jittered(values, width, seed=0):
    """Values beside each other which would hide each other."""
    return values + np.random.default_rng(seed).uniform(-width, width, len(values))


def confusion(ax, original, reconstruction, column):
    """Original words along, those of the reconstruction upwards; the darker, the more rows of a word."""
    known = np.isfinite(original) & np.isfinite(reconstruction)
    words, places = pooled(column, original[known], reconstruction[known])
    label_words(ax.xaxis, words)
    label_words(ax.yaxis, words)
    n = np.zeros((len(words), len(words)))
    np.add.at(n, (places[1], places[0]), 1)
    shares = n / np.maximum(n.sum(axis=0), 1)
    # Numbers of more cells than these are not readable.
    for i, j in np.argwhere(n > 0) if len(words) <= 5 else ():
        colour = "white" if shares[i, j] > 0.55 else "black"
        ax.text(j, i, f"{shares[i, j]:.0%}", ha="center", va="center", fontsize=6.5, color=colour)
    if words:
        ax.imshow(shares, cmap="Blues", vmin=0, vmax=1, origin="lower", aspect="auto")


def probabilities(ax, original, reconstruction, column):
    """The two words along, the probability of the second upwards."""
    ax.axhline(0.5, color=PALE, linewidth=0.8, zorder=1)
    along = jittered(original, 0.25)
    ax.scatter(along, reconstruction, s=5, alpha=0.35, linewidths=0, color=BLUE, rasterized=True)
    label_words(ax.xaxis, [shortened(str(word), _LETTERS) for word in column])
    ax.set(xlim=(-0.5, 1.5), ylim=(-0.05, 1.05))
    ax.set_yticks([0, 0.5, 1], ["0", f"p({shortened(str(column[1]), 5)})", "1"], fontsize=6.5)


def bars(ax, samples, data, column):
    """Shares of the words of a column among samples, and among data."""
    words, (of_data, of_samples) = pooled(column, data, samples)
    styles = {"facecolor": PALE}, {"facecolor": "none", "edgecolor": BLUE, "zorder": 2}
    for part, style in zip((of_data, of_samples), styles, strict=True):
        if part.size:
            ax.bar(range(len(words)), np.bincount(part, minlength=len(words)) / part.size, width=0.75, **style)
    label_words(ax.xaxis, words)
