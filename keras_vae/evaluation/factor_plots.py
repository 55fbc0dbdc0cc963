"""Picture of what every latent dimension has to do with every factor."""

import numpy as np

from keras_vae.evaluation.plots import new_figure


def plot_factor_matrix(matrix, factor_names=None, label="mutual information, nats", title=None):
    """A matrix of factors and latent dimensions, each entry as a shade and a number; the largest of a row is framed.

    Args:
        matrix: array `(n_factors, latent_dim)`, such as that of `information_histogram`, `information_posterior`,
            `sap_matrix` or `dci_importance`.
        factor_names: sequence of str or None for numbers.
        label: str. What the entries are, with their unit.
        title: str or None.

    Returns:
        matplotlib Figure.

    Raises:
        ValueError: for an array that is no matrix of finite numbers, or a wrong number of names.
    """
    from matplotlib.patches import Rectangle

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
    for k in range(n_factors):
        for j in range(latent_dim):
            colour = "white" if matrix[k, j] > 0.6 * top else "black"
            # Adding zero turns -0.00 into 0.00.
            text = f"{round(float(matrix[k, j]), 2) + 0.0:.2f}"
            ax.text(j, k, text, ha="center", va="center", fontsize=7, color=colour)
        best = int(matrix[k].argmax())
        ax.add_patch(Rectangle((best - 0.5, k - 0.5), 1, 1, fill=False, edgecolor="#E69F00", linewidth=2))
    ax.set_xticks(range(latent_dim), [f"z[{j}]" for j in range(latent_dim)], fontsize=8)
    ax.set_yticks(range(n_factors), factor_names, fontsize=9)
    ax.tick_params(length=0)
    if title:
        ax.set_title(title, fontsize=11)
    figure.colorbar(image, ax=ax, label=label)
    return figure
