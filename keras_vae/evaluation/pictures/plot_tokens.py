"""Sequences of tokens: as text where there is a vocabulary, else as strips of colour."""

import textwrap

import numpy as np

from keras_vae.evaluation.pictures.figure import new_figure

_MAX_ROWS, _LINE, _MAX_LINES = 12, 88, 3


def plot_tokens(rows, vocabulary=None, title: str | None = None):
    """Sequences of tokens below one another.

    Args:
        rows: dict of arrays by name, or one array: `(n, n_steps)` whole numbers, or `(n, n_steps, n_tokens)` of which
            the largest counts. Rows of the same number stand together; 12 in all at most.
        vocabulary: sequence of str or None. The token of each number; one of a single character each is written
            without spaces.
        title: str or None.

    Returns:
        matplotlib Figure.

    Raises:
        ValueError: if a number has no token in the vocabulary.
    """
    rows = rows if isinstance(rows, dict) else {"": rows}
    tokens = {name: _numbers(values) for name, values in rows.items()}
    highest = max(int(values.max()) for values in tokens.values())
    if vocabulary is not None and highest >= len(vocabulary):
        raise ValueError(
            f"`vocabulary` must have a token for every number. Received: {len(vocabulary)}, number {highest}"
        )
    n = max(1, min(min(map(len, tokens.values())), _MAX_ROWS // len(tokens)))
    shown = [(name, values[i]) for i in range(n) for name, values in tokens.items()]
    figure = (_strips if vocabulary is None else _text)(shown, len(tokens), vocabulary, highest)
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


def _numbers(values):
    values = np.asarray(values)
    return (values.argmax(axis=-1) if values.ndim == 3 else values).astype(np.int64)


def _text(shown, group, vocabulary, highest):
    del highest
    between = "" if all(len(token) == 1 for token in vocabulary) else " "
    blocks = []
    for name, row in shown:
        lines = textwrap.wrap(between.join(vocabulary[k] for k in row), _LINE) or [""]
        lines = lines if len(lines) <= _MAX_LINES else [*lines[: _MAX_LINES - 1], lines[_MAX_LINES - 1] + " …"]
        blocks.append((name, lines))
    n_lines = sum(len(lines) for _, lines in blocks) + 0.6 * len(blocks) / group
    figure = new_figure(9.0, 0.21 * n_lines + 0.5)
    ax = figure.subplots()
    y = 0.0
    for i, (name, lines) in enumerate(blocks):
        ax.text(0.0, y, name, ha="right", va="top", fontsize=8, color="#777777")
        # A dollar would begin a formula.
        for line in lines:
            ax.text(0.01, y, line.replace("$", r"\$"), ha="left", va="top", fontsize=8, family="monospace")
            y += 1.0
        y += 0.6 if (i + 1) % group == 0 else 0.0
    ax.set(xlim=(-0.02, 1.0), ylim=(n_lines, -0.2))
    ax.set_axis_off()
    return figure


def _strips(shown, group, vocabulary, highest):
    del vocabulary
    figure = new_figure(8.0, 0.3 * len(shown) + 0.9)
    ax = figure.subplots()
    image = ax.imshow(
        np.stack([row for _, row in shown]),
        cmap="turbo",
        vmin=0,
        vmax=max(highest, 1),
        aspect="auto",
        interpolation="nearest",
    )
    ax.set_yticks(range(len(shown)), [name for name, _ in shown], fontsize=8)
    for k in range(group, len(shown), group):
        ax.axhline(k - 0.5, color="white", linewidth=3)
    ax.set_xlabel("place in the sequence")
    figure.colorbar(image, ax=ax, label="token")
    return figure
