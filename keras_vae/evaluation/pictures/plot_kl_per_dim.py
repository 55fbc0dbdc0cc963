"""How many nats each latent dimension carries."""

import numpy as np
from numpy.typing import ArrayLike

from keras_vae.evaluation.latent import active_units, kl_per_dim
from keras_vae.evaluation.pictures.figure import BLUE, GREY, new_figure

_MAX_TICKS = 20


def plot_kl_per_dim(z_mean: ArrayLike, z_log_var: ArrayLike, layer: str | None = None):
    """KL of every latent dimension from the standard normal, largest first; inactive ones in grey.

    Args:
        z_mean: array `(n, latent_dim)`. Of a ladder, the codes of its top layer: the prior of the others is another.
        z_log_var: array, same shape.
        layer: str or None. Of which layer the dimensions are, for the title, such as "the top layer".

    Returns:
        matplotlib Figure.
    """
    kl = kl_per_dim(z_mean, z_log_var)
    active = active_units(z_mean)
    order = np.argsort(-kl)
    of = "" if layer is None else f" of {layer}"
    figure = new_figure(min(max(5.0, 0.18 * len(kl) + 1.5), 12.0), 2.8)
    ax = figure.subplots()
    ax.bar(np.arange(len(kl)), kl[order], color=[BLUE if active[k] else GREY for k in order])
    ax.set(
        title=f"{int(active.sum())} of {len(kl)} latent dimensions{of} active, KL {kl.sum():.2f} nats",
        xlabel="latent dimension, largest KL first",
        ylabel="KL, nats",
    )
    step = -(-len(kl) // _MAX_TICKS)
    ax.set_xticks(np.arange(0, len(kl), step), [str(k) for k in order[::step]], fontsize=7)
    ax.margins(x=0.01)
    ax.set_axisbelow(True)
    ax.grid(axis="y", alpha=0.3)
    return figure
