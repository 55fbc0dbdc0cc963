"""Picture of what every latent dimension has to do with every factor."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from keras_vae.evaluation.plots import ORANGE, new_figure


def plot_factor_matrix(
    matrix: ArrayLike,
    factor_names: Sequence[str] | None = None,
    label: str = "mutual information, nats",
    title: str | None = None,
):
    """A matrix of factors and latent dimensions, each entry as a shade and a number; the largest of a row is framed.

    Args:
        matrix: array `(n_factors, latent_dim)`, such as the result of `information_histogram`, `information_posterior`,
            `sap_matrix` or `dci_importance`.
        factor_names: sequence of str or None for numbers.
        label: str. What the entries are, with their unit.
        title: str or None.

    Returns:
        matplotlib Figure.

    Raises:
        ValueError: for an array that is no matrix of finite numbers, or a wrong number of names.
    """
    matrix = np.asarray(matrix)
    if matrix.ndim != 2 or not matrix.size or not np.all(np.isfinite(matrix)):
        raise ValueError(
            f"`matrix` must be finite numbers of shape (n_factors, latent_dim). Received: matrix.shape={matrix.shape}"
        )
    n_factors, latent_dim = matrix.shape
    factor_names = [f"factor {k}" for k in range(n_factors)] if factor_names is None else list(factor_names)
    if len(factor_names) != n_factors:
        raise ValueError(f"`factor_names` must hold {n_factors} names. Received: factor_names={factor_names}")
    figure = new_figure(0.55 * latent_dim + 2.4, 0.42 * n_factors + 1.3)
    ax = figure.subplots()
    # Zero is white; a little sampling error below it stays white too.
    top = max(float(matrix.max()), 1e-12)
    image = ax.imshow(matrix, cmap="Blues", vmin=0.0, vmax=top, aspect="auto")
    for k, row in enumerate(matrix):
        _write_row(ax, k, row, top)
    ax.set_xticks(range(latent_dim), [f"z[{j}]" for j in range(latent_dim)], fontsize=8)
    ax.set_yticks(range(n_factors), factor_names, fontsize=9)
    ax.tick_params(length=0)
    if title:
        ax.set_title(title, fontsize=11)
    figure.colorbar(image, ax=ax, label=label)
    return figure


def _write_row(ax, k, row, top):
    """The numbers of one factor, white on dark shades, and a frame around the largest."""
    from matplotlib.patches import Rectangle

    for j, value in enumerate(row):
        colour = "white" if value > 0.6 * top else "black"
        # Adding zero turns -0.00 into 0.00.
        ax.text(j, k, f"{round(float(value), 2) + 0.0:.2f}", ha="center", va="center", fontsize=7, color=colour)
    best = int(row.argmax())
    ax.add_patch(Rectangle((best - 0.5, k - 0.5), 1, 1, fill=False, edgecolor=ORANGE, linewidth=2))
