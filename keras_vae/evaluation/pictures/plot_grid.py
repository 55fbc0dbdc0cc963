"""Examples in rows: images as tiles of one large image, vectors and sequences as small curves."""

import math
from collections.abc import Sequence

import numpy as np

from keras_vae.evaluation.pictures.figure import BLUE, COLOURS, is_image, new_figure, value_range_of

# Curves of an example that are told apart by colour.
N_CURVES = 8


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
        examples: array `(n, *event_shape)`, or a list of examples; images may then differ in size.
        n_cols: int >= 1.
        title: str or None.
        value_range: pair of floats or None. Values shown as black and white; None takes it from the examples.
        row_labels: list of str or None. One label per row.
        figure: matplotlib figure or subfigure to draw into, or None for a new one.

    Returns:
        matplotlib Figure with one axes.
    """
    examples = [np.asarray(example) for example in examples]
    n_rows = math.ceil(len(examples) / n_cols)
    images = is_image(examples[0].shape)
    if figure is None:
        cell = _size_of_cell(examples, images)
        width = n_cols * cell[0] + 0.09 * max(map(len, row_labels or [""])) + 0.3
        figure = new_figure(max(width, 2.4), n_rows * cell[1] + (0.5 if title else 0.2))
    ax = figure.subplots()
    value_range = value_range or value_range_of(*(example[None] for example in examples))
    heights = (_tiles if images else _curves)(ax, examples, n_rows, n_cols, value_range)
    ax.set_xticks([])
    ax.set_yticks(heights if row_labels else [], row_labels or [], fontsize=9)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


def tiled(examples, n_cols, value_range, line=0.8):
    """Images side by side as one, with hairlines between them.

    Args:
        examples: list of arrays `(height, width, 1 or 3)`; smaller ones are enlarged by a whole factor.
        n_cols: int >= 1.
        value_range: pair of floats, shown as black and white.
        line: float in [0, 1]. Grey value of the hairlines and of empty places.

    Returns:
        Array, shape `(rows * (height + 1) + 1, n_cols * (width + 1) + 1, 3)`, values in [0, 1].
    """
    low, high = value_range
    height, width = (max(example.shape[axis] for example in examples) for axis in (0, 1))
    n_rows = math.ceil(len(examples) / n_cols)
    whole = np.full((n_rows * (height + 1) + 1, n_cols * (width + 1) + 1, 3), line)
    for i, example in enumerate(examples):
        factor = max(1, min(height // example.shape[0], width // example.shape[1]))
        example = np.clip((example - low) / max(high - low, 1e-12), 0.0, 1.0)
        example = example.repeat(factor, axis=0).repeat(factor, axis=1)
        top = i // n_cols * (height + 1) + 1 + (height - example.shape[0]) // 2
        left = i % n_cols * (width + 1) + 1 + (width - example.shape[1]) // 2
        whole[top : top + example.shape[0], left : left + example.shape[1]] = example
    return whole


def _size_of_cell(examples, images):
    """Width and height of an example in inches."""
    if not images:
        return 1.5, 0.9
    height, width = (max(example.shape[axis] for example in examples) for axis in (0, 1))
    longer = max(height, width)
    # Photographs of many pixels are not worth looking at as stamps.
    side = 0.75 if longer <= 32 else 1.1
    return max(side * width / longer, 0.2), max(side * height / longer, 0.2)


def _tiles(ax, examples, n_rows, n_cols, value_range):
    whole = tiled(examples, n_cols, value_range)
    # Drawn at more than its own size each pixel is a square; at less, an average.
    ax.imshow(whole, vmin=0.0, vmax=1.0, interpolation="auto")
    height = (len(whole) - 1) / n_rows
    return [(row + 0.5) * height for row in range(n_rows)]


def _curves(ax, examples, n_rows, n_cols, value_range):
    """All curves as a few collections of lines: an axes for each would take a second for twenty."""
    from matplotlib.collections import LineCollection

    low, high = value_range
    scale = max(high - low, 1e-12)
    n_curves = min(N_CURVES, examples[0].reshape(len(examples[0]), -1).shape[1])
    lines, frames = [[] for _ in range(n_curves)], []
    for i, example in enumerate(examples):
        values = np.clip((example.reshape(len(example), -1) - low) / scale, 0.0, 1.0)
        left, bottom = i % n_cols, n_rows - 1 - i // n_cols
        along = left + 0.04 + 0.92 * (np.arange(len(values)) + 0.5) / len(values)
        for k in range(n_curves):
            lines[k].append(np.column_stack([along, bottom + 0.08 + 0.84 * values[:, k]]))
        x, y = left + np.array([0.02, 0.98]), bottom + np.array([0.04, 0.96])
        frames.append(np.column_stack([x[[0, 1, 1, 0, 0]], y[[0, 0, 1, 1, 0]]]))
    ax.add_collection(LineCollection(frames, colors="#cccccc", linewidths=0.5))
    for k, curve in enumerate(lines):
        # With few values each is marked: a curve between five columns means nothing.
        ax.add_collection(LineCollection(curve, colors=COLOURS[k], linewidths=0.9))
        if len(examples[0]) <= 20:
            ax.plot(*np.concatenate(curve).T, ".", color=BLUE if n_curves == 1 else COLOURS[k], markersize=3)
    ax.set(xlim=(0, n_cols), ylim=(0, n_rows))
    return [n_rows - row - 0.5 for row in range(n_rows)]
